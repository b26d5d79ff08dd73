//! The artefact cache: what it gives back is what this host compiled, whatever happens to its files.

use crate::kit::{Caller, call, component, json, limits, permit, settings};
use skep_core::{Digest, Fault, Grants};
use skep_sandbox::{Inspection, Sandbox};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;

const SEVEN: &str = r#"(component
    (core module $m (func (export "f") (result i32) i32.const 7))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;

/// A cache that holds the artefact of `SEVEN`, and the file that it is in.
struct Cached {
    cache: tempfile::TempDir,
    digest: Digest,
    inspection: Inspection,
    artefact: PathBuf,
}

impl Cached {
    async fn new() -> Self {
        let cache = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::new(settings(cache.path())).unwrap();
        let skill = sandbox.prepare(component(SEVEN)).await.unwrap();
        let mut files = std::fs::read_dir(cache.path().join("artefacts")).unwrap();
        let artefact = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        let (digest, inspection) = (skill.component_digest(), skill.inspection().clone());
        Self { cache, digest, inspection, artefact }
    }

    /// Whether a new sandbox on the same directory had to fetch the component again; it must run either way.
    async fn fetches(&self) -> bool {
        self.fetches_with(|_| {}).await
    }

    async fn fetches_with(&self, change: impl FnOnce(&mut skep_sandbox::SandboxSettings)) -> bool {
        let mut settings = settings(self.cache.path());
        change(&mut settings);
        let sandbox = Sandbox::new(settings).unwrap();
        let mut fetched = false;
        let fetch = async || {
            fetched = true;
            Ok(component(SEVEN))
        };
        let skill = sandbox.load(self.digest, &self.inspection, fetch).await.unwrap();
        let services = Arc::new(Caller::default());
        let permit = permit(&Grants::default(), &limits());
        let report = sandbox.run(&skill, &permit, call("f", "{}"), services).await;
        assert_eq!(json(&report.outcome), 7);
        fetched
    }
}

#[tokio::test]
async fn an_untouched_artefact_is_taken_without_a_fetch() {
    assert!(!Cached::new().await.fetches().await);
}

#[tokio::test]
async fn a_changed_artefact_is_compiled_again_and_repaired() {
    let cached = Cached::new().await;
    let mut bytes = std::fs::read(&cached.artefact).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&cached.artefact, bytes).unwrap();
    assert!(cached.fetches().await);
    assert!(!cached.fetches().await);
}

#[tokio::test]
async fn a_truncated_artefact_is_compiled_again() {
    let cached = Cached::new().await;
    for length in [0, 31, 32, 1000] {
        let bytes = std::fs::read(&cached.artefact).unwrap();
        std::fs::write(&cached.artefact, &bytes[..length]).unwrap();
        assert!(cached.fetches().await, "{length} bytes");
    }
}

#[tokio::test]
async fn an_artefact_of_another_key_is_compiled_again() {
    let cached = Cached::new().await;
    assert!(cached.fetches_with(|settings| settings.cache_key = [8; 32]).await);
}

#[tokio::test]
async fn an_authentic_artefact_of_another_component_is_compiled_again() {
    let cached = Cached::new().await;
    let other = Sandbox::new(settings(cached.cache.path())).unwrap();
    let eight = other.prepare(component(&SEVEN.replace("const 7", "const 8"))).await.unwrap();
    let name = cached.artefact.file_name().unwrap().to_str().unwrap().to_owned();
    let name = name.replace(&cached.digest.hex(), &eight.component_digest().hex());
    std::fs::rename(cached.artefact.with_file_name(name), &cached.artefact).unwrap();
    assert!(cached.fetches().await);
}

#[tokio::test]
async fn what_others_could_have_written_is_not_read() {
    let cached = Cached::new().await;
    std::fs::set_permissions(&cached.artefact, PermissionsExt::from_mode(0o620)).unwrap();
    assert!(cached.fetches().await);
}

#[tokio::test]
async fn a_link_in_an_artefacts_place_is_not_followed() {
    let cached = Cached::new().await;
    let elsewhere = cached.cache.path().join("elsewhere");
    std::fs::rename(&cached.artefact, &elsewhere).unwrap();
    symlink(&elsewhere, &cached.artefact).unwrap();
    assert!(cached.fetches().await);
}

#[tokio::test]
async fn the_directory_is_closed_to_others() {
    let cached = Cached::new().await;
    let directory = cached.artefact.parent().unwrap();
    std::fs::set_permissions(directory, PermissionsExt::from_mode(0o777)).unwrap();
    assert!(!cached.fetches().await);
    assert_eq!(std::fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn bytes_of_another_digest_are_refused() {
    let cached = Cached::new().await;
    std::fs::remove_file(&cached.artefact).unwrap();
    let sandbox = Sandbox::new(settings(cached.cache.path())).unwrap();
    let wrong = async || Ok::<_, Fault>(component("(component)"));
    let fault = sandbox.load(cached.digest, &cached.inspection, wrong).await.err().unwrap();
    assert!(fault.message.contains("the bytes kept for component"), "{fault}");
}
