//! Rust: Cargo builds for wasm32-wasip2, and what comes out is a component already.

use super::{Artifact, ForgeError, Program, Project, ProjectShape, Recipe, Said, Tools};
use serde::Deserialize;
use std::path::PathBuf;

pub(super) static RECIPE: Recipe = Recipe {
    name: "rust",
    aliases: &["rs"],
    title: "Rust",
    sdk: "rust",
    template: "template",
    shapes: &[ProjectShape::Contract, ProjectShape::Typed, ProjectShape::Command],
    why_no_others: "",
    leaves: &["target/", "Cargo.lock"],
    first: None,
    ready: |tools| tools.command(&CARGO).map(drop),
    build,
};

const TARGET: &str = "wasm32-wasip2";
const CARGO: Program = Program {
    name: "cargo",
    variable: Some("CARGO"),
    why: "it builds Rust",
    how: &["curl https://sh.rustup.rs | sh", "apt install cargo", "brew install rustup"],
};

fn build(project: &Project, tools: &Tools<'_>) -> Result<Artifact, ForgeError> {
    tools.say("cargo build");
    let mut cargo = tools.command(&CARGO)?;
    cargo.args(["build", "--release", "--target", TARGET, "--message-format=json-render-diagnostics"]);
    let said = tools.run(&mut cargo).map_err(|error| missing_target(&error).unwrap_or(error))?;
    artifact(&said, project).map(Artifact).ok_or(ForgeError::NoArtifact {
        tool: "cargo",
        way_out: "a skill is a library with `crate-type = [\"cdylib\"]`, or a program with `src/main.rs`",
    })
}

/// The compiler knows a target whose standard library isn't installed, and says so at the first crate.
fn missing_target(error: &ForgeError) -> Option<ForgeError> {
    let ForgeError::ToolFailed { said, .. } = error else { return None };
    let is_missing = said.contains(&format!("`{TARGET}` target may not be installed"));
    is_missing.then(|| ForgeError::MissingTool {
        tool: format!("Rust's target {TARGET}"),
        why: "it is the standard library for components".to_owned(),
        how: vec![format!("rustup target add {TARGET}")],
    })
}

/// One line of what Cargo says of its work.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        manifest_path: PathBuf,
        filenames: Vec<PathBuf>,
    },
    #[serde(other)]
    Other,
}

/// The WebAssembly that Cargo made of the project itself: it knows where, whatever is configured.
fn artifact(said: &Said, project: &Project) -> Option<PathBuf> {
    let own = project.dir().join("Cargo.toml");
    let own = own.canonicalize().unwrap_or(own);
    let messages =
        said.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let files = messages.filter_map(|message| match message {
        Message::CompilerArtifact { manifest_path, filenames } if manifest_path == own => Some(filenames),
        _ => None,
    });
    files.flatten().rfind(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}
