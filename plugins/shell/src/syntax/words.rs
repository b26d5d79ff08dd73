//! Words: quotes, variables, and the output of commands.

use super::{
    Instead, Mistake, Piece, Word,
    parser::{Parser, is_name},
};

/// What ends a word that isn't quoted.
const ENDS: &str = " \t\r\n;&|()<>";

/// A word that means just its letters.
pub fn literal(text: String) -> Word {
    vec![Piece::Text { text, quoted: true }]
}

impl Parser {
    /// The word that begins here, if one does.
    pub fn word(&mut self) -> Result<Option<Word>, Mistake> {
        let start = self.at;
        let word = self.pieces(ENDS)?;
        Ok((self.at > start).then_some(word))
    }

    /// A text in which variables and commands count, but no quotes.
    pub fn expandable(&mut self, text: &str) -> Result<Word, Mistake> {
        let mut inner = Parser::new(text);
        inner.depth = self.depth;
        let mut word = Word::new();
        while let Some(letter) = inner.peek() {
            inner.quoted_piece(letter, "$`\\", &mut word)?;
        }
        Ok(word)
    }

    fn pieces(&mut self, ends: &str) -> Result<Word, Mistake> {
        let mut word = Word::new();
        while let Some(letter) = self.peek().filter(|letter| !ends.contains(*letter)) {
            match letter {
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '$' => self.dollar(false, &mut word)?,
                '`' => return Err(self.mistake("backquotes: write `$(…)`")),
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        Some(next) => {
                            push(&mut word, next, true);
                            self.at += 1;
                        }
                        None => push(&mut word, '\\', true),
                    }
                }
                letter => {
                    push(&mut word, letter, false);
                    self.at += 1;
                }
            }
        }
        Ok(word)
    }

    fn single_quoted(&mut self, word: &mut Word) -> Result<(), Mistake> {
        let rest = self.letters[self.at + 1..].iter();
        let text: String = rest.take_while(|letter| **letter != '\'').collect();
        let end = self.at + 1 + text.chars().count();
        if end >= self.letters.len() {
            return Err(self.mistake("a `'` has no end"));
        }
        word.push(Piece::Text { text, quoted: true });
        self.at = end + 1;
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), Mistake> {
        let open = self.mistake("a `\"` has no end");
        self.at += 1;
        // `""` is an argument too.
        word.push(Piece::Text { text: String::new(), quoted: true });
        loop {
            match self.peek() {
                None => return Err(open),
                Some('"') => break,
                Some(letter) => self.quoted_piece(letter, "$`\"\\\n", word)?,
            }
        }
        self.at += 1;
        Ok(())
    }

    /// One letter or expansion; a backslash only counts before `escaped`.
    fn quoted_piece(&mut self, letter: char, escaped: &str, word: &mut Word) -> Result<(), Mistake> {
        match letter {
            '$' => return self.dollar(true, word),
            '`' => return Err(self.mistake("backquotes: write `$(…)`")),
            '\\' => match self.letters.get(self.at + 1).filter(|next| escaped.contains(**next)) {
                Some('\n') => self.at += 1,
                Some(next) => {
                    push(word, *next, true);
                    self.at += 1;
                }
                None => push(word, '\\', true),
            },
            letter => push(word, letter, true),
        }
        self.at += 1;
        Ok(())
    }

    fn dollar(&mut self, quoted: bool, word: &mut Word) -> Result<(), Mistake> {
        self.at += 1;
        if self.takes("((") {
            return Err(self.mistake("`$((…))`: there is no arithmetic; `expr` and `seq` count"));
        }
        if self.takes("(") {
            let script = self.list(&[])?;
            if !self.takes(")") {
                return Err(self.mistake("a `$(` has no end"));
            }
            word.push(Piece::Output { script, quoted });
        } else if self.takes("{") {
            word.push(self.braced(quoted)?);
        } else if self.takes("?") {
            word.push(Piece::Variable { name: "?".to_owned(), instead: None, quoted });
        } else {
            let name = self.name();
            if name.is_empty() {
                push(word, '$', quoted);
            } else {
                word.push(Piece::Variable { name, instead: None, quoted });
            }
        }
        Ok(())
    }

    fn braced(&mut self, quoted: bool) -> Result<Piece, Mistake> {
        self.deeper()?;
        let length = self.takes("#");
        let name = if self.takes("?") { "?".to_owned() } else { self.name() };
        let instead = if length {
            Some(Instead::Length)
        } else if self.takes(":-") {
            Some(Instead::Default(self.pieces("}")?))
        } else if self.takes("%") {
            let longest = self.takes("%");
            Some(Instead::WithoutEnd { pattern: self.pieces("}")?, longest })
        } else if self.takes("#") {
            let longest = self.takes("#");
            Some(Instead::WithoutStart { pattern: self.pieces("}")?, longest })
        } else {
            None
        };
        if name.is_empty() || !self.takes("}") {
            let problem =
                "`${…}` may be `${name}`, `${#name}`, or `${name…}` with `:-`, `#` or `%` and a word";
            return Err(self.mistake(problem));
        }
        self.depth -= 1;
        Ok(Piece::Variable { name, instead, quoted })
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(letter) = self.peek() {
            name.push(letter);
            if !is_name(&name) {
                name.pop();
                break;
            }
            self.at += 1;
        }
        name
    }
}

fn push(word: &mut Word, letter: char, is_quoted: bool) {
    match word.last_mut() {
        Some(Piece::Text { text, quoted }) if *quoted == is_quoted => text.push(letter),
        _ => word.push(Piece::Text { text: letter.into(), quoted: is_quoted }),
    }
}
