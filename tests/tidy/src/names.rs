//! Names that say nothing about what is inside.

use crate::tokens::{Kind, tokens};
use crate::{File, Violation};

const BANNED: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "manager", "misc"];
/// The words that introduce a name of our own.
const INTRODUCE: [&str; 6] = ["mod", "struct", "enum", "union", "trait", "type"];

/// Files, folders, modules and types with such a name.
pub fn banned(file: &File) -> Vec<Violation> {
    let mut violations = Vec::new();
    if let Some(word) = file.path.split('/').find_map(banned_word) {
        violations.push(file.violation(1, format!("`{word}` in a path says nothing")));
    }
    if !file.is_rust() {
        return violations;
    }
    let tokens = match tokens(file) {
        Ok(tokens) => tokens,
        Err(violation) => return vec![violation],
    };
    for pair in tokens.windows(2) {
        let introduces = pair[0].kind == Kind::Word && INTRODUCE.contains(&pair[0].text.as_str());
        let name = &pair[1];
        if introduces && name.kind == Kind::Word && banned_word(&name.text).is_some() {
            let message = format!("`{}` says nothing about what is inside", name.text);
            violations.push(file.violation(name.line, message));
        }
    }
    violations
}

/// The banned word in a `snake_case`, `kebab-case`, `CamelCase` or file name.
fn banned_word(name: &str) -> Option<&'static str> {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            spaced.push(' ');
        }
        spaced.extend(letter.to_lowercase());
    }
    spaced
        .split(|letter: char| !letter.is_alphanumeric())
        .find_map(|word| BANNED.into_iter().find(|banned| *banned == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn paths_say_what_is_inside() {
        check(banned(&File::new("host/commons/utility.rs", "")), &[]);
        for (path, word) in [
            ("host/utils.rs", "utils"),
            ("tests/common/mod.rs", "common"),
            ("host/io-helpers/a.py", "helpers"),
            ("host/session_manager.rs", "manager"),
        ] {
            let expected = format!("{path}:1: `{word}` in a path says nothing");
            check(banned(&File::new(path, "")), &[&expected]);
        }
    }

    #[test]
    fn modules_and_types_say_what_is_inside() {
        let text =
            "mod misc;\nuse a::ConnectionManager;\n// mod utils\npub struct JobManager;\nfn helper() {}\n";
        check(
            banned(&File::new("a.rs", text)),
            &[
                "a.rs:1: `misc` says nothing about what is inside",
                "a.rs:4: `JobManager` says nothing about what is inside",
            ],
        );
        assert_eq!(banned(&File::new("a.rs", ")")).len(), 1);
    }
}
