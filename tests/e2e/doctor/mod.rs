//! `skep doctor`: what each check says of what is broken, and that none of them changes anything.

mod here;
mod host;
mod servers;

use crate::deployment::skep;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// What the doctor said.
struct Said {
    output: Output,
    findings: Vec<Value>,
}

/// Asks the doctor about the data directory `dir/data`, with `dir` as home.
fn doctor(dir: &Path, flags: &[&str]) -> Said {
    let mut command = skep();
    command.env("HOME", dir).current_dir(dir);
    command.arg("doctor").arg("--json").arg("--data").arg(dir.join("data")).args(flags);
    asked(command)
}

fn asked(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let findings = serde_json::from_slice(&output.stdout);
    let findings = findings.unwrap_or_else(|error| panic!("{error}: {}", crate::deployment::said(&output)));
    Said { output, findings }
}

impl Said {
    /// That a check found something in such a state, in such words, and nothing worse.
    #[track_caller]
    fn found(&self, check: &str, state: &str, says: &str) -> &Self {
        let of_check: Vec<_> = self.findings.iter().filter(|finding| finding["check"] == check).collect();
        let fits = |finding: &&&Value| finding["state"] == state && finding.to_string().contains(says);
        assert!(of_check.iter().any(|finding| fits(&finding)), "{check} is {state}, {says}: {of_check:#?}");
        self
    }

    /// That nothing else is a problem than what these checks found, and that the exit code says so.
    #[track_caller]
    fn problems(&self, checks: &[&str]) -> &Self {
        let problems = self.findings.iter().filter(|finding| finding["state"] == "problem");
        let mut of: Vec<_> = problems.map(|finding| finding["check"].as_str().unwrap()).collect();
        of.dedup();
        assert_eq!(of, checks, "{:#?}", self.findings);
        let code = i32::from(!checks.is_empty());
        assert_eq!(self.output.status.code(), Some(code), "{:?}", self.output);
        self
    }
}
