//! How files begin and how long they and their functions get.

use crate::tokens::{Kind, Token, tokens};
use crate::{File, Violation};

const FILE_LINES_MAX: usize = 450;
const FILE_LINES_MEDIAN_MAX: usize = 150;
const FUNCTION_LINES_MAX: usize = 80;

/// A file that doesn't begin by saying what room it is.
pub fn first_line(file: &File) -> Vec<Violation> {
    let first = file.text().lines().next().unwrap_or_default();
    let says = first.strip_prefix("//! ").is_some_and(|rest| !rest.trim().is_empty());
    if says {
        return Vec::new();
    }
    vec![file.violation(1, "the first line must say what room this is: `//! …`")]
}

/// A file that is too long.
pub fn file_length(file: &File) -> Vec<Violation> {
    let lines = file.text().lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    let message = format!("{lines} lines: at most {FILE_LINES_MAX}");
    vec![file.violation(FILE_LINES_MAX + 1, message)]
}

/// The median length of all files that aren't tests, if it is too long.
pub fn median_length(files: &[File]) -> Option<String> {
    let mut lengths: Vec<usize> = files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test())
        .map(|file| file.text().lines().count())
        .collect();
    lengths.sort_unstable();
    let median = *lengths.get(lengths.len() / 2)?;
    (median > FILE_LINES_MEDIAN_MAX)
        .then(|| format!("the median file has {median} lines: at most {FILE_LINES_MEDIAN_MAX}"))
}

/// Functions that are too long, signature and all.
pub fn function_length(file: &File) -> Vec<Violation> {
    let tokens = match tokens(file) {
        Ok(tokens) => tokens,
        Err(violation) => return vec![violation],
    };
    let mut violations = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        // `fn` without a name is a type.
        let name = tokens.get(index + 1).filter(|name| name.kind == Kind::Word);
        let Some(name) = name.filter(|_| token.is(Kind::Word, "fn")) else {
            continue;
        };
        let Some(end) = function_end(&tokens[index..]) else {
            continue;
        };
        let lines = end - token.line + 1;
        if lines > FUNCTION_LINES_MAX {
            let message = format!("`{}` has {lines} lines: at most {FUNCTION_LINES_MAX}", name.text);
            violations.push(file.violation(token.line, message));
        }
    }
    violations
}

/// The last line of the function that `tokens` start with; `None` if it has no body.
fn function_end(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_body = false;
    for token in tokens.iter().filter(|token| token.kind == Kind::Mark) {
        match token.text.as_str() {
            "{" | "(" | "[" => {
                in_body |= depth == 0 && token.text == "{";
                depth += 1;
            }
            "}" | ")" | "]" => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && in_body {
                    return Some(token.line);
                }
            }
            ";" if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn a_file_begins_with_what_it_is() {
        check(first_line(&File::new("a.rs", "//! A room.\n")), &[]);
        for text in ["", "//!\n", "// A room.\n", "\n//! A room.\n"] {
            check(
                first_line(&File::new("a.rs", text)),
                &["a.rs:1: the first line must say what room this is: `//! …`"],
            );
        }
    }

    #[test]
    fn a_file_has_an_end() {
        check(file_length(&File::new("a.rs", "x\n".repeat(450))), &[]);
        check(file_length(&File::new("a.rs", "x\n".repeat(451))), &["a.rs:451: 451 lines: at most 450"]);
    }

    #[test]
    fn most_files_are_short() {
        let file = |path, lines| File::new(path, "x\n".repeat(lines));
        let mut files = vec![file("a.rs", 10), file("b.rs", 151), file("c.rs", 400)];
        let said = median_length(&files).unwrap();
        assert_eq!(said, "the median file has 151 lines: at most 150");
        files.extend([file("d.rs", 150), file("e.rs", 20)]);
        files.extend([file("tests/f.rs", 440), file("benches/g.rs", 440)]);
        assert_eq!(median_length(&files), None);
        assert_eq!(median_length(&[]), None);
    }

    fn function(body_lines: usize) -> File {
        let body = "    let brace = \"}\"; // }\n".repeat(body_lines);
        File::new(
            "a.rs",
            format!(
                "trait T {{\n    fn g(a: [u8; 2], h: fn(u8)) -> u8;\n}}\n\nfn f(\n    a: u8,\n) {{\n{body}}}\n"
            ),
        )
    }

    #[test]
    fn a_function_has_an_end() {
        check(function_length(&function(76)), &[]);
        check(function_length(&function(77)), &["a.rs:5: `f` has 81 lines: at most 80"]);
        assert_eq!(function_length(&File::new("a.rs", "fn f( {")).len(), 1);
    }
}
