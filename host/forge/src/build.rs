//! `skep build`: from a project to a component, and that into its place.

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
    /// Where the component belongs; it isn't there before [`place`](Self::place).
    pub component: PathBuf,
    /// The component.
    pub bytes: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

impl Built {
    /// Puts the component into its place, once it is known to be good.
    pub fn place(&self) -> Result<(), ForgeError> {
        replace(&self.component, &self.bytes)
    }
}

/// Builds a project. The last component stays as it is until the new one is [placed](Built::place).
pub fn build(project: &Project, tools: &Tools<'_>) -> Result<Built, ForgeError> {
    let begin = Instant::now();
    project.refresh()?;
    let world = project.world()?;
    let artifact = project.language().build(project, tools)?;
    let wasm = fs::read(&artifact.0).map_err(ForgeError::at(&artifact.0))?;
    tools.say("making the component");
    let component = componentize(&wasm)?;
    let bytes = match world.filter(|world| world.is_own) {
        Some(world) => attach_wit(&component, &world)?,
        None => component.into_owned(),
    };
    Ok(Built { component: project.component(), bytes, took: begin.elapsed() })
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
