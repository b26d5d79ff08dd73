//! Rust source as a flat list of tokens with their lines; comments, doc comments too, are gone.

use std::str::FromStr;

use proc_macro2::{Delimiter, LexError, Spacing, TokenStream, TokenTree};

use crate::{File, Violation};

/// What a token is, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Literal,
    /// Punctuation (`::` is one token) or a bracket.
    Mark,
}

/// A token and the line, from 1, it stands on.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is(&self, kind: Kind, text: &str) -> bool {
        self.kind == kind && self.text == text
    }
}

/// The tokens of a Rust file, or the violation that it isn't one.
pub(crate) fn tokens(file: &File) -> Result<Vec<Token>, Violation> {
    let stream = TokenStream::from_str(file.text()).map_err(|error: LexError| {
        let line = error.span().start().line.max(1);
        file.violation(line, format!("not Rust: {error}"))
    })?;
    let mut list = Vec::new();
    flatten(stream, &mut list);
    Ok(list)
}

fn flatten(stream: TokenStream, list: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    let mut attribute = false;
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let mut push = |kind, text: String, line| list.push(Token { kind, text, line });
        match tree {
            TokenTree::Ident(word) => push(Kind::Word, word.to_string(), line),
            TokenTree::Literal(literal) => push(Kind::Literal, literal.to_string(), line),
            TokenTree::Punct(mark) => {
                let double_colon =
                    |next: &TokenTree| matches!(next, TokenTree::Punct(next) if next.as_char() == ':');
                let joint = mark.as_char() == ':' && mark.spacing() == Spacing::Joint;
                if joint && trees.next_if(double_colon).is_some() {
                    push(Kind::Mark, "::".to_owned(), line);
                } else {
                    push(Kind::Mark, mark.as_char().to_string(), line);
                }
                attribute = mark.as_char() == '#' || (attribute && mark.as_char() == '!');
                continue;
            }
            TokenTree::Group(group) if attribute && is_doc(&group.stream()) => {}
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(Kind::Mark, open.to_owned(), line);
                flatten(group.stream(), list);
                let line = group.span_close().start().line;
                list.push(Token { kind: Kind::Mark, text: close.to_owned(), line });
            }
        }
        attribute = false;
    }
}

/// Whether an attribute's content is documentation.
fn is_doc(content: &TokenStream) -> bool {
    matches!(content.clone().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_gone_and_lines_are_kept() {
        let text =
            "//! wasm\n/* one /* two */ */\n/// doc\nfn f<'a>() {\n  g::h(\"// no\", 'x', r#\"}\"#)\n}\n";
        let found: Vec<(usize, String)> = tokens(&File::new("a.rs", text))
            .unwrap()
            .into_iter()
            .map(|token| (token.line, token.text))
            .collect();
        let line_5 = ["g", "::", "h", "(", "\"// no\"", ",", "'x'", ",", "r#\"}\"#", ")"];
        let mut expected = vec![(1, "#"), (1, "!"), (3, "#")];
        expected.extend(["fn", "f", "<", "'", "a", ">", "(", ")", "{"].map(|text| (4, text)));
        expected.extend(line_5.map(|text| (5, text)));
        expected.push((6, "}"));
        let expected: Vec<_> = expected.into_iter().map(|(line, text)| (line, text.to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_not_rust_is_a_violation() {
        let error = tokens(&File::new("a.rs", "fn f() {\n  )\n")).unwrap_err();
        assert!(error.to_string().starts_with("a.rs:"), "{error}");
        assert!(error.to_string().contains("not Rust"), "{error}");
    }
}
