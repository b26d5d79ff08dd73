//! The key file: one secret of a deployment, and a key for each purpose derived from it.
//!
//! It protects the audit, the bus and the artefact cache against those who can write to the database,
//! to Redis or to the cache but can't read the key. It doesn't protect against this user or root.

use crate::failure::Failure;
use crate::home::{Home, xdg};
use anyhow::{Context, anyhow};
use hkdf::Hkdf;
use rand::TryRngCore;
use sha2::Sha256;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const KEY_BYTES: usize = 32;

/// The secret of a deployment.
pub(crate) struct Key([u8; KEY_BYTES]);

impl Key {
    /// The key for one purpose: HKDF-SHA-256 (RFC 5869) with the purpose as info.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        // 32 bytes are well below HKDF's bound of 255 hashes, so this can't fail.
        let _ = Hkdf::<Sha256>::new(Some(b"skep"), &self.0).expand(purpose.as_bytes(), &mut key);
        key
    }

    /// Reads the key file, making one if there is none.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        match Self::find(path)? {
            Some(key) => Ok(key),
            None => Ok(make(path).with_context(|| format!("key file {}", path.display()))?),
        }
    }

    /// Reads the key file, if there is one.
    pub(crate) fn find(path: &Path) -> Result<Option<Self>, Failure> {
        match std::fs::File::open(path) {
            Ok(file) => Ok(Some(read(file, path)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(anyhow::Error::from(error).context(format!("key file {}", path.display())).into())
            }
        }
    }
}

/// Where the key is: the flag, a systemd credential, the data directory if it was named, else XDG's place.
pub(crate) fn key_path(flag: Option<&Path>, home: &Home) -> Result<PathBuf, Failure> {
    if let Some(path) = flag {
        return Ok(path.to_owned());
    }
    let credentials =
        std::env::var_os("CREDENTIALS_DIRECTORY").map(|dir| PathBuf::from(dir).join("skep-key"));
    match credentials.filter(|path| path.exists()) {
        Some(path) => Ok(path),
        None if home.named => Ok(home.dir().join("key")),
        None => Ok(xdg("XDG_CONFIG_HOME", ".config")?.join("key")),
    }
}

fn read(mut file: std::fs::File, path: &Path) -> anyhow::Result<Key> {
    let what = || format!("key file {}", path.display());
    let mode = file.metadata().with_context(what)?.permissions().mode();
    if mode & others(path) != 0 {
        let way_out =
            format!("others can read it (mode {:o}): chmod 600 it, or make a new one", mode & 0o777);
        return Err(anyhow!(way_out).context(what()));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(what)?;
    let mut key = [0; KEY_BYTES];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| {
        anyhow!("expected {} hex digits: openssl rand -hex {KEY_BYTES}", KEY_BYTES * 2).context(what())
    })?;
    Ok(Key(key))
}

/// The bits that let others in. A credential is given to a service by an access list, whose mask shows
/// in the bits of the group; systemd keeps its directory private.
fn others(path: &Path) -> u32 {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    let is_credential = credentials.is_some_and(|dir| path.starts_with(dir));
    if is_credential { 0o007 } else { 0o077 }
}

fn make(path: &Path) -> anyhow::Result<Key> {
    let mut key = [0; KEY_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut key)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    // Written aside and linked into place, so that of two hosts that start at once both use the same key.
    let mut aside = tempfile::NamedTempFile::new_in(dir)?;
    aside.as_file().set_permissions(std::fs::Permissions::from_mode(0o600))?;
    writeln!(aside, "{}", hex::encode(key))?;
    aside.as_file().sync_all()?;
    match aside.persist_noclobber(path) {
        Ok(_) => Ok(Key(key)),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            read(std::fs::File::open(path)?, path)
        }
        Err(error) => Err(error.error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("below/key");
        let first = Key::load(&path).unwrap().derive("audit");
        assert_eq!(Key::load(&path).unwrap().derive("audit"), first);
        assert_ne!(Key::load(&path).unwrap().derive("bus"), first);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Key::load(&path).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "0123").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Key::load(&path).is_err());
    }
}
