//! Python: componentize-py puts an interpreter, the sources and pure Python packages into one component.

use super::{Artifact, ForgeError, Program, Project, ProjectShape, Recipe, Tools};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

pub(super) static RECIPE: Recipe = Recipe {
    name: "python",
    aliases: &["py"],
    title: "Python",
    sdk: "python",
    template: "template",
    shapes: &[ProjectShape::Contract, ProjectShape::Typed],
    why_no_others: "componentize-py makes components of functions, not of programs with arguments and an exit \
                    code; make a contract skill with one tool",
    leaves: &[".venv/", "src/__pycache__/"],
    first: Some(COMPONENTIZE.how[0]),
    ready: |tools| tools.command(&COMPONENTIZE).map(drop),
    build,
};

/// Where a virtual environment has its packages.
const PACKAGES: &str = "lib/site-packages";
const COMPONENTIZE: Program = Program {
    name: "componentize-py",
    variable: None,
    why: "it makes components of Python",
    how: &[
        "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
        "pipx install componentize-py==0.25.1",
    ],
};
const PYTHON: Program = Program {
    name: "python3",
    variable: None,
    why: "its pip installs what requirements.txt names",
    how: &["python3 -m venv .venv", "apt install python3-pip", "brew install python"],
};

fn build(project: &Project, tools: &Tools<'_>) -> Result<Artifact, ForgeError> {
    install_requirements(project, tools)?;
    write_bindings(project, tools)?;
    tools.say("componentize-py");
    let component = project.out_dir().join("skill.wasm");
    let mut componentize = componentize(project, tools)?;
    componentize.arg("componentize").arg("-p").arg(project.dir().join("src"));
    match project.shape() {
        ProjectShape::Contract => componentize.arg("-p").arg(project.sdk_dir()).arg("skep_entry"),
        _ => componentize.arg("app"),
    };
    tools.run(componentize.arg("-o").arg(&component))?;
    Ok(Artifact(component))
}

/// componentize-py for the project's world. It looks for packages in a virtual environment: ours holds what
/// requirements.txt names and nothing else, whichever is active.
fn componentize(project: &Project, tools: &Tools<'_>) -> Result<Command, ForgeError> {
    let mut command = tools.command(&COMPONENTIZE)?;
    command.env("VIRTUAL_ENV", project.out_dir()).env("RUST_BACKTRACE", "0").args(world(project)?);
    Ok(command)
}

/// The world of the project, as componentize-py takes it.
fn world(project: &Project) -> Result<Vec<OsString>, ForgeError> {
    let Some(world) = project.world()? else { return Ok(Vec::new()) };
    // Several packages may have a world of that name.
    let name = world.resolve.id_of_name(world.package, &world.name);
    let dirs = world.dirs.into_iter().flat_map(|dir| [OsString::from("-d"), dir.into()]);
    Ok(dirs.chain(["-w".into(), name.into()]).collect())
}

/// Writes the modules that the world becomes, `wit_world` and the like: for editors and type checkers.
fn write_bindings(project: &Project, tools: &Tools<'_>) -> Result<(), ForgeError> {
    let bindings = project.out_dir().join("bindings");
    remove_dir(&bindings)?;
    tools.run(componentize(project, tools)?.arg("bindings").arg(&bindings))?;
    Ok(())
}

/// Installs the packages that requirements.txt names, if it has changed.
fn install_requirements(project: &Project, tools: &Tools<'_>) -> Result<(), ForgeError> {
    let wanted = project.dir().join("requirements.txt");
    let text = match fs::read_to_string(&wanted) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(ForgeError::at(&wanted))?,
    };
    let packages = project.out_dir().join(PACKAGES);
    let made_from = project.out_dir().join("requirements.txt");
    if packages.is_dir() && fs::read_to_string(&made_from).is_ok_and(|made| made == text) {
        return Ok(());
    }
    remove_dir(&packages)?;
    if !text.is_empty() {
        tools.say("pip install -r requirements.txt");
        let mut pip = tools.command(&PYTHON)?;
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        tools.run(pip.arg("--target").arg(&packages).arg("-r").arg(&wanted))?;
    }
    // A list of nothing but comments makes no folder.
    fs::create_dir_all(&packages).map_err(ForgeError::at(&packages))?;
    fs::write(&made_from, text).map_err(ForgeError::at(&made_from))
}

fn remove_dir(dir: &Path) -> Result<(), ForgeError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ForgeError::at(dir)(error)),
        _ => Ok(()),
    }
}
