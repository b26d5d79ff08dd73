//! C: bindings from the WIT, then a clang that has a libc for WASI: the WASI SDK's or Zig's.

use super::{Artifact, ForgeError, Project, ProjectShape, Recipe, Tools, zig};
use crate::bindings;
use crate::tools::is_program;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) static RECIPE: Recipe = Recipe {
    name: "c",
    aliases: &[],
    title: "C",
    sdk: "c",
    template: "template",
    shapes: &[ProjectShape::Contract, ProjectShape::Typed, ProjectShape::Command],
    why_no_others: "",
    leaves: &[],
    first: None,
    ready: |tools| compiler(tools).map(drop),
    build,
};

/// Where the WASI SDK is, for those who have it.
const WASI_SDK: &str = "WASI_SDK_PATH";
const FLAGS: [&str; 5] = ["-std=gnu17", "-Os", "-Wall", "-Wl,--strip-all", "-Wl,-z,stack-size=1048576"];

fn build(project: &Project, tools: &Tools<'_>) -> Result<Artifact, ForgeError> {
    let mut sources = with_extension(&project.dir().join("src"), "c")?;
    if sources.is_empty() {
        return Err(ForgeError::NoArtifact { tool: "the C recipe", way_out: "put the sources into src/*.c" });
    }
    let mut cc = compiler(tools)?;
    cc.current_dir(project.dir()).args(FLAGS);
    if let Some(world) = project.world()? {
        let folder = project.out_dir().join("bindings");
        drop(fs::remove_dir_all(&folder));
        bindings::c(&world, &folder)?;
        sources.extend(with_extension(&folder, "c")?);
        sources.extend(with_extension(&folder, "o")?);
        if project.shape() == ProjectShape::Contract {
            sources.extend(with_extension(&project.sdk_dir(), "c")?);
            cc.arg("-I").arg(project.sdk_dir());
        }
        cc.arg("-mexec-model=reactor").arg("-I").arg(&folder);
    }
    let module = project.out_dir().join("skill.wasm");
    tools.say("compiling C");
    tools.run(cc.args(&sources).arg("-o").arg(&module))?;
    Ok(Artifact(module))
}

/// The WASI SDK's clang if it is said where that is, else Zig's.
fn compiler(tools: &Tools<'_>) -> Result<Command, ForgeError> {
    if let Some(sdk) = env::var_os(WASI_SDK).filter(|path| !path.is_empty()) {
        let clang = Path::new(&sdk).join("bin/clang");
        if !is_program(&clang) {
            return Err(no_clang(&clang));
        }
        let mut clang = Command::new(clang);
        clang.arg("--target=wasm32-wasip1");
        return Ok(clang);
    }
    let mut zig = zig::command(tools)?;
    zig.args(["cc", "-target", "wasm32-wasi"]);
    Ok(zig)
}

fn no_clang(path: &Path) -> ForgeError {
    ForgeError::MissingTool {
        tool: format!("`{}`", path.display()),
        why: format!("{WASI_SDK} says that the WASI SDK is there"),
        how: vec![
            format!("export {WASI_SDK}=THE-SDK'S-FOLDER"),
            format!("unset {WASI_SDK}, for Zig to compile C"),
        ],
    }
}

/// The files of a folder with that extension, in the order of their names.
fn with_extension(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, ForgeError> {
    let entries = fs::read_dir(dir).map_err(ForgeError::at(dir))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|is| is == extension)).collect();
    found.sort();
    Ok(found)
}
