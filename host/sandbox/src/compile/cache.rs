//! The cache of artefacts: one file each, authenticated by a key that only this host has.

use crate::SandboxError;
use hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256};
use skep_core::Digest;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;

/// Artefacts kept; the oldest go first.
const ARTEFACTS_MAX: usize = 256;
/// Largest artefact.
pub(super) const ARTEFACT_BYTES_MAX: u64 = 1 << 30;
const MAC_BYTES: usize = 32;
const SUFFIX: &str = "skep";

/// A directory of artefacts for one engine's settings.
pub(super) struct Cache {
    directory: PathBuf,
    key: [u8; 32],
    /// Digest of all that an artefact depends on besides its component: wasmtime's version, the
    /// settings, the processor's features.
    settings: [u8; 32],
}

impl Cache {
    /// Opens the directory, or makes it. It must belong to this user alone.
    pub(super) fn open(directory: PathBuf, key: [u8; 32], engine: &Engine) -> Result<Self, SandboxError> {
        let error = |problem: String| SandboxError::Cache { path: directory.clone(), problem };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(|e| error(format!("can't be made: {e}")))?;
        let found = fs::symlink_metadata(&directory).map_err(|e| error(e.to_string()))?;
        if !found.is_dir() {
            return Err(error("is no directory".into()));
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(error("belongs to another user: remove it or name another".into()));
        }
        if found.mode() & 0o777 != 0o700 {
            let closed = fs::set_permissions(&directory, Permissions::from_mode(0o700));
            closed.map_err(|e| error(format!("can't be closed to others: {e}")))?;
        }
        let mut settings = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut settings);
        Ok(Self { directory, key, settings: settings.0.finalize().into() })
    }

    /// The artefact of a component, if it is there and authentic.
    pub(super) fn read(&self, component: Digest) -> Option<Vec<u8>> {
        let path = self.path(component);
        match self.read_checked(&path, component) {
            Ok(artefact) => Some(artefact),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => {
                tracing::warn!(path = %path.display(), "a cached artefact is ignored and compiled again: {e}");
                None
            }
        }
    }

    /// Keeps an artefact. A cache that can't be written makes the next start slower, nothing else.
    pub(super) fn write(&self, component: Digest, artefact: &[u8]) {
        let path = self.path(component);
        if let Err(e) = self.write_whole(&path, component, artefact).and_then(|()| self.thin_out()) {
            tracing::warn!(path = %path.display(), "an artefact can't be cached: {e}");
        }
    }

    fn path(&self, component: Digest) -> PathBuf {
        let settings = hex::encode(&self.settings[..8]);
        self.directory.join(format!("{}-{settings}.{SUFFIX}", component.hex()))
    }

    fn read_checked(&self, path: &Path, component: Digest) -> io::Result<Vec<u8>> {
        let mut file =
            OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
        let size = trusted(&file)?;
        let mut mac = [0; MAC_BYTES];
        file.read_exact(&mut mac)?;
        let mut artefact = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(ARTEFACT_BYTES_MAX).read_to_end(&mut artefact)?;
        let authentic = self.mac(component, &artefact).verify_slice(&mac);
        authentic.map_err(|_| io::Error::other("its authentication code is wrong"))?;
        Ok(artefact)
    }

    fn write_whole(&self, path: &Path, component: Digest, artefact: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(&self.mac(component, artefact).finalize().into_bytes())?;
        file.write_all(artefact)?;
        file.persist(path)?;
        Ok(())
    }

    fn mac(&self, component: Digest, artefact: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length");
        // Two fixed lengths first, so that no two sets of parts run into each other.
        mac.update(component.as_bytes());
        mac.update(&self.settings);
        mac.update(artefact);
        mac
    }

    /// Removes the oldest artefacts past the limit.
    fn thin_out(&self) -> io::Result<()> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|suffix| suffix == SUFFIX) {
                kept.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        kept.sort();
        let surplus = kept.len().saturating_sub(ARTEFACTS_MAX);
        kept.iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
    }
}

/// Whether what was opened, not what bears its name now, is a plain file that only this user can write.
fn trusted(file: &File) -> io::Result<u64> {
    let found = file.metadata()?;
    let own = found.uid() == rustix::process::geteuid().as_raw();
    if !found.is_file() || !own || found.mode() & 0o022 != 0 {
        return Err(io::Error::other("others could have written it"));
    }
    Ok(found.len())
}

/// Takes what a value hashes, whole, into SHA-256.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}
