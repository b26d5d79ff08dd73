//! Skills and audit records to store.

use bytes::Bytes;
use skep_core::{
    AuditAction, AuditChain, AuditEvent, AuditRecord, Digest, DomainName, Grants, Incarnation, Principal,
    SkillName, UnixMs,
};
use skep_store::{Publish, SkillRow, Store, VersionRow, VersionState};

pub(crate) const AUDIT_KEY: [u8; 32] = [7; 32];

pub(crate) fn domain() -> DomainName {
    DomainName::default()
}

pub(crate) fn name(name: &str) -> SkillName {
    name.parse().unwrap()
}

pub(crate) fn version(version: &str) -> semver::Version {
    version.parse().unwrap()
}

/// A current version of skill `echo` whose component is `code`, for a skill that isn't there yet.
pub(crate) fn publish(number: &str, code: &[u8]) -> Publish {
    let component = Bytes::copy_from_slice(code);
    let row = VersionRow {
        version: version(number),
        digest: Digest::of_parts(&[code, b"manifest"]),
        component: Digest::of(code),
        component_bytes: code.len() as u64,
        manifest: Some(format!("[skill]\nversion = \"{number}\"\ndescription = \"ä ☃ 🐝\"")),
        prompt: None,
        inspection: r#"{"tools":[]}"#.to_owned(),
        state: VersionState::Current,
        published: UnixMs::now(),
    };
    Publish {
        domain: domain(),
        name: name("echo"),
        row,
        component,
        replace: false,
        grants: None,
        expect: None,
    }
}

pub(crate) fn waiting(mut publish: Publish) -> Publish {
    publish.row.state = VersionState::Waiting;
    publish
}

/// The same, decided on `revision`.
pub(crate) fn expecting(mut publish: Publish, revision: u64) -> Publish {
    publish.expect = Some(revision);
    publish
}

pub(crate) fn grants(file: &str) -> Grants {
    let mut grants = Grants::from_flags(&[format!("{file}:/data:ro")], &["A=1".to_owned()], &[]).unwrap();
    grants.digests.insert(Digest::of(file.as_bytes()));
    grants
}

/// Skill `echo`, which must be there.
pub(crate) async fn echo(store: &Store) -> SkillRow {
    store.skill_load(&domain(), &name("echo")).await.unwrap().unwrap()
}

/// The versions of skill `echo` and where they stand, in order.
pub(crate) async fn standing(store: &Store) -> Vec<String> {
    let mut standing: Vec<_> =
        echo(store).await.versions.iter().map(|row| format!("{} {}", row.version, row.state)).collect();
    standing.sort();
    standing
}

pub(crate) fn event(skill: &str, at: u64) -> AuditEvent {
    let chain = vec![Principal::Operator("local".into())];
    AuditEvent {
        at: UnixMs(at),
        duration_us: 1,
        input_bytes: 2,
        output_bytes: 3,
        detail: "ä ☃ 🐝".to_owned(),
        ..AuditEvent::new(AuditAction::Call, chain, domain(), Some(name(skill)))
    }
}

pub(crate) fn chain(events: &[AuditEvent]) -> Vec<AuditRecord> {
    let mut chain = AuditChain::new(Incarnation::fresh(), AUDIT_KEY);
    events.iter().map(|event| chain.next(event).unwrap()).collect()
}

/// A chain of `length` calls of skill `echo`, at 1, 2, 3, …
pub(crate) fn calls(length: u64) -> Vec<AuditRecord> {
    chain(&Vec::from_iter((1..=length).map(|at| event("echo", at))))
}
