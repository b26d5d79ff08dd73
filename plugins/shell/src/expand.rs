//! What words become: variables, outputs of commands, patterns of file names.

use std::mem;

use crate::{
    pattern::{self, Pattern},
    shell::{Shell, Stop},
    streams::{Output, Streams},
    syntax::{Instead, List, Piece, Word},
};

/// Of all arguments of a command, of a variable, and of what `$(…)` may print.
pub const BYTES_MAX: usize = 1 << 20;
const FIELDS_MAX: usize = 50_000;

/// Letters, each with whether it was quoted.
type Letters = Vec<(char, bool)>;

impl Shell {
    /// The arguments that words become.
    pub fn fields(&mut self, words: &[Word], streams: &Streams) -> Result<Vec<String>, Stop> {
        let mut arguments = Vec::new();
        let mut bytes = 0;
        for word in words {
            for field in self.split(word, streams)? {
                let paths = pattern::paths(&field, &self.folder);
                let found = if paths.is_empty() { vec![text(field)] } else { paths };
                bytes += found.iter().map(String::len).sum::<usize>();
                arguments.extend(found);
                if bytes > BYTES_MAX || arguments.len() > FIELDS_MAX {
                    let limits = format!("{BYTES_MAX} bytes or {FIELDS_MAX} arguments");
                    return Err(Stop::Abort(format!("a command would be given more than {limits}")));
                }
            }
        }
        Ok(arguments)
    }

    /// The one text that a word becomes: nothing is split, and `*` is a letter.
    pub fn one_text(&mut self, word: &Word, streams: &Streams) -> Result<String, Stop> {
        Ok(text(self.letters(word, streams)?))
    }

    fn letters(&mut self, word: &Word, streams: &Streams) -> Result<Letters, Stop> {
        let mut letters = Letters::new();
        for piece in word {
            let (value, quoted) = self.value(piece, streams)?;
            letters.extend(value.chars().map(|letter| (letter, quoted)));
            bounded(letters.len())?;
        }
        Ok(letters)
    }

    fn split(&mut self, word: &Word, streams: &Streams) -> Result<Vec<Letters>, Stop> {
        let mut fields = Vec::new();
        // `None` between fields: an empty text is a field only if it was quoted.
        let mut field: Option<Letters> = None;
        for piece in word {
            let (value, quoted) = self.value(piece, streams)?;
            let splits = !quoted && !matches!(piece, Piece::Text { .. });
            if !splits {
                field.get_or_insert_default().extend(value.chars().map(|letter| (letter, quoted)));
                bounded(field.as_ref().map_or(0, Vec::len))?;
                continue;
            }
            for letter in value.chars() {
                if letter.is_ascii_whitespace() {
                    fields.extend(mem::take(&mut field));
                } else {
                    field.get_or_insert_default().push((letter, false));
                }
            }
        }
        fields.extend(field);
        Ok(fields)
    }

    fn value(&mut self, piece: &Piece, streams: &Streams) -> Result<(String, bool), Stop> {
        let (value, quoted) = match piece {
            Piece::Text { text, quoted } => (text.clone(), *quoted),
            Piece::Output { script, quoted } => (self.output_of(script, streams)?, *quoted),
            Piece::Variable { name, instead, quoted } => {
                let value = if name == "?" { self.status.to_string() } else { self.variable(name) };
                let value = match instead {
                    Some(instead) => self.instead(value, instead, streams)?,
                    None => value,
                };
                (value, *quoted)
            }
        };
        bounded(value.len())?;
        Ok((value, quoted))
    }

    fn instead(&mut self, value: String, instead: &Instead, streams: &Streams) -> Result<String, Stop> {
        Ok(match instead {
            Instead::Default(word) if value.is_empty() => self.one_text(word, streams)?,
            Instead::Default(_) => value,
            Instead::Length => value.chars().count().to_string(),
            Instead::WithoutEnd { pattern, longest } => {
                let pattern = Pattern::new(&self.letters(pattern, streams)?);
                let mut fitting = cuts(&value).filter(|at| pattern.matches(&value[*at..]));
                let at = if *longest { fitting.next() } else { fitting.last() };
                value[..at.unwrap_or(value.len())].to_owned()
            }
            Instead::WithoutStart { pattern, longest } => {
                let pattern = Pattern::new(&self.letters(pattern, streams)?);
                let mut fitting = cuts(&value).filter(|at| pattern.matches(&value[..*at]));
                let at = if *longest { fitting.last() } else { fitting.next() };
                value[at.unwrap_or(0)..].to_owned()
            }
        })
    }

    /// What a script in `$(…)` prints, without the ends of its last lines.
    fn output_of(&mut self, script: &List, streams: &Streams) -> Result<String, Stop> {
        let output = Output::memory(BYTES_MAX);
        let streams = Streams { output: output.clone(), ..streams.clone() };
        let ended = self.apart(|shell| shell.list(script, &streams));
        if output.is_full() {
            return Err(Stop::Abort(format!("`$(…)`: more than {BYTES_MAX} bytes of output")));
        }
        self.status = ended?;
        let text = String::from_utf8_lossy(&output.take()).into_owned();
        Ok(text.trim_end_matches('\n').to_owned())
    }
}

fn bounded(bytes: usize) -> Result<(), Stop> {
    if bytes > BYTES_MAX {
        return Err(Stop::Abort(format!("a text would be longer than {BYTES_MAX} bytes")));
    }
    Ok(())
}

/// Where a text can be cut.
fn cuts(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

fn text(letters: Letters) -> String {
    letters.into_iter().map(|(letter, _)| letter).collect()
}
