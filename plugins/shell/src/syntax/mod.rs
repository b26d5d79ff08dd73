//! What a script says: the tree that the parser makes of it.

mod parser;
#[cfg(test)]
mod tests;
mod words;

pub use parser::parse;

/// Commands one after the other.
pub type List = Vec<Step>;

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub first: Pipeline,
    pub rest: Vec<(Join, Pipeline)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Join {
    And,
    Or,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Begins with `!`.
    pub negated: bool,
    pub commands: Vec<Command>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub kind: Kind,
    pub redirects: Vec<Redirect>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Simple {
        assignments: Vec<(String, Word)>,
        words: Vec<Word>,
    },
    /// `{ …; }`
    Group(List),
    /// `( … )`
    Subshell(List),
    If {
        branches: Vec<(List, List)>,
        otherwise: List,
    },
    While {
        condition: List,
        ends_on: bool,
        body: List,
    },
    For {
        name: String,
        words: Vec<Word>,
        body: List,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Redirect {
    pub stream: Stream,
    pub to: Target,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stream {
    In,
    Out,
    Err,
    /// Output and errors.
    Both,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    File(Word),
    Append(Word),
    /// `2>&1`, `>&2`
    Same(Stream),
    /// `<<<` and `<<`
    Text(Word),
}

/// What becomes one argument, or several, or none.
pub type Word = Vec<Piece>;

#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// As it is: unquoted text may be a pattern of file names.
    Text {
        text: String,
        quoted: bool,
    },
    Variable {
        name: String,
        instead: Option<Instead>,
        quoted: bool,
    },
    /// `$(…)`
    Output {
        script: List,
        quoted: bool,
    },
}

/// What `${name…}` says besides the name.
#[derive(Debug, Clone, PartialEq)]
pub enum Instead {
    /// `:-`: this word, where the variable is empty.
    Default(Word),
    /// `#`: the number of its letters.
    Length,
    /// `%` and `%%`: without the shortest or longest such end.
    WithoutEnd { pattern: Word, longest: bool },
    /// `#` and `##`: without the shortest or longest such start.
    WithoutStart { pattern: Word, longest: bool },
}

/// Why a text is no script.
#[derive(Debug, PartialEq)]
pub struct Mistake {
    pub line: usize,
    pub problem: String,
}
