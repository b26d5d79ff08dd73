//! `skep build`: from a project to a component in its place.

use crate::tools::Tools;
use crate::{ForgeError, Project, attach_wit, componentize};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The mode of a component: everybody may read it.
const COMPONENT_MODE: u32 = 0o644;

/// What a build made.
#[derive(Debug)]
pub struct Built {
    /// The component.
    pub component: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// Builds a project. A build that fails leaves the last component as it was.
pub fn build(project: &Project, tools: &Tools<'_>) -> Result<Built, ForgeError> {
    let begin = Instant::now();
    project.refresh()?;
    let world = project.world()?;
    let artifact = project.language().build(project, tools)?;
    let wasm = fs::read(&artifact.0).map_err(ForgeError::at(&artifact.0))?;
    tools.say("making the component");
    let component = componentize(&wasm)?;
    let component = match world.filter(|world| world.is_own) {
        Some(world) => attach_wit(&component, &world)?.into(),
        None => component,
    };
    let path = project.component();
    replace(&path, &component)?;
    Ok(Built { component: path, bytes: component.len() as u64, took: begin.elapsed() })
}

/// Puts the file into place in one step: whoever watches it never sees half a component.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), ForgeError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let written = tempfile::Builder::new().prefix(".skep-").tempfile_in(dir).and_then(|mut aside| {
        aside.write_all(bytes)?;
        aside.as_file().set_permissions(Permissions::from_mode(COMPONENT_MODE))?;
        aside.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(ForgeError::at(path))
}
