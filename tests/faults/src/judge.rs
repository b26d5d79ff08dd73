//! The judgement: the ledger and the effects, which are outside, against the system's own books.

use crate::books::{Books, Job, Step};
use crate::fleet::Fleet;
use crate::ledger::Entry;
use crate::life::{Attempt, attempts, defect};
use crate::load::Load;
use crate::rest::Ask;
use crate::verdict::{Times, Verdict};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long jobs may go on once nothing fails any more.
const SETTLE_MAX: Duration = Duration::from_secs(120);
/// How long checking the whole audit may take.
const AUDIT_MAX: Duration = Duration::from_secs(300);
/// How long records of it may be on their way.
const AUDIT_SETTLE_MAX: Duration = Duration::from_secs(60);
/// How often it is checked meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How attempts end that come to nothing.
const SETBACKS: [&str; 3] = ["interrupted", "deferred", "failed"];

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

/// What is known of one job from all sides.
struct Case<'a> {
    key: &'a str,
    entry: &'a Entry,
    job: Option<&'a Job>,
    attempts: Vec<Attempt>,
    /// Jobs in the database with its key.
    rows: usize,
    effects: usize,
}

/// Waits until all is over, and judges every job that was submitted; says how many attempts were interrupted.
/// `kills` are the times at which hosts were killed, in Unix milliseconds.
pub async fn jobs(
    verdict: &mut Verdict,
    fleet: &Fleet,
    load: &Load,
    kills: &[u64],
    strict: Strict,
) -> anyhow::Result<usize> {
    let url = fleet.maria.lock().url();
    let mut books = Books::open(&url).await?;
    let open = books.settled(SETTLE_MAX).await?;
    verdict.must(open == 0, || format!("{open} jobs are not over {SETTLE_MAX:?} after the last fault"));
    let (jobs, entries, effects) = (books.jobs().await?, load.ledger.entries(), fleet.effects.counts());
    let mut rows = HashMap::<&str, usize>::new();
    jobs.values().for_each(|job| *rows.entry(&job.key).or_default() += 1);
    let case = |(key, entry)| case(key, entry, &jobs, &rows, &effects);
    let cases: Vec<_> = entries.iter().map(case).collect();
    verdict.figure("jobs accepted", cases.iter().filter(|case| !case.entry.ids.is_empty()).count());
    verdict.figure("submissions answered within", load.took().into_iter().collect::<Times>());
    verdict.none("refused for good", &load.refused());
    match strict.hosts {
        Hosts::Live => verdict.none("submissions without an answer", &load.silent()),
        Hosts::Killed | Hosts::End => verdict.figure("submissions without an answer", load.silent().len()),
    }
    verdict.none("accepted and lost", &found(&cases, Case::lost));
    verdict.none("accepted twice", &found(&cases, Case::twice));
    verdict.none("results that changed", &found(&cases, Case::changed));
    verdict.none("lives that make no sense", &found(&cases, |case| case.job.and_then(defect)));
    verdict.none("done without an effect", &found(&cases, Case::idle));
    verdict.none("dead letters", &found(&cases, Case::dead));
    let unstarted = found(&cases, Case::unstarted);
    match strict.starts {
        true => verdict.none("executed more often than started", &unstarted),
        false => verdict.figure("executed more often than started", unstarted.len()),
    }
    again(verdict, &cases, kills, strict);
    Ok(cases.iter().flat_map(|case| &case.attempts).filter(|attempt| attempt.interrupted).count())
}

/// Executions beside the first, and how soon what a host had was started elsewhere.
fn again(verdict: &mut Verdict, cases: &[Case<'_>], kills: &[u64], strict: Strict) {
    let hit = |case: &Case<'_>| case.attempts.iter().filter_map(|attempt| attempt.hit(kills)).count();
    let more: usize = cases.iter().map(|case| case.effects.saturating_sub(1)).sum();
    let attempts = || cases.iter().flat_map(|case| &case.attempts);
    let steps = || cases.iter().filter_map(|case| case.job).flat_map(|job| &job.steps);
    let told = SETBACKS.map(|name| format!("{} {name}", steps().filter(|step| step.step == name).count()));
    verdict.figure("attempts set back", told.join(", "));
    verdict.figure("attempts interrupted by a kill", cases.iter().map(hit).sum::<usize>());
    verdict.figure("executed again", more);
    let redelivered = attempts().filter_map(|attempt| {
        Some(Duration::from_millis(attempt.again?.saturating_sub(attempt.hit(kills)?)))
    });
    let (name, redelivered) = ("started again after a kill", redelivered.collect::<Times>());
    match strict.again {
        Some(bound) => verdict.within(name, &redelivered, 99, bound),
        None => verdict.figure(name, redelivered),
    }
    if !kills.is_empty() {
        let excess = |case: &Case<'_>| {
            let (more, hit) = (case.effects.saturating_sub(1), hit(case));
            let told = || format!("{} effects, interrupted by {hit} kills; {}", case.effects, case.told());
            (more > hit).then(told)
        };
        verdict.none("executed again without a kill", &found(cases, excess));
    }
}

