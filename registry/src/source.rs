//! Where a skill comes from: a file, a folder, or the parts of an upload.

use crate::frontmatter;
use bytes::Bytes;
use skep_core::{Digest, Fault, Manifest, SkillName};
use skep_forge::ComponentError;
use std::borrow::Cow;
use std::path::Path;
use tokio::task::spawn_blocking;

/// Largest component that is read, in bytes.
const COMPONENT_BYTES_MAX: u64 = 64 << 20;
/// Largest manifest or prompt that is read, in bytes.
const TEXT_BYTES_MAX: u64 = 256 << 10;

/// A skill before it is installed: its component or the core module that will be one, and its manifest and prompt if it has them.
#[derive(Debug, Clone)]
pub struct Source {
    pub(crate) component: Bytes,
    pub(crate) manifest: Option<(String, Manifest)>,
    pub(crate) prompt: Option<String>,
    /// The name to install under, if the manifest gives none.
    pub(crate) name: Option<SkillName>,
}

impl Source {
    /// A skill from its parts.
    pub fn new(component: Bytes, manifest: Option<String>, prompt: Option<String>) -> Result<Self, Fault> {
        let parse = |text: String| {
            let manifest = Manifest::parse(&text).map_err(|e| Fault::invalid_input(e.to_string()))?;
            Ok((text, manifest))
        };
        if component.len() as u64 > COMPONENT_BYTES_MAX {
            return Err(too_large("the component", component.len() as u64, COMPONENT_BYTES_MAX));
        }
        let manifest = manifest.map(parse).transpose()?;
        if let Some(prompt) = &prompt {
            frontmatter::check(prompt).map_err(|e| Fault::invalid_input(format!("SKILL.md: {e}")))?;
        }
        Ok(Self { component, manifest, prompt, name: None })
    }

    /// The same under the name that an operator chose; only for a component without a manifest.
    pub fn named(mut self, name: SkillName) -> Result<Self, Fault> {
        if let Some((_, manifest)) = self.manifest.as_ref().filter(|(_, m)| m.skill.name != name) {
            let given = &manifest.skill.name;
            return Err(Fault::invalid_input(format!(
                "the manifest names the skill `{given}`: leave out --name"
            )));
        }
        self.name = Some(name);
        Ok(self)
    }

    /// Reads a `.wasm` file, or a folder with `skill.toml`, its component and perhaps `SKILL.md`.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let meta = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        if meta.is_dir() { read_folder(path) } else { read_file(path) }
    }

    /// Reads a skill's folder, for a component that isn't in its place there yet.
    pub fn with_component(folder: &Path, component: Bytes) -> Result<Self, Fault> {
        read_parts(folder, |_| Ok(component))
    }

    /// The same as a component: a core module is adapted, and what comes of it is what is stored, digested
    /// and inspected.
    pub async fn adapted(self) -> Result<Self, Fault> {
        let bytes = self.component.clone();
        let adapt = move || match skep_forge::componentize(&bytes)? {
            Cow::Owned(component) => Ok(Bytes::from(component)),
            Cow::Borrowed(_) => Ok(bytes.clone()),
        };
        let adapted: Result<Bytes, ComponentError> = spawn_blocking(adapt)
            .await
            .map_err(|error| Fault::internal(format!("adapting the component: {error}")))?;
        let component = adapted.map_err(|error| Fault::invalid_component(error.to_string()))?;
        Ok(Self { component, ..self })
    }

    /// The digest of component and manifest, to which grants are bound.
    pub fn digest(&self) -> Digest {
        let manifest = self.manifest.as_ref().map_or("", |(text, _)| text);
        Digest::of_parts(&[&self.component, manifest.as_bytes()])
    }

    /// The component's bytes, or the core module's until it is [adapted](Self::adapted).
    pub fn component(&self) -> &Bytes {
        &self.component
    }

    /// The manifest's text, if there is one.
    pub fn manifest_text(&self) -> Option<&str> {
        self.manifest.as_ref().map(|(text, _)| text.as_str())
    }

    /// The manifest, if there is one.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref().map(|(_, manifest)| manifest)
    }

    /// The prompt (`SKILL.md`), if there is one.
    pub fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    /// The name to install under: the manifest's, else the operator's choice, else the file's.
    pub fn name(&self) -> Option<&SkillName> {
        self.manifest().map(|m| &m.skill.name).or(self.name.as_ref())
    }
}

