//! The machine: address space for the sandboxes, files that may be open, what the kernel can do.

use super::finding::Finding;
use super::ground::Ground;
use rustix::process::{Resource, getrlimit};
use std::fs;

/// Connections, and files that skills have open: below this, busy hosts run out.
const FILES_MIN: u64 = 4096;

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let Ok(settings) = &ground.settings else { return Vec::new() };
    let places = settings.instances().saturating_add(settings.sessions);
    let mut findings = Vec::new();
    match skep_sandbox::diagnose(places) {
        Ok(machine) => {
            findings.push(Finding::ok(format!("there is address space for {places} sandboxes")));
            findings.push(pages(machine.tells_written_pages));
        }
        Err(error) => findings.push(Finding::problem(
            error.to_string(),
            "raise `ulimit -v`, or lower `slots` and `sessions`: each sandbox reserves address space",
        )),
    }
    let (whose, limit) = files_max(ground.holder());
    findings.push(files(whose, limit));
    findings
}

fn pages(told: bool) -> Finding {
    if told {
        return Finding::ok("the kernel tells which pages a sandbox wrote to (PAGEMAP_SCAN)");
    }
    Finding::information(
        "the kernel doesn't tell which pages a sandbox wrote to: from Linux 6.7 on, calls are faster",
    )
}

/// How many files may be open: in the process that holds the data directory if there is one, else here.
fn files_max(holder: Option<u32>) -> (&'static str, u64) {
    let limits = holder.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/limits")).ok());
    let of_host = limits.and_then(|limits| {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        Some(line.split_whitespace().next()?.parse().unwrap_or(u64::MAX))
    });
    match of_host {
        Some(limit) => ("the host", limit),
        None => ("a host started here", getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)),
    }
}

fn files(whose: &str, limit: u64) -> Finding {
    if limit >= FILES_MIN {
        return Finding::ok(format!("{whose} may have {limit} files and connections open"));
    }
    Finding::warning(
        format!("{whose} may have only {limit} files and connections open"),
        format!("`ulimit -n {FILES_MIN}` or more before it starts; in a systemd unit, LimitNOFILE="),
    )
}
