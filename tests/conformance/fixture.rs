//! The fixture skills of one language, installed on a host of their own.

use crate::client::{Answer, Client, Lines};
use crate::deployment::Deployment;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The variable that is granted.
pub const GREETING: (&str, &str) = ("GREETING", "good day");

/// Calls that the host runs at once.
pub const SLOTS: usize = 8;

/// The installed fixtures of one language.
pub struct Fixture {
    pub language: &'static str,
    pub on: Deployment,
    /// What the contract fixture sees as `/data`.
    pub data: PathBuf,
}

impl Fixture {
    /// Installs what the language has: the contract fixture three times (itself, as the peer that it calls, with
    /// sessions), the typed one, the command.
    pub fn install(language: &'static str) -> Self {
        let on = Deployment::embedded_with(&["--slots", &SLOTS.to_string()]);
        let data = on.folder("granted");
        let fixture = Self { language, on, data };
        let contract = contract_of(language);
        let fs = format!("{}:/data:rw", fixture.data.display());
        let env = format!("{}={}", GREETING.0, GREETING.1);
        let peer = renamed(&fixture.on.folder("peer"), &contract, "fixture-peer", |text| text);
        let kept = renamed(&fixture.on.folder("kept"), &contract, &fixture.session_name(), |text| {
            text.replacen("[skill]", "[skill]\nlifetime = \"session\"", 1)
        });
        fixture.add(&contract, &["--fs", &fs, "--env", &env, "--skill", "fixture-peer"]);
        fixture.add(&peer, &[]);
        fixture.add(&kept, &[]);
        if let Some(typed) = built(language, "typed") {
            fixture.add(&typed, &[]);
        }
        if let Some(command) = built(language, "command") {
            fixture.add(&command, &["--fs", &format!("{}:/data", fixture.data.display())]);
        }
        fixture
    }

    /// The contract fixture's name.
    pub fn name(&self) -> String {
        format!("fixture-{}", self.language)
    }

    /// The name of the same with sessions.
    pub fn session_name(&self) -> String {
        format!("{}-session", self.name())
    }

    pub fn client(&self) -> Client {
        self.on.client()
    }

    /// Calls a tool of the contract fixture.
    pub async fn call(&self, tool: &str, input: Value) -> Answer {
        self.client().call(&self.name(), tool, input).await
    }

    /// Calls it and reads the answer line by line.
    pub async fn stream(&self, tool: &str, input: Value) -> Lines {
        self.client().stream(&self.name(), tool, input).await
    }

    /// Calls a tool of the typed fixture.
    pub async fn typed(&self, tool: &str, input: Value) -> Answer {
        self.client().call(&format!("{}-typed", self.name()), tool, input).await
    }

    /// Runs the command fixture.
    pub async fn command(&self, input: Value) -> Answer {
        self.client().call(&format!("{}-command", self.name()), "run", input).await
    }

    fn add(&self, folder: &Path, flags: &[&str]) {
        self.on.skep(&[&["add", folder.to_str().expect("a path")], flags].concat());
    }
}

/// Copies a skill's folder, with another name and an edited manifest.
pub fn renamed(folder: &Path, from: &Path, name: &str, edit: impl Fn(String) -> String) -> PathBuf {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = folder.join(path.file_name().expect("a name"));
        if to.ends_with("skill.toml") {
            let text = std::fs::read_to_string(&path).expect("a manifest");
            std::fs::write(&to, edit(with_name(&text, name))).expect("a manifest");
        } else {
            std::fs::copy(&path, &to).expect("a copy");
        }
    }
    folder.to_owned()
}

fn with_name(manifest: &str, name: &str) -> String {
    let line = |line: &str| match line.starts_with("name = ") {
        true => format!("name = \"{name}\"\n"),
        false => format!("{line}\n"),
    };
    manifest.lines().map(line).collect()
}

/// The folder of a language's contract fixture.
pub fn contract_of(language: &str) -> PathBuf {
    built(language, "contract").expect("every language has a contract fixture")
}

/// The folder of a built fixture; none if the language has no such fixture at all.
///
/// # Panics
/// If it has one that isn't built.
pub fn built(language: &str, shape: &str) -> Option<PathBuf> {
    let repository = skep_harness::repository();
    let sources = repository.join(format!("tests/conformance/fixtures/{language}/{shape}"));
    let folder = repository.join(format!("target/conformance/{language}/{shape}"));
    if !sources.exists() {
        return None;
    }
    assert!(folder.join("skill.toml").exists(), "{} is missing: run `make guests`", folder.display());
    Some(folder)
}
