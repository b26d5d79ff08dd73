//! The WIT world of a project: read, checked, and attached to the component with its comments.

use crate::{ForgeError, Project};
use std::path::PathBuf;
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{BinaryReader, BinaryReaderError};
use wit_parser::{PackageId, Resolve, WorldId};

/// Where introspection finds the encoded WIT package of a component.
const WIT_SECTION: &str = "skep:wit";
/// The length of the header of a component.
const HEADER_BYTES: usize = 8;
/// The id of a custom section.
const CUSTOM: u8 = 0;

/// The WIT world of a project.
#[derive(Debug)]
pub struct World {
    /// The folders to give to a tool, in this order: `wit`, or Skep's own and then `wit`.
    pub dirs: Vec<PathBuf>,
    /// Its name.
    pub name: String,
    /// All packages.
    pub resolve: Resolve,
    /// The package that the world is in.
    pub package: PackageId,
    /// The world.
    pub id: WorldId,
    /// Whether it is the project's own, not Skep's `skill`.
    pub is_own: bool,
}

impl World {
    /// The project's own world, from `wit`; for a contract skill without one, Skep's `skill`.
    ///
    /// Where `wit` has no `deps`, it may refer to Skep's packages and WASI's: they are in `.skep/wit`.
    pub(crate) fn of(project: &Project) -> Result<Self, ForgeError> {
        let (own, skeps) = (project.wit_dir(), project.skep_wit_dir());
        let is_own = own.is_dir();
        let dirs = match (is_own, own.join("deps").is_dir()) {
            (true, true) => vec![own],
            (true, false) => vec![skeps, own],
            (false, _) => vec![skeps],
        };
        if !is_own && project.shape() == crate::ProjectShape::Typed {
            let wit = project.wit_dir();
            let said =
                format!("`{}` is missing: a typed skill's tools are what its world exports", wit.display());
            return Err(ForgeError::Wit(said));
        }
        let mut resolve = Resolve::default();
        let mut package = None;
        for dir in &dirs {
            match resolve.push_dir(dir) {
                Ok((id, _)) => package = Some(id),
                Err(error) => return Err(ForgeError::Wit(resolve.render_error(&error))),
            }
        }
        let Some(package) = package else { return Err(ForgeError::Wit("there is none".to_owned())) };
        let id = choose(&resolve, package, project)?;
        let name = resolve.worlds[id].name.clone();
        Ok(Self { dirs, name, resolve, package, id, is_own })
    }
}

/// The only world of the package, or the one that is named like the skill.
fn choose(resolve: &Resolve, package: PackageId, project: &Project) -> Result<WorldId, ForgeError> {
    let name = project.manifest().skill.name.as_str();
    let only = resolve.select_world(&[package], None);
    let chosen = only.or_else(|_| resolve.select_world(&[package], Some(name)));
    chosen.map_err(|_| {
        let worlds: Vec<_> = resolve.packages[package].worlds.keys().map(String::as_str).collect();
        let said = format!(
            "which world? There must be one, or one named `{name}`; there are: {}",
            worlds.join(", ")
        );
        ForgeError::Wit(said)
    })
}

/// Puts the encoded WIT package of `world` into a component, in place of an older one: toolchains drop the
/// comments, and introspection takes the descriptions of tools from there.
pub fn attach_wit(component: &[u8], world: &World) -> Result<Vec<u8>, ForgeError> {
    let encoded = wit_component::encode(&world.resolve, world.package);
    let encoded = encoded.map_err(|error| ForgeError::Wit(format!("{error:#}")))?;
    let broken = |error: BinaryReaderError| crate::ComponentError::Malformed(error.to_string());
    let mut made = without(component, WIT_SECTION).map_err(broken)?;
    CustomSection { name: WIT_SECTION.into(), data: encoded.into() }.append_to_component(&mut made);
    Ok(made)
}

/// The component without its own custom sections of that name; those of its parts stay.
fn without(component: &[u8], name: &str) -> Result<Vec<u8>, BinaryReaderError> {
    let mut reader = BinaryReader::new(component, 0);
    let mut made = reader.read_bytes(HEADER_BYTES)?.to_vec();
    while !reader.eof() {
        let start = reader.original_position();
        let id = reader.read_u8()?;
        let size = reader.read_var_u32()?;
        let body = reader.read_bytes(size as usize)?;
        if id != CUSTOM || BinaryReader::new(body, 0).read_string()? != name {
            made.extend_from_slice(&component[start..reader.original_position()]);
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const WIT: &str = "package local:skill;\nworld skill {\n    /// Greets.\n    export greet: func();\n}\n";

    fn project(dir: &std::path::Path, shape: &str, wit: &str) -> Project {
        let manifest = format!(
            "[skill]\nname = \"greet\"\nversion = \"0.1.0\"\ncomponent = \"greet.wasm\"\n\
             [build]\nlanguage = \"rust\"\nshape = \"{shape}\"\n"
        );
        fs::write(dir.join("skill.toml"), manifest).unwrap();
        if !wit.is_empty() {
            fs::create_dir(dir.join("wit")).unwrap();
            fs::write(dir.join("wit/world.wit"), wit).unwrap();
        }
        let project = Project::open(dir).unwrap();
        project.refresh().unwrap();
        project
    }

    #[track_caller]
    fn world(wit: &str) -> Result<World, String> {
        let dir = tempfile::tempdir().unwrap();
        let world = project(dir.path(), "typed", wit).world();
        world.map(Option::unwrap).map_err(|error| error.to_string())
    }

    #[test]
    fn a_world_may_stand_on_what_skep_serves() {
        let plain = world(WIT).unwrap();
        assert_eq!((plain.name.as_str(), plain.is_own), ("skill", true));
        let wit =
            "package a:b;\nworld w {\n import skep:skill/context@0.1.0;\n export wasi:cli/run@0.2.12;\n}";
        assert_eq!(world(wit).unwrap().name, "w");
        let two = "package a:b;\nworld other {}\nworld greet {}\n";
        assert_eq!(world(two).unwrap().name, "greet");
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let check = |wit: &str, says: &str| {
            let said = world(wit).unwrap_err();
            assert!(said.contains(says), "{said}");
        };
        check(&WIT.replace("func()", "func(a: strin)"), "world.wit:4:27");
        check("package a:b;\nworld x {}\nworld y {}", "there are: x, y");
        check("", "wit` is missing");
    }

    #[test]
    fn the_newest_wit_is_attached_once() {
        let component = wat::parse_str("(component (core module (@custom \"skep:wit\" \"deep\")))").unwrap();
        let first = attach_wit(&component, &world(&WIT.replace("Greets.", "Old words.")).unwrap()).unwrap();
        let second = attach_wit(&first, &world(WIT).unwrap()).unwrap();
        let has =
            |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(has(&first, "Old words.") && !has(&second, "Old words."));
        assert!(has(&second, "Greets.") && has(&second, "deep"));
        assert!(second.starts_with(&component));
        assert!(attach_wit(&component[..component.len() - 1], &world(WIT).unwrap()).is_err());
    }
}
