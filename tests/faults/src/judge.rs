//! The judgement: the ledger and the effects, which are outside, against the system's own books.

mod again;
mod audit;
mod case;

pub use audit::audit;

use crate::books::Books;
use crate::fleet::Fleet;
use crate::life::defect;
use crate::load::Load;
use crate::verdict::{Times, Verdict};
use case::{Case, cases, found};
use std::time::Duration;

/// How long jobs may go on once nothing fails any more.
const SETTLE_MAX: Duration = Duration::from_secs(120);
/// How long a submission may take to be answered while hosts live: they give themselves 20 s.
const SUBMIT_MAX: Duration = Duration::from_secs(21);

/// What can't be asked of every fault.
#[derive(Debug, Clone, Copy)]
pub struct Strict {
    /// The audit is whole: nobody is killed who holds records that are on their way.
    pub audit: bool,
    /// Nothing runs more often than it is started: the bus doesn't forget what it has delivered.
    pub starts: bool,
    /// What may become of hosts.
    pub hosts: Hosts,
    /// What was under way at a kill is started again so soon, 99 times of 100.
    pub again: Option<Duration>,
}

/// What may become of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// Nothing: they live, and answer each submission.
    Live,
    /// They are killed, and never end by themselves.
    Killed,
    /// They end by themselves once others may have thought them dead.
    End,
}

/// What scenarios ask of a judgement beside its verdict.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// How many attempts were interrupted.
    pub interrupted: usize,
    /// How many kills interrupted something that the killed host held.
    pub hits: usize,
    /// What the audit must have of these jobs.
    pub records: Vec<String>,
}

/// Waits until all is over, and judges every job that was submitted.
pub async fn jobs(
    verdict: &mut Verdict,
    fleet: &Fleet,
    load: &Load,
    strict: Strict,
) -> anyhow::Result<Judged> {
    let url = fleet.maria.lock().url();
    let mut books = Books::open(&url).await?;
    let open = books.settled(SETTLE_MAX).await?;
    verdict.must(open == 0, || format!("{open} jobs are not over {SETTLE_MAX:?} after the last fault"));
    let (jobs, entries, effects) = (books.jobs().await?, load.ledger.entries(), fleet.effects.all());
    let cases = cases(&entries, &jobs, &effects, |life| Some(fleet.host_of(life)?.name.clone()));
    submissions(verdict, load, strict);
    verdict.figure("jobs accepted", cases.iter().filter(|case| !case.entry.ids.is_empty()).count());
    let seen = cases.iter().filter(|case| case.entry.seen.is_some()).count();
    verdict.figure("results seen before the end", seen);
    verdict.must(seen > 0, || "no result was seen before the end".to_owned());
    verdict.none("accepted and lost", &found(&cases, Case::lost));
    verdict.none("accepted twice", &found(&cases, Case::twice));
    verdict.none("results that changed", &found(&cases, Case::changed));
    verdict.none("lives that make no sense", &found(&cases, |case| case.job.and_then(defect)));
    verdict.none("results of no execution of the last attempt", &found(&cases, Case::stale));
    verdict.none("dead letters", &found(&cases, Case::dead));
    let unstarted = found(&cases, Case::unstarted);
    match strict.starts {
        true => verdict.none("executed more often than started", &unstarted),
        false => verdict.figure("executed more often than started", unstarted.len()),
    }
    let interrupted =
        cases.iter().flat_map(|case| &case.attempts).filter(|attempt| attempt.interrupted).count();
    let records = cases.iter().flat_map(|case| case.records(strict.audit)).collect();
    Ok(Judged { interrupted, hits: again::judge(verdict, &cases, &fleet.kills(), strict.again), records })
}

/// How submissions were answered.
fn submissions(verdict: &mut Verdict, load: &Load, strict: Strict) {
    let (name, took) = ("submissions answered within", load.took().into_iter().collect::<Times>());
    let (unanswered, silent) = ("submissions without an answer", load.silent());
    match strict.hosts {
        Hosts::Live => {
            verdict.within(name, &took, 100, SUBMIT_MAX);
            verdict.none(unanswered, &silent);
        }
        Hosts::Killed | Hosts::End => {
            verdict.figure(name, took);
            verdict.figure(unanswered, silent.len());
        }
    }
    verdict.none("refused for good", &load.refused());
}
