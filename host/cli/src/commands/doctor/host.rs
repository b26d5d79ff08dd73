//! The running host: it answers, is of this version, and all that it needs is there.

use super::finding::Finding;
use super::ground::Ground;
use skep_api::types::Health;

/// This program's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    if !ground.has_host() {
        return vec![Finding::information("none runs here: `skep serve` starts one")];
    }
    let health = match ground.client() {
        Ok(client) => client.health().await,
        Err(failure) => return vec![Finding::failed(&failure)],
    };
    match health {
        Ok(health) => judge(&health),
        Err(failure) if ground.place.host.is_none() && ground.holder().is_none() => {
            // What a host leaves that was killed; the next one clears it away.
            vec![Finding::information(format!("the last one was killed, none runs now ({failure})"))]
        }
        Err(failure) => {
            let way_out = "look at its log; if it hangs, stop it and start it again";
            vec![Finding::problem(failure.to_string(), way_out)]
        }
    }
}

fn judge(Health { version, parts }: &Health) -> Vec<Finding> {
    let mut findings = vec![if version == VERSION {
        Finding::ok(format!("version {version} answers"))
    } else {
        Finding::warning(
            format!("it is of version {version}, and this program of {VERSION}"),
            "stop it, and start it again with this program",
        )
    }];
    for (part, _) in parts.iter().filter(|(_, state)| *state != "ok") {
        findings.push(Finding::problem(format!("its {part} is unavailable"), "its log says why"));
    }
    findings
}
