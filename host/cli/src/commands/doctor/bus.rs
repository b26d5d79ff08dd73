//! Redis: it answers, is new enough, keeps what it is given, and its clock is right.

use super::finding::Finding;
use super::ground::Ground;
use crate::settings::Shared;
use skep_bus::{Diagnosis, diagnose};
use skep_core::ByteSize;
use std::time::Duration;

/// The oldest Redis that has what the bus needs.
const MAJOR_MIN: u64 = 7;
/// With its memory this full, in percent, messages will soon be refused.
const MEMORY_HIGH: u64 = 90;
/// Deadlines travel as points in time: clocks further apart than this end calls early, or late.
const CLOCK_OFF_MAX: Duration = Duration::from_secs(2);

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let Ok(settings) = &ground.settings else { return Vec::new() };
    let Some(Shared { redis, .. }) = &settings.shared else {
        return vec![Finding::information("none: this deployment is one host, with its messages in memory")];
    };
    match diagnose(redis).await {
        Ok(said) => judge(&said),
        Err(error) => {
            vec![Finding::problem(error.to_string(), "start it, or correct its address: --redis, SKEP_REDIS")]
        }
    }
}

fn judge(said: &Diagnosis) -> Vec<Finding> {
    let mut findings = vec![version(&said.version)];
    findings.extend(eviction(said));
    if said.memory_max > 0 && said.memory.saturating_mul(100) > said.memory_max.saturating_mul(MEMORY_HIGH) {
        let [taken, max] = [said.memory, said.memory_max].map(ByteSize);
        findings.push(Finding::warning(format!("{taken} of its {max} are taken"), "raise maxmemory"));
    }
    if !said.appends {
        findings.push(Finding::warning(
            "it keeps nothing on its disk (appendonly no): with it go calls under way and what skills keep in `hot`",
            "appendonly yes",
        ));
    }
    if !said.takes_writes {
        findings.push(Finding::problem(
            "it is a copy of another, and takes no writes",
            "name the other: --redis",
        ));
    }
    if said.clock_off > CLOCK_OFF_MAX {
        let found = format!("its clock and this machine's are {:?} apart", said.clock_off);
        findings.push(Finding::problem(found, "let both keep time by NTP: calls end by their deadlines"));
    }
    findings
}

fn version(version: &str) -> Finding {
    let major = version.split('.').next().and_then(|major| major.parse().ok());
    if major >= Some(MAJOR_MIN) {
        return Finding::ok(format!("version {version} answers"));
    }
    Finding::problem(format!("version `{version}` is too old"), format!("{MAJOR_MIN}.0 or later"))
}

fn eviction(said: &Diagnosis) -> Option<Finding> {
    let policy = &said.eviction;
    if policy == "noeviction" {
        return None;
    }
    let way_out = "maxmemory-policy noeviction";
    Some(match said.memory_max {
        0 => {
            Finding::warning(format!("once it is given a maxmemory, {policy} throws messages away"), way_out)
        }
        _ => Finding::problem(format!("with its memory full, {policy} throws messages away"), way_out),
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    /// What is found of a good Redis with one thing changed.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Diagnosis), state: State, says: &str) {
        let mut said = Diagnosis {
            version: "7.0.15".to_owned(),
            eviction: "noeviction".to_owned(),
            memory_max: 100,
            memory: 10,
            appends: true,
            takes_writes: true,
            clock_off: Duration::from_millis(3),
        };
        change(&mut said);
        let findings = judge(&said);
        let worst = findings.iter().find(|finding| finding.found.contains(says));
        assert_eq!(worst.map(|finding| finding.state), Some(state), "{findings:?}");
        let all_well = findings.iter().all(|finding| finding.state == State::Ok);
        assert_eq!(all_well, state == State::Ok, "{findings:?}");
    }

    #[test]
    fn each_flaw_is_told_and_nothing_else() {
        check(|_| {}, State::Ok, "7.0.15");
        check(|said| said.version = "8.2.1".to_owned(), State::Ok, "8.2.1");
        check(|said| said.version = "6.2.14".to_owned(), State::Problem, "6.2.14");
        check(|said| said.version = String::new(), State::Problem, "too old");
        check(|said| said.eviction = "allkeys-lru".to_owned(), State::Problem, "allkeys-lru");
        let unbounded = |said: &mut Diagnosis| {
            (said.eviction, said.memory_max) = ("volatile-ttl".to_owned(), 0);
        };
        check(unbounded, State::Warning, "volatile-ttl");
        check(|said| said.memory = 91, State::Warning, "91");
        check(|said| said.appends = false, State::Warning, "appendonly");
        check(|said| said.takes_writes = false, State::Problem, "a copy");
        check(|said| said.clock_off = Duration::from_secs(3), State::Problem, "3s apart");
    }
}