fn read_folder(folder: &Path) -> Result<Source, Fault> {
    read_parts(folder, |manifest| {
        let path = folder.join(&manifest.skill.component);
        if manifest.build.is_some() && !path.exists() {
            let (path, folder) = (path.display(), folder.display());
            return Err(Fault::invalid_input(format!(
                "`{path}` isn't built yet: `skep build {folder}` makes it"
            )));
        }
        Ok(read_bounded(&path, COMPONENT_BYTES_MAX)?.into())
    })
}

fn read_parts(
    folder: &Path,
    component: impl FnOnce(&Manifest) -> Result<Bytes, Fault>,
) -> Result<Source, Fault> {
    let manifest_path = folder.join("skill.toml");
    if !manifest_path.exists() {
        let path = folder.display();
        return Err(Fault::invalid_input(format!(
            "`{path}` holds no skill.toml: name a skill's folder or a .wasm file"
        )));
    }
    let manifest = read_text(&manifest_path)?;
    let parsed =
        Manifest::parse(&manifest).map_err(|e| Fault::invalid_input(format!("{}: {e}", folder.display())))?;
    let component = component(&parsed)?;
    let prompt_path = folder.join("SKILL.md");
    let prompt = if prompt_path.exists() { Some(read_text(&prompt_path)?) } else { None };
    Source::new(component, Some(manifest), prompt)
}

fn read_file(path: &Path) -> Result<Source, Fault> {
    let component = read_bounded(path, COMPONENT_BYTES_MAX)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.to_lowercase().replace(['_', '.', ' '], "-").parse().ok();
    Ok(Source { name, ..Source::new(component.into(), None, None)? })
}

fn read_text(path: &Path) -> Result<String, Fault> {
    let bytes = read_bounded(path, TEXT_BYTES_MAX)?;
    String::from_utf8(bytes)
        .map_err(|_| Fault::invalid_input(format!("`{}` is not UTF-8 text", path.display())))
}

fn read_bounded(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Fault> {
    let meta = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?;
    if !meta.is_file() {
        return Err(Fault::invalid_input(format!("`{}` is no regular file", path.display())));
    }
    if meta.len() > bytes_max {
        return Err(too_large(&format!("`{}`", path.display()), meta.len(), bytes_max));
    }
    std::fs::read(path).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::invalid_input(format!("can't read `{}`: {error}", path.display()))
}

fn too_large(what: &str, size: u64, max: u64) -> Fault {
    Fault::invalid_component(format!("{what} has {size} bytes, at most {max} are taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[skill]\nname = \"a\"\nversion = \"1.0.0\"\ncomponent = \"a.wasm\"\n";

    #[test]
    fn folders_and_files_read() {
        let dir = tempfile::tempdir().unwrap();
        let check_err = |says: &str| {
            let error = Source::read(dir.path()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        check_err("no skill.toml");
        std::fs::write(dir.path().join("skill.toml"), MANIFEST).unwrap();
        check_err("a.wasm");
        let build = "[build]\nlanguage = \"rust\"\nshape = \"typed\"\n";
        std::fs::write(dir.path().join("skill.toml"), format!("{MANIFEST}{build}")).unwrap();
        check_err("isn't built yet: `skep build ");
        std::fs::write(dir.path().join("a.wasm"), b"\0asm").unwrap();
        std::fs::write(dir.path().join("SKILL.md"), "---\nname: a\ndescription: d\n---\nDo it.").unwrap();
        let source = Source::read(dir.path()).unwrap();
        assert_eq!(source.name().unwrap().as_str(), "a");
        std::fs::write(dir.path().join("My_Tool.wasm"), b"\0asm").unwrap();
        let bare = Source::read(&dir.path().join("My_Tool.wasm")).unwrap();
        assert_eq!(bare.name().unwrap().as_str(), "my-tool");
        assert_ne!(bare.digest(), source.digest());
    }

    #[tokio::test]
    async fn a_core_module_is_adapted_once_and_a_component_stays() {
        let read = |text: &str| Source::new(wat::parse_str(text).unwrap().into(), None, None).unwrap();
        let module = read(r#"(module (memory (export "memory") 1) (func (export "_start")))"#);
        let component = module.clone().adapted().await.unwrap();
        assert_ne!(component.digest(), module.digest());
        assert_eq!(component.clone().adapted().await.unwrap().digest(), component.digest());
        let fault = read(r#"(module (import "env" "now" (func)))"#).adapted().await.unwrap_err();
        assert_eq!(fault.code, skep_core::FaultCode::InvalidComponent);
        assert!(fault.message.contains("`env.now`"), "{fault}");
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big.wasm");
        std::fs::File::create(&path).unwrap().set_len(COMPONENT_BYTES_MAX + 1).unwrap();
        let error = Source::read(&path).unwrap_err();
        assert!(error.message.contains("at most"), "{error}");
    }
}
