//! Who may name what: the engine, the databases, the transport and HTTP each have one room.

use crate::floors::{dependencies, parse};
use crate::tokens::{Kind, Token, tokens};
use crate::{File, Violation};

/// Libraries that rooms keep to themselves.
struct Reserved {
    rooms: &'static [&'static str],
    crates: &'static [&'static str],
    /// No word of any other room may hold this, whatever it is the name of.
    word: Option<&'static str>,
    /// A room that may use the word, for flags and wiring, but not the crates.
    word_also: Option<&'static str>,
}

const RESERVED: [Reserved; 5] = [
    Reserved { rooms: &["host/sandbox/"], crates: &["wasmtime"], word: Some("wasmtime"), word_also: None },
    Reserved {
        rooms: &["host/store/"],
        crates: &["mysql_async", "rusqlite", "refinery"],
        word: None,
        word_also: None,
    },
    Reserved { rooms: &["host/bus/"], crates: &["redis"], word: Some("redis"), word_also: Some("host/cli/") },
    Reserved { rooms: &["host/api/"], crates: &["axum"], word: None, word_also: None },
    // The API serves with it, and what guests send goes out through it.
    Reserved { rooms: &["host/api/", "host/sandbox/"], crates: &["hyper"], word: None, word_also: None },
];

impl Reserved {
    /// Whether the file is in one of its rooms.
    fn holds(&self, file: &File) -> bool {
        self.rooms.iter().any(|room| file.path.starts_with(room))
    }

    fn named(&self) -> String {
        self.rooms.join(" and ")
    }
}

/// How SQL statements start, as SQL is written here.
const STATEMENTS: [&str; 8] = [
    "SELECT ",
    "INSERT INTO ",
    "REPLACE INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "DROP TABLE ",
];
const STORE: &str = "host/store/";

/// Manifests that depend on another room's library; tests may.
pub fn manifests(file: &File) -> Vec<Violation> {
    let manifest = match parse(file) {
        Ok(manifest) => manifest,
        Err(violation) => return vec![violation],
    };
    if !is_house(file) {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for dependency in dependencies(&manifest) {
        let word = dependency.name.replace('-', "_");
        let owner = RESERVED.iter().find(|reserved| reserved.crates.iter().any(|root| is_of(root, &word)));
        if let Some(owner) = owner
            && !dependency.for_tests
            && !owner.holds(file)
        {
            let message = format!("only {} may depend on {}", owner.named(), dependency.name);
            violations.push(file.violation(dependency.line(file), message));
        }
    }
    violations
}

/// Source, outside comments and tests, that names another room's library.
pub fn sources(file: &File) -> Vec<Violation> {
    if file.is_test() || !is_house(file) {
        return Vec::new();
    }
    let tokens = match tokens(file) {
        Ok(tokens) => tokens,
        Err(violation) => return vec![violation],
    };
    let mut violations = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        for reserved in &RESERVED {
            if names(reserved, file, &tokens, index) {
                let message = format!("only {} may name {}", reserved.named(), token.text);
                violations.push(file.violation(token.line, message));
            }
        }
    }
    violations
}

/// SQL outside the store.
pub fn statements(file: &File) -> Vec<Violation> {
    if file.is_test() || !is_house(file) || file.path.starts_with(STORE) {
        return Vec::new();
    }
    if file.path.ends_with(".sql") {
        return vec![file.violation(1, format!("only {STORE} may hold SQL"))];
    }
    if !file.is_rust() {
        return Vec::new();
    }
    let tokens = match tokens(file) {
        Ok(tokens) => tokens,
        Err(violation) => return vec![violation],
    };
    tokens
        .iter()
        .filter(|token| token.kind == Kind::Literal)
        .filter(|token| STATEMENTS.iter().any(|statement| token.text.contains(statement)))
        .map(|token| file.violation(token.line, format!("only {STORE} may hold SQL")))
        .collect()
}

/// Guests, plugins and tests live outside the house; what they use concerns nobody in it.
fn is_house(file: &File) -> bool {
    file.path.starts_with("host/") || file.path.starts_with("registry/")
}

/// Whether the word at `index` breaks the reservation.
fn names(reserved: &Reserved, file: &File, tokens: &[Token], index: usize) -> bool {
    let token = &tokens[index];
    if token.kind != Kind::Word || reserved.holds(file) {
        return false;
    }
    let holds_word = |word: &str| token.text.to_lowercase().contains(word);
    let word_free = |also: &str| file.path.starts_with(also);
    (reserved.word.is_some_and(holds_word) && !reserved.word_also.is_some_and(word_free))
        || (reserved.crates.iter().any(|root| is_of(root, &token.text)) && is_path_root(tokens, index))
}

