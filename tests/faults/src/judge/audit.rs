//! The audit: whole, and with a record of each job.

use super::Strict;
use crate::books::Books;
use crate::fleet::Fleet;
use crate::rest::Ask;
use crate::verdict::Verdict;
use std::time::{Duration, Instant};

/// How long checking the whole audit may take.
const CHECK_MAX: Duration = Duration::from_secs(300);
/// How long records of it may be on their way.
const SETTLE_MAX: Duration = Duration::from_secs(60);
/// How often it is checked meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Has a host check the whole audit, and looks for these records of jobs, until nothing is missing that may still be
/// on its way.
pub async fn audit(
    verdict: &mut Verdict,
    fleet: &Fleet,
    strict: Strict,
    records: &[String],
) -> anyhow::Result<()> {
    let begun = Instant::now();
    flaws(verdict, fleet, strict, begun).await;
    let url = fleet.maria.lock().url();
    let mut books = Books::open(&url).await?;
    let missing = loop {
        let there = books.recorded().await?;
        let missing: Vec<_> = records.iter().filter(|record| !there.contains(*record)).cloned().collect();
        if missing.is_empty() || begun.elapsed() > SETTLE_MAX {
            break missing;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    verdict.figure("records of jobs in the audit", records.len() - missing.len());
    verdict.none("jobs without their audit record", &missing);
    Ok(())
}

async fn flaws(verdict: &mut Verdict, fleet: &Fleet, strict: Strict, begun: Instant) {
    loop {
        let answer = fleet.hosts[0].rest.ask(Ask::post("/v1/audit/verify"), CHECK_MAX).await;
        let flaws = answer.as_ref().ok().and_then(|answer| answer.body["flaws_total"].as_u64());
        if strict.audit && flaws != Some(0) && begun.elapsed() < SETTLE_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        let said = flaws.map_or("unknown".to_owned(), |flaws| flaws.to_string());
        verdict.figure("gaps and flaws of the audit", format!("{said} after {:.1?}", begun.elapsed()));
        return verdict
            .must(flaws == Some(0) || !strict.audit, || format!("the audit isn't whole: {answer:?}"));
    }
}
