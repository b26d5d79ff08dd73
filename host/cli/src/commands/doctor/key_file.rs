//! The key file: there, private, well formed; and whether it is the one that the audit was made with.

use super::finding::Finding;
use super::ground::Ground;
use crate::keys::{Key, key_path};
use skep_core::{AuditFlaw, AuditRecord, AuditVerifier};

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let Ok(settings) = &ground.settings else { return Vec::new() };
    let path = match key_path(settings.key_file.as_deref(), &ground.home) {
        Ok(path) => path,
        Err(failure) => return vec![Finding::failed(&failure)],
    };
    let mut findings = vec![match Key::find(&path) {
        Ok(Some(_)) => Finding::ok(path.display().to_string()),
        Ok(None) => Finding::information(format!("{} isn't there yet: a host makes it", path.display())),
        Err(failure) => Finding::failed(&failure),
    }];
    if settings.shared.is_some() && settings.key_file.is_none() {
        findings.push(Finding::warning(
            "the hosts of a deployment must share one key file, and none was named",
            "copy one to all of them, and name it: --key-file, or `key_file` in the configuration",
        ));
    }
    findings
}

/// Whether the newest record of the audit was made with this deployment's key. What `skep audit --verify`
/// finds besides isn't asked here.
pub(super) fn fits(ground: &Ground, newest: &AuditRecord) -> Option<Finding> {
    let settings = ground.settings.as_ref().ok()?;
    let path = key_path(settings.key_file.as_deref(), &ground.home).ok()?;
    let way_out = "give the host the key file that it had, or secrets and API keys stay shut for good";
    let Some(key) = Key::find(&path).ok()? else {
        return Some(Finding::problem(
            "there are audit records, and the key they were made with is gone",
            way_out,
        ));
    };
    let flaw = AuditVerifier::new(key.derive("audit")).check(newest);
    Some(match flaw {
        Some(AuditFlaw::Edited { .. }) => Finding::problem(
            format!("the newest audit record wasn't made with the key in {}, or was edited", path.display()),
            way_out,
        ),
        _ => Finding::ok("the key file is the one that the newest audit record was made with"),
    })
}