/// Whether `word` is the crate `root` or one of its family, as `wasmtime_wasi` is of `wasmtime`.
fn is_of(root: &str, word: &str) -> bool {
    let rest = word.strip_prefix(root);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Whether the word at `index` starts a path or an import, so that it can be a crate's name.
fn is_path_root(tokens: &[Token], index: usize) -> bool {
    let before = index.checked_sub(1).map(|before| &tokens[before]);
    let after = tokens.get(index + 1);
    let inside = |token: &Token| token.is(Kind::Mark, ".");
    let imports = |token: &Token| token.is(Kind::Word, "use") || token.is(Kind::Word, "crate");
    let leads = |token: &Token| token.is(Kind::Mark, "::");
    // `::redis::x` is the crate too, `crate::redis::x` is not.
    let below = before.is_some_and(leads)
        && index > 1
        && (tokens[index - 2].kind == Kind::Word || tokens[index - 2].is(Kind::Mark, ">"));
    !before.is_some_and(inside) && !below && (before.is_some_and(imports) || after.is_some_and(leads))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn manifests_leave_each_library_to_its_room() {
        let text = "[dependencies]\nwasmtime-wasi.workspace = true\nserde.workspace = true\n[dev-dependencies]\nredis.workspace = true\n";
        check(
            manifests(&File::new("host/store/Cargo.toml", text)),
            &["host/store/Cargo.toml:2: only host/sandbox/ may depend on wasmtime-wasi"],
        );
        check(manifests(&File::new("host/sandbox/Cargo.toml", text)), &[]);
        check(manifests(&File::new("plugins/a/Cargo.toml", text)), &[]);
        assert_eq!(manifests(&File::new("host/a/Cargo.toml", "[")).len(), 1);
    }

    #[test]
    fn sources_leave_each_library_to_its_room() {
        let text = "// wasmtime\nuse wasmtime::Engine;\nfn f(redis: u8) {\n  axum::serve();\n  rusqlite::open()\n}\n";
        check(
            sources(&File::new("host/router/src/a.rs", text)),
            &[
                "host/router/src/a.rs:2: only host/sandbox/ may name wasmtime",
                "host/router/src/a.rs:3: only host/bus/ may name redis",
                "host/router/src/a.rs:4: only host/api/ may name axum",
                "host/router/src/a.rs:5: only host/store/ may name rusqlite",
            ],
        );
        check(sources(&File::new("host/router/tests/a.rs", text)), &[]);
        check(sources(&File::new("plugins/a/src/lib.rs", text)), &[]);
    }

    #[test]
    fn the_command_line_may_speak_of_redis_but_not_use_it() {
        let text = "fn f(a: Args) {\n  skep_bus::RedisBus::open(a.redis);\n  let redis = 1;\n  ::redis::cmd();\n}\nuse redis as r;\nuse hyper_util::rt;\n";
        check(
            sources(&File::new("host/cli/src/a.rs", text)),
            &[
                "host/cli/src/a.rs:4: only host/bus/ may name redis",
                "host/cli/src/a.rs:6: only host/bus/ may name redis",
                "host/cli/src/a.rs:7: only host/api/ and host/sandbox/ may name hyper_util",
            ],
        );
    }

    #[test]
    fn modules_and_fields_are_no_crates() {
        let text = "use crate::redis::Bus;\nmod redis;\nfn f() { self.hyper::<u8>() }\n";
        check(sources(&File::new("host/cli/src/a.rs", text)), &[]);
    }

    #[test]
    fn only_the_store_holds_sql() {
        let text =
            "//! SELECT it\nconst A: &str = \"SELECT id FROM skill\";\nconst B: &str = \"Select one\";\n";
        check(
            statements(&File::new("host/api/src/a.rs", text)),
            &["host/api/src/a.rs:2: only host/store/ may hold SQL"],
        );
        check(
            statements(&File::new("registry/a.sql", "")),
            &["registry/a.sql:1: only host/store/ may hold SQL"],
        );
        check(statements(&File::new("host/store/src/a.rs", text)), &[]);
        check(statements(&File::new("host/api/tests/a.rs", text)), &[]);
    }
}
