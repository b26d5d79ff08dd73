//! What doesn't belong in the repository: promises instead of code, tests that don't run, binary
//! files, and traces of the machine it was written on.

use crate::tokens::{Kind, Token, tokens};
use crate::{File, Violation};

const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Folders of the machines that people write on; in two parts, so that this file passes.
const MACHINE_PATHS: [(&str, &str); 3] = [("/ro", "ot/"), ("/wo", "rk/"), ("/ho", "me/")];

/// Code that only promises to be there.
pub fn promises(file: &File) -> Vec<Violation> {
    let call = |pair: &[Token]| {
        let promise = ["todo", "unimplemented"].contains(&pair[0].text.as_str());
        promise && pair[0].kind == Kind::Word && pair[1].is(Kind::Mark, "!")
    };
    let tokens = match tokens(file) {
        Ok(tokens) => tokens,
        Err(violation) => return vec![violation],
    };
    tokens
        .windows(2)
        .filter(|pair| call(pair))
        .map(|pair| {
            let message = format!("`{}!` promises code: write it or leave it out", pair[0].text);
            file.violation(pair[0].line, message)
        })
        .collect()
}

/// Tests that don't run.
pub fn ignored_tests(file: &File) -> Vec<Violation> {
    let tokens = match tokens(file) {
        Ok(tokens) => tokens,
        Err(violation) => return vec![violation],
    };
    let mut violations = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        if !(pair[0].is(Kind::Mark, "#") && pair[1].is(Kind::Mark, "[")) {
            continue;
        }
        let attribute = tokens[index..].iter().take_while(|token| !token.is(Kind::Mark, "]"));
        for token in attribute.filter(|token| token.is(Kind::Word, "ignore")) {
            violations.push(file.violation(token.line, "an ignored test: run it or remove it"));
        }
    }
    violations
}

/// Files that aren't text, or too large to be read by anybody.
pub fn not_text(file: &File) -> Vec<Violation> {
    if file.bytes.len() > FILE_BYTES_MAX {
        let message = format!("{} bytes: at most {FILE_BYTES_MAX}", file.bytes.len());
        return vec![file.violation(1, message)];
    }
    if file.bytes.contains(&0) || std::str::from_utf8(&file.bytes).is_err() {
        return vec![file.violation(1, "a binary file: build it instead")];
    }
    Vec::new()
}

/// Paths that exist on one machine only.
pub fn machine_paths(file: &File) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (index, line) in file.text().lines().enumerate() {
        for (head, tail) in MACHINE_PATHS {
            let path = format!("{head}{tail}");
            let absolute = |(at, _): (usize, &str)| !line[..at].ends_with(continues_path);
            if line.match_indices(&path).any(absolute) {
                let message = format!("`{path}` is a path of one machine");
                violations.push(file.violation(index + 1, message));
            }
        }
    }
    violations
}

/// Whether a `/` after this letter is inside a longer path.
fn continues_path(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.}*)~".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn promises_are_caught() {
        let text = "// todo!()\nfn f() { todo!() }\nfn g(todo: u8) { std::unimplemented!(\"later\") }\n";
        check(
            promises(&File::new("a.rs", text)),
            &[
                "a.rs:2: `todo!` promises code: write it or leave it out",
                "a.rs:3: `unimplemented!` promises code: write it or leave it out",
            ],
        );
        assert_eq!(promises(&File::new("a.rs", ")")).len(), 1);
    }

    #[test]
    fn ignored_tests_are_caught() {
        let text = "// #[ignore]\n#[test]\n#[ignore = \"slow\"]\nfn f() { ignore() }\n#[cfg_attr(unix, ignore)]\nfn g() {}\n";
        check(
            ignored_tests(&File::new("a.rs", text)),
            &["a.rs:3: an ignored test: run it or remove it", "a.rs:5: an ignored test: run it or remove it"],
        );
        assert_eq!(ignored_tests(&File::new("a.rs", ")")).len(), 1);
    }

    #[test]
    fn binary_and_huge_files_are_caught() {
        let file = |bytes: &[u8]| File { path: "a".to_owned(), bytes: bytes.to_vec() };
        check(not_text(&file("ünïcode\n".as_bytes())), &[]);
        let expected = ["a:1: a binary file: build it instead"];
        check(not_text(&file(b"\0asm")), &expected);
        check(not_text(&file(b"\xff\xfe")), &expected);
        let huge = vec![b'x'; FILE_BYTES_MAX + 1];
        check(not_text(&file(&huge)), &["a:1: 1048577 bytes: at most 1048576"]);
    }

    #[test]
    fn machine_paths_are_caught() {
        for (head, tail) in MACHINE_PATHS {
            let path = format!("{head}{tail}");
            let text = format!("fine\nHOME=\"{path}x\"\nhost{path}x ${{DIR}}{path}x\n");
            let expected = format!("a:2: `{path}` is a path of one machine");
            check(machine_paths(&File::new("a", text)), &[&expected]);
        }
    }
}
