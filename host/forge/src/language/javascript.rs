//! JavaScript and TypeScript: esbuild makes one module, componentize-qjs puts it and QuickJS into a component.

use super::{Artifact, ForgeError, Program, Project, ProjectShape, Recipe, Tools};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use wit_parser::CloneMaps;

pub(super) static JAVASCRIPT: Recipe = Recipe {
    name: "js",
    aliases: &["javascript"],
    title: "JavaScript",
    sdk: "js",
    template: "template-js",
    shapes: SHAPES,
    why_no_others: WHY_NO_OTHERS,
    leaves: LEAVES,
    first: Some("npm install"),
    ready: |tools| tools.command(&ESBUILD).and(tools.command(&COMPONENTIZE)).map(drop),
    build: |project, tools| build(project, tools, "src/skill.js"),
};
pub(super) static TYPESCRIPT: Recipe = Recipe {
    name: "ts",
    aliases: &["typescript"],
    title: "TypeScript",
    template: "template-ts",
    build: |project, tools| build(project, tools, "src/skill.ts"),
    ..JAVASCRIPT
};

const SHAPES: &[ProjectShape] = &[ProjectShape::Contract, ProjectShape::Typed];
const WHY_NO_OTHERS: &str = "componentize-qjs makes components of functions, not of programs with arguments \
                             and an exit code; make a contract skill with one tool";
const LEAVES: &[&str] = &["node_modules/", "package-lock.json"];

const ESBUILD: Program = Program {
    name: "esbuild",
    variable: None,
    why: "it makes one module of the sources",
    how: &["npm install", "npm install --save-dev componentize-qjs@0.4.5 esbuild@0.28.2"],
};
const COMPONENTIZE: Program =
    Program { name: "componentize-qjs", why: "it makes components of JavaScript", ..ESBUILD };

fn build(project: &Project, tools: &Tools<'_>, source: &str) -> Result<Artifact, ForgeError> {
    let (bundle, component) = (project.out_dir().join("skill.js"), project.out_dir().join("skill.wasm"));
    must_be_installed(project)?;
    let (world, name, served) = world(project)?;
    tools.say("esbuild");
    let mut esbuild = tools.command(&ESBUILD)?;
    esbuild.args(["--bundle", "--format=esm", "--platform=neutral", "--main-fields=module,main"]);
    esbuild.args(["--target=es2023", "--charset=utf8", "--log-level=warning", "--alias:skep=./.skep/sdk"]);
    esbuild.args(served.iter().map(|namespace| format!("--external:{namespace}:*")));
    match project.shape() {
        ProjectShape::Contract => {
            esbuild.arg(".skep/sdk/entry.ts").arg(format!("--alias:skep-project=./{source}"))
        }
        _ => esbuild.arg(source),
    };
    tools.run(esbuild.arg(format!("--outfile={}", bundle.display())))?;
    tools.say("componentize-qjs");
    let mut componentize = tools.command(&COMPONENTIZE)?;
    // Without --sync it makes components of WASI 0.3.
    componentize.env("RUST_BACKTRACE", "0").arg("--sync").arg("--wit").arg(&world).args(["--world", &name]);
    tools.run(componentize.arg("--js").arg(&bundle).arg("--output").arg(&component))?;
    Ok(Artifact(component))
}

/// What package.json depends on is there, or it is told how to get it.
fn must_be_installed(project: &Project) -> Result<(), ForgeError> {
    let path = project.dir().join("package.json");
    // Without a package.json, or with one that npm will complain about, nothing is known to be missing.
    let package: Package =
        fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let modules = project.dir().join("node_modules");
    let missing = package.dependencies.keys().find(|name| !modules.join(name).is_dir());
    missing.map_or(Ok(()), |name| {
        Err(ForgeError::MissingTool {
            tool: format!("the package {name}"),
            why: "package.json depends on it".to_owned(),
            how: vec!["npm install".to_owned()],
        })
    })
}

/// What matters here of a package.json.
#[derive(Default, Deserialize)]
struct Package {
    #[serde(default)]
    dependencies: BTreeMap<String, serde::de::IgnoredAny>,
}

/// One file with the whole world, for componentize-qjs takes no more; the world's name; and the namespaces of
/// what it imports.
fn world(project: &Project) -> Result<(PathBuf, String, BTreeSet<String>), ForgeError> {
    let Some(mut world) = project.world()? else { return Err(ForgeError::Wit(WHY_NO_OTHERS.to_owned())) };
    let wrong = |error: anyhow::Error| ForgeError::Wit(format!("{error:#}"));
    if project.shape() == ProjectShape::Contract {
        add_what_the_sdk_needs(&mut world, project)?;
    }
    let encoded = wit_component::encode(&world.resolve, world.package).map_err(wrong)?;
    let path = project.out_dir().join("world.wasm");
    fs::write(&path, encoded).map_err(ForgeError::at(&path))?;
    let served = world.resolve.packages.iter().map(|(_, package)| package.name.namespace.clone()).collect();
    Ok((path, world.name, served))
}

/// QuickJS has no files, clocks or variables of its own: the SDK makes them of WASI.
fn add_what_the_sdk_needs(world: &mut crate::World, project: &Project) -> Result<(), ForgeError> {
    let path = project.sdk_dir().join("world.wit");
    let text = fs::read_to_string(&path).map_err(ForgeError::at(&path))?;
    let resolve = &mut world.resolve;
    let merged = resolve.push_source(&path.to_string_lossy(), &text).and_then(|package| {
        let needs = resolve.select_world(&[package], None)?;
        resolve.merge_worlds(needs, world.id, &mut CloneMaps::default())
    });
    merged.map_err(|error| ForgeError::Wit(resolve.render_error(&error)))
}
