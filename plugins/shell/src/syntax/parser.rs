//! Commands, and what joins them.

use super::{Command, Join, Kind, List, Mistake, Pipeline, Redirect, Step, Stream, Target, Word, words};

/// Deeper than that, nobody reads a script, and the stack has an end.
const DEPTH_MAX: usize = 40;
const RESERVED: [&str; 13] =
    ["then", "elif", "else", "fi", "do", "done", "}", "if", "while", "until", "for", "{", "!"];
const NOT_HERE: [&str; 4] = ["case", "function", "select", "[["];

/// Reads a whole script.
pub fn parse(script: &str) -> Result<List, Mistake> {
    let mut parser = Parser::new(script);
    let list = parser.list(&[])?;
    match parser.peek() {
        None => Ok(list),
        Some(found) => Err(parser.mistake(format!("`{found}` has no beginning"))),
    }
}

pub(super) struct Parser {
    pub(super) letters: Vec<char>,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// By here-documents.
    lines_taken: usize,
}

impl Parser {
    pub(super) fn new(script: &str) -> Self {
        Self { letters: script.chars().collect(), at: 0, depth: 0, lines_taken: 0 }
    }

    pub(super) fn mistake(&self, problem: impl Into<String>) -> Mistake {
        let before = self.letters.iter().take(self.at).filter(|letter| **letter == '\n').count();
        Mistake { line: before + self.lines_taken + 1, problem: problem.into() }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    pub(super) fn takes(&mut self, text: &str) -> bool {
        let found =
            text.chars().enumerate().all(|(n, letter)| self.letters.get(self.at + n) == Some(&letter));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    pub(super) fn deeper(&mut self) -> Result<(), Mistake> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.mistake(format!("commands nest deeper than {DEPTH_MAX} levels")));
        }
        Ok(())
    }

    /// Blanks, comments and continued lines.
    fn skip_blanks(&mut self) {
        while let Some(letter) = self.peek() {
            match letter {
                ' ' | '\t' | '\r' => self.at += 1,
                '\\' if self.letters.get(self.at + 1) == Some(&'\n') => self.at += 2,
                '#' => {
                    while self.peek().is_some_and(|letter| letter != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn skip_lines(&mut self) {
        self.skip_blanks();
        while self.takes("\n") {
            self.skip_blanks();
        }
    }

    /// The unquoted letters ahead, up to a blank or an operator.
    fn ahead(&self) -> String {
        let rest = self.letters.iter().skip(self.at);
        rest.take_while(|letter| !letter.is_whitespace() && !";&|()<>".contains(**letter)).collect()
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = self.ahead() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Mistake> {
        self.skip_lines();
        if self.keyword(word) { Ok(()) } else { Err(self.mistake(format!("`{word}` expected"))) }
    }

    /// Steps until one of these words, `)`, or the end.
    pub(super) fn list(&mut self, ends: &[&str]) -> Result<List, Mistake> {
        self.deeper()?;
        let mut list = List::new();
        loop {
            self.skip_lines();
            if self.peek().is_none_or(|next| next == ')') || ends.contains(&self.ahead().as_str()) {
                break;
            }
            list.push(self.step()?);
            self.skip_blanks();
            if self.takes("&") {
                return Err(self.mistake("`&`: there is nothing to run in the background"));
            }
            if self.takes(";;") {
                return Err(self.mistake("`;;` is not understood here"));
            }
            if !self.takes(";") && self.peek().is_some_and(|next| next != '\n' && next != ')') {
                let found = self.ahead();
                return Err(self.mistake(format!("`{found}` can't stand after a command")));
            }
        }
        self.depth -= 1;
        Ok(list)
    }

    /// A list that may not be empty.
    fn body(&mut self, what: &str, ends: &[&str]) -> Result<List, Mistake> {
        let list = self.list(ends)?;
        if list.is_empty() {
            return Err(self.mistake(format!("there is nothing in {what}")));
        }
        Ok(list)
    }

    fn step(&mut self) -> Result<Step, Mistake> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let join = if self.takes("&&") {
                Join::And
            } else if self.takes("||") {
                Join::Or
            } else {
                return Ok(Step { first, rest });
            };
            self.skip_lines();
            rest.push((join, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, Mistake> {
        let negated = self.keyword("!");
        let mut commands = Vec::new();
        loop {
            self.skip_blanks();
            commands.push(self.command()?);
            self.skip_blanks();
            let piped = !self.letters[self.at..].starts_with(&['|', '|']) && self.takes("|");
            if !piped {
                return Ok(Pipeline { negated, commands });
            }
            if self.takes("&") {
                return Err(self.mistake("`|&`: write `2>&1 |`"));
            }
            self.skip_lines();
        }
    }

    fn command(&mut self) -> Result<Command, Mistake> {
        let word = self.ahead();
        if NOT_HERE.contains(&word.as_str()) || self.defines_function() {
            let word = if NOT_HERE.contains(&word.as_str()) { word } else { format!("{word}()") };
            return Err(self.mistake(format!("`{word}` is not understood here")));
        }
        let kind = match word.as_str() {
            "if" => self.conditional()?,
            "while" | "until" => self.repetition()?,
            "for" => self.iteration()?,
            "{" => {
                self.at += 1;
                let list = self.body("`{ }`", &["}"])?;
                self.expect("}")?;
                Kind::Group(list)
            }
            "" if self.takes("(") => {
                let list = self.body("`( )`", &[])?;
                if !self.takes(")") {
                    return Err(self.mistake("`)` expected"));
                }
                Kind::Subshell(list)
            }
            word if RESERVED.contains(&word) => {
                return Err(self.mistake(format!("`{word}` has no beginning")));
            }
            _ => return self.simple(),
        };
        let mut redirects = Vec::new();
        self.skip_blanks();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
            self.skip_blanks();
        }
        Ok(Command { kind, redirects })
    }

    fn defines_function(&self) -> bool {
        let after = self.at + self.ahead().chars().count();
        after > self.at && self.letters[after..].starts_with(&['(', ')'])
    }

    fn conditional(&mut self) -> Result<Kind, Mistake> {
        let mut branches = Vec::new();
        self.at += "if".len();
        loop {
            let condition = self.body("the condition", &["then"])?;
            self.expect("then")?;
            branches.push((condition, self.body("`then`", &["elif", "else", "fi"])?));
            if !self.keyword("elif") {
                break;
            }
        }
        let otherwise = if self.keyword("else") { self.body("`else`", &["fi"])? } else { List::new() };
        self.expect("fi")?;
        Ok(Kind::If { branches, otherwise })
    }

    fn repetition(&mut self) -> Result<Kind, Mistake> {
        let ends_on = self.ahead() == "until";
        self.at += "while".len();
        let condition = self.body("the condition", &["do"])?;
        let body = self.loop_body()?;
        Ok(Kind::While { condition, ends_on, body })
    }

    fn iteration(&mut self) -> Result<Kind, Mistake> {
        self.at += "for".len();
        self.skip_blanks();
        let name = self.ahead();
        if !is_name(&name) {
            return Err(self.mistake(format!("`for {name}`: that can't be the name of a variable")));
        }
        self.at += name.len();
        self.expect("in")?;
        let mut words = Vec::new();
        self.skip_blanks();
        while let Some(word) = self.word()? {
            words.push(word);
            self.skip_blanks();
        }
        self.takes(";");
        let body = self.loop_body()?;
        Ok(Kind::For { name, words, body })
    }

    fn loop_body(&mut self) -> Result<List, Mistake> {
        self.expect("do")?;
        let body = self.body("the loop", &["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn simple(&mut self) -> Result<Command, Mistake> {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let ahead = self.ahead();
            let name = ahead.split_once('=').map(|(name, _)| name).filter(|name| is_name(name));
            if let Some(name) = name.filter(|_| words.is_empty()) {
                self.at += name.len() + 1;
                assignments.push((name.to_owned(), self.word()?.unwrap_or_default()));
                continue;
            }
            match self.word()? {
                Some(word) => words.push(word),
                None => break,
            }
        }
        if assignments.is_empty() && words.is_empty() && redirects.is_empty() {
            let found = self.peek().map_or("the end".to_owned(), |letter| format!("`{letter}`"));
            return Err(self.mistake(format!("a command expected, not {found}")));
        }
        Ok(Command { kind: Kind::Simple { assignments, words }, redirects })
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, Mistake> {
        let stream = match self.letters[self.at..] {
            ['&', '>', ..] => Stream::Both,
            ['2', '>', ..] => Stream::Err,
            ['1', '>', ..] | ['>', ..] => Stream::Out,
            ['0', '<', ..] | ['<', ..] => Stream::In,
            _ => return Ok(None),
        };
        if !matches!(self.peek(), Some('<' | '>')) {
            self.at += 1;
        }
        let to = if self.takes("<<<") {
            let mut text = self.target("<<<")?;
            text.extend(words::literal("\n".to_owned()));
            Target::Text(text)
        } else if self.takes("<<") {
            Target::Text(self.document()?)
        } else if self.takes("<") {
            Target::File(self.target("<")?)
        } else if self.takes(">>") {
            Target::Append(self.target(">>")?)
        } else if self.takes(">&1") {
            Target::Same(Stream::Out)
        } else if self.takes(">&2") {
            Target::Same(Stream::Err)
        } else {
            self.at += 1;
            self.takes("|");
            Target::File(self.target(">")?)
        };
        Ok(Some(Redirect { stream, to }))
    }

    fn target(&mut self, operator: &str) -> Result<Word, Mistake> {
        self.skip_blanks();
        let word = self.word()?;
        word.ok_or_else(|| self.mistake(format!("`{operator}`: what follows must be a file or a text")))
    }
}

/// Here-documents.
impl Parser {
    /// Takes the text, which begins in the next line, out of the script.
    fn document(&mut self) -> Result<Word, Mistake> {
        if self.takes("-") {
            return Err(self.mistake("`<<-` is not understood here: write `<<`"));
        }
        self.skip_blanks();
        let mark = self.ahead();
        self.at += mark.chars().count();
        let bare = mark.replace(['\'', '"'], "");
        if bare.is_empty() {
            return Err(self.mistake("`<<`: the word that ends the text is missing"));
        }
        let line_end = |from: usize, letters: &[char]| {
            letters.iter().skip(from).position(|letter| *letter == '\n').map(|at| from + at)
        };
        let start = line_end(self.at, &self.letters).map_or(self.letters.len(), |at| at + 1);
        let mut at = start;
        while at < self.letters.len() {
            let end = line_end(at, &self.letters).unwrap_or(self.letters.len());
            if self.letters[at..end].iter().copied().eq(bare.chars()) {
                let text: String = self.letters[start..at].iter().collect();
                let removed = self.letters.drain(start..(end + 1).min(self.letters.len()));
                self.lines_taken += removed.filter(|letter| *letter == '\n').count();
                return if mark == bare { self.expandable(&text) } else { Ok(words::literal(text)) };
            }
            at = end + 1;
        }
        Err(self.mistake(format!("`<<`: there is no line `{bare}` to end the text")))
    }
}

pub(super) fn is_name(word: &str) -> bool {
    let is_word = word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_word && word.starts_with(|first: char| !first.is_ascii_digit())
}
