//! Python: componentize-py puts an interpreter, the sources and pure Python packages into one component.

use super::{Artifact, ForgeError, Program, Project, ProjectShape, Recipe, Tools};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
    build,
};

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
    let (out, src) = (project.out_dir(), project.dir().join("src"));
    let packages = install_requirements(project, tools)?;
    write_bindings(project, tools)?;
    tools.say("componentize-py");
    let component = out.join("skill.wasm");
    let (mut path, module) = match project.shape() {
        ProjectShape::Contract => (vec![project.sdk_dir()], "skep_entry"),
        _ => (Vec::new(), "app"),
    };
    path.extend(packages.into_iter().chain([src]));
    let mut componentize = tools.command(&COMPONENTIZE)?;
    // What the component holds is what requirements.txt names, whatever environment is active.
    componentize.env("VIRTUAL_ENV", &out).args(world(project)?).arg("componentize");
    for dir in path {
        componentize.arg("-p").arg(dir);
    }
    tools.run(componentize.arg(module).arg("-o").arg(&component))?;
    Ok(Artifact(component))
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
    tools.run(tools.command(&COMPONENTIZE)?.args(world(project)?).arg("bindings").arg(&bindings))?;
    Ok(())
}

/// The folder with the packages that requirements.txt names, if it is there. Installs them if it has changed.
fn install_requirements(project: &Project, tools: &Tools<'_>) -> Result<Option<PathBuf>, ForgeError> {
    let wanted = project.dir().join("requirements.txt");
    let text = match fs::read_to_string(&wanted) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(ForgeError::at(&wanted))?,
    };
    let (packages, made_from) = (project.out_dir().join("packages"), project.out_dir().join("packages.txt"));
    if packages.is_dir() && fs::read_to_string(&made_from).is_ok_and(|made| made == text) {
        return Ok(Some(packages));
    }
    tools.say("pip install -r requirements.txt");
    remove_dir(&packages)?;
    let mut pip = tools.command(&PYTHON)?;
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    tools.run(pip.arg("--target").arg(&packages).arg("-r").arg(&wanted))?;
    // An empty list makes no folder.
    fs::create_dir_all(&packages).map_err(ForgeError::at(&packages))?;
    fs::write(&made_from, text).map_err(ForgeError::at(&made_from))?;
    Ok(Some(packages))
}

fn remove_dir(dir: &Path) -> Result<(), ForgeError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ForgeError::at(dir)(error)),
        _ => Ok(()),
    }
}
