//! Zig: contract skills by Zig alone, typed ones over C bindings, which Zig reads.

use super::{Artifact, ForgeError, Program, Project, ProjectShape, Recipe, Tools};
use crate::{World, bindings};
use std::fs;
use std::process::Command;

pub(super) static RECIPE: Recipe = Recipe {
    name: "zig",
    aliases: &[],
    title: "Zig",
    sdk: "zig",
    template: "template",
    shapes: &[ProjectShape::Contract, ProjectShape::Typed, ProjectShape::Command],
    why_no_others: "",
    leaves: &[],
    first: None,
    ready: |tools| command(tools).map(drop),
    build,
};

const ZIG: Program = Program {
    name: "zig",
    variable: None,
    why: "it compiles Zig, and C for WASI; this program knows version 0.17",
    how: &["pip install ziglang", "brew install zig", "see https://ziglang.org/download"],
};
/// The name that PyPI's package gives it.
const PYTHON_ZIG: Program = Program { name: "python-zig", ..ZIG };
const TARGET: [&str; 2] = ["-target", "wasm32-wasi"];

/// Zig, under either of its names.
pub(super) fn command(tools: &Tools<'_>) -> Result<Command, ForgeError> {
    tools.command(&ZIG).or_else(|missing| tools.command(&PYTHON_ZIG).map_err(|_| missing))
}

fn build(project: &Project, tools: &Tools<'_>) -> Result<Artifact, ForgeError> {
    let out = project.out_dir();
    let module = out.join("skill.wasm");
    let world = project.world()?;
    let mut zig = command(tools)?;
    zig.arg("build-exe").args(TARGET).args(["-O", "ReleaseSafe", "-fstrip"]);
    zig.arg("--cache-dir").arg(out.join("zig"));
    zig.arg(format!("-femit-bin={}", module.display()));
    match (&world, project.shape()) {
        (Some(_), ProjectShape::Contract) => {
            let skep = project.sdk_dir().join("skep.zig");
            zig.args(["-fno-entry", "-rdynamic", "--dep", "skep", "-Mroot=src/main.zig"]);
            zig.arg(format!("-Mskep={}", skep.display()));
        }
        (Some(world), _) => over_c(project, world, tools, &mut zig)?,
        (None, _) => drop(zig.arg("-Mroot=src/main.zig")),
    }
    tools.say("zig build-exe");
    tools.run(&mut zig)?;
    match world {
        Some(world) if project.shape() == ProjectShape::Contract => bindings::embed(&world, &module)?,
        _ => {}
    }
    Ok(Artifact(module))
}

/// Adds the world's C bindings, and the module `bindings`, which is their header in Zig.
fn over_c(project: &Project, world: &World, tools: &Tools<'_>, zig: &mut Command) -> Result<(), ForgeError> {
    let folder = project.out_dir().join("bindings");
    drop(fs::remove_dir_all(&folder));
    bindings::c(world, &folder)?;
    let file = |suffix: &str| folder.join(format!("{}{suffix}", world.name.replace('-', "_")));
    tools.say("zig translate-c");
    let mut translate = command(tools)?;
    translate.arg("translate-c").args(TARGET).args(["-lc".as_ref(), file(".h").as_os_str()]);
    let said = tools.run(&mut translate)?;
    let module = folder.join("bindings.zig");
    fs::write(&module, said.stdout).map_err(ForgeError::at(&module))?;
    zig.args(["-mexec-model=reactor", "-rdynamic", "-lc", "--dep", "bindings"]);
    zig.arg(file(".c")).arg(file("_component_type.o")).arg("-Mroot=src/main.zig");
    zig.arg(format!("-Mbindings={}", module.display()));
    Ok(())
}