/// Has a host check the whole audit, until nothing is missing that may still be on its way.
pub async fn audit(verdict: &mut Verdict, fleet: &Fleet, strict: Strict) {
    let begun = Instant::now();
    loop {
        let answer = fleet.hosts[0].rest.ask(Ask::post("/v1/audit/verify"), AUDIT_MAX).await;
        let flaws = answer.as_ref().ok().and_then(|answer| answer.body["flaws_total"].as_u64());
        if strict.audit && flaws != Some(0) && begun.elapsed() < AUDIT_SETTLE_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        let said = flaws.map_or("unknown".to_owned(), |flaws| flaws.to_string());
        verdict.figure("gaps and flaws of the audit", format!("{said} after {:.1?}", begun.elapsed()));
        return verdict
            .must(flaws == Some(0) || !strict.audit, || format!("the audit isn't whole: {answer:?}"));
    }
}

fn case<'a>(
    key: &'a String,
    entry: &'a Entry,
    jobs: &'a HashMap<String, Job>,
    rows: &HashMap<&str, usize>,
    effects: &HashMap<String, usize>,
) -> Case<'a> {
    let of = |counts: Option<&usize>| counts.copied().unwrap_or(0);
    let job = entry.ids.first().and_then(|id| jobs.get(id));
    let attempts = job.map(|job| attempts(&job.steps)).unwrap_or_default();
    Case { key, entry, job, attempts, rows: of(rows.get(key.as_str())), effects: of(effects.get(key)) }
}

/// What a question finds wrong, with the case's names.
fn found<'a>(cases: &[Case<'a>], wrong: impl Fn(&Case<'a>) -> Option<String>) -> Vec<String> {
    let named = |case: &Case<'a>| Some(format!("{} {:?}: {}", case.key, case.entry.ids, wrong(case)?));
    cases.iter().filter_map(named).collect()
}

impl Case<'_> {
    fn lost(&self) -> Option<String> {
        match self.job {
            None => (!self.entry.ids.is_empty()).then(|| "no such job".to_owned()),
            Some(job) if job.key != self.key => Some(format!("its key is {}", job.key)),
            Some(job) => ["waiting", "running"].contains(&job.state.as_str()).then(|| job.state.clone()),
        }
    }

    fn twice(&self) -> Option<String> {
        (self.entry.ids.len() > 1 || self.rows > 1).then(|| "one key, several jobs".to_owned())
    }

    fn changed(&self) -> Option<String> {
        let (seen, now) = (self.entry.seen.as_ref()?, &self.job?.outcome);
        (seen != now).then(|| format!("was {seen}, is {now}"))
    }

    fn idle(&self) -> Option<String> {
        let done = self.job.is_some_and(|job| job.state == "done");
        (done && self.effects == 0).then(|| "nothing happened".to_owned())
    }

    fn dead(&self) -> Option<String> {
        let job = self.job.filter(|job| job.state != "done")?;
        Some(format!("{}: {}", job.state, self.told()))
    }

    fn unstarted(&self) -> Option<String> {
        let starts = self.attempts.len();
        // What was never accepted for certain may have been all the same.
        (self.job.is_some() && self.effects > starts)
            .then(|| format!("{} effects, {starts} starts; {}", self.effects, self.told()))
    }

    /// Its life.
    fn told(&self) -> String {
        let step = |step: &Step| format!("{} {} {}", step.at, step.step, step.detail);
        self.job.iter().flat_map(|job| &job.steps).map(step).collect::<Vec<_>>().join("; ")
    }
}
