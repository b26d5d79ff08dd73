//! `skep doctor`: what is wrong with an installation, and the way to mend it. It looks, and changes nothing.

mod bus;
mod configuration;
mod database;
mod directories;
mod entrance;
mod finding;
mod ground;
mod host;
mod key_file;
mod machine;
mod skills;
mod toolchains;

use crate::args::{Place, ServeArgs};
use crate::failure::Failure;
use crate::show;
use anyhow::anyhow;
use finding::{Finding, State};
use ground::Ground;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// How long all checks together may take; what has no answer by then is a problem.
const CHECKS_TIME_MAX: Duration = Duration::from_secs(8);

pub(crate) async fn doctor(place: Place, serve: &ServeArgs) -> Result<(), Failure> {
    let (json, elsewhere) = (place.json, place.host.is_some());
    let ground = Arc::new(Ground::new(place, serve)?);
    let here = || {
        vec![
            begin(&ground, "configuration", configuration::check),
            begin(&ground, "directories", directories::check),
            begin(&ground, "key file", key_file::check),
            begin(&ground, "machine", machine::check),
            begin(&ground, "Redis", bus::check),
            begin(&ground, "database", database::check),
            begin(&ground, "entrance", entrance::check),
            begin(&ground, "toolchains", toolchains::check),
        ]
    };
    let mut checks = if elsewhere { Vec::new() } else { here() };
    checks.push(begin(&ground, "host", host::check));
    checks.push(begin(&ground, "skills", skills::check));
    let (until, mut all) = (Instant::now() + CHECKS_TIME_MAX, Vec::new());
    for check in checks {
        all.extend(check.end(until).await);
    }
    tell(json, &all)
}

/// What was looked at, and what was found there.
#[derive(Serialize)]
struct Report {
    check: &'static str,
    #[serde(flatten)]
    finding: Finding,
}

/// A check under way.
struct Check {
    name: &'static str,
    findings: JoinHandle<Vec<Finding>>,
}

/// Begins a check on a thread of its own: a disk that doesn't answer must not keep the others.
fn begin(
    ground: &Arc<Ground>,
    name: &'static str,
    check: impl AsyncFnOnce(&Ground) -> Vec<Finding> + Send + 'static,
) -> Check {
    let (ground, runtime) = (Arc::clone(ground), Handle::current());
    Check { name, findings: tokio::task::spawn_blocking(move || runtime.block_on(check(&ground))) }
}

impl Check {
    async fn end(self, until: Instant) -> Vec<Report> {
        let late = || format!("no answer within {CHECKS_TIME_MAX:?}");
        let findings = match timeout_at(until, self.findings).await {
            Ok(Ok(findings)) => findings,
            Ok(Err(error)) => vec![Finding::problem(format!("the check broke: {error}"), "this is a defect")],
            Err(_) => vec![Finding::problem(late(), "see what hangs there, then look again")],
        };
        findings.into_iter().map(|finding| Report { check: self.name, finding }).collect()
    }
}

fn tell(json: bool, reports: &[Report]) -> Result<(), Failure> {
    let count = |state| reports.iter().filter(|report| report.finding.state == state).count();
    let (problems, warnings) = (count(State::Problem), count(State::Warning));
    if json {
        show::json(&reports)?;
    } else {
        reports.iter().try_for_each(print)?;
    }
    match problems {
        0 if json => Ok(()),
        0 => show::line(format!("no problem, warnings: {warnings}")),
        _ => Err(anyhow!("problems: {problems}, warnings: {warnings}").into()),
    }
}

fn print(Report { check, finding: Finding { state, found, way_out } }: &Report) -> Result<(), Failure> {
    show::line(format!("{:<11}  {check}: {found}", state.as_str()))?;
    way_out.iter().try_for_each(|way_out| show::line(format!("{:<11}  -> {way_out}", "")))
}
