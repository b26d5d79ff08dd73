//! Calls and jobs that don't end by themselves: how soon the place of one is another's after its deadline, after it was
//! cancelled, or after its caller has gone.

use super::Size;
use crate::calls::{End, GRACE, call, input};
use crate::fleet::{Fleet, HOSTS, TOOL};
use crate::host::Host;
use crate::orders::{reach, submit};
use crate::rest::{Ask, Silence};
use crate::verdict::{Times, Verdict};
use anyhow::Context as _;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// It has one place.
const SKILL: &str = "narrow";
const LIMITS: &str = "concurrency = 1\nwaiting = 16\ncpu = \"30s\"\nwall = \"30s\"";
const DEADLINE: Duration = Duration::from_secs(1);
/// How long what has the place may keep it after its deadline, a cancel or its caller's going, 99 times of 100.
const LATE_MAX: Duration = Duration::from_millis(100);
/// How long whoever is next waits for the place.
const NEXT_MAX: Duration = Duration::from_secs(15);
/// How long until what is stopped has the place for certain.
const UNDER_WAY: Duration = Duration::from_millis(400);
const READY_MAX: Duration = Duration::from_secs(60);

/// What came of stopping things.
#[derive(Default)]
struct Found {
    deadlines: Vec<Duration>,
    cancels: Vec<Duration>,
    leavings: Vec<Duration>,
    wrong: Vec<String>,
}

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("stops", seed);
    let fleet = Fleet::start(&format!("stops-{seed}")).await?;
    fleet.add(SKILL, LIMITS)?;
    fleet.ready(READY_MAX).await.context("the fleet isn't ready at the start")?;
    for host in &fleet.hosts {
        // So that compiling is over.
        call(host, &fleet.effects, SKILL, ("first", Duration::ZERO), NEXT_MAX).await;
    }
    let mut found = Found::default();
    for n in 0..size.faults {
        let (one, other) = (chance.random_range(0..HOSTS), chance.random_range(0..HOSTS));
        let hosts = (fleet.hosts[one].as_ref(), fleet.hosts[other].as_ref());
        // Each kind by its deadline, then each kind by a cancel, then each kind by its caller's going.
        match n / KINDS % WAYS {
            0 => by_deadline(&fleet, n, hosts, &mut found).await,
            1 => by_cancel(&fleet, n, hosts, &mut found).await?,
            _ => by_leaving(&fleet, n, hosts, &mut found).await,
        }
    }
    verdict.figure("stopped", size.faults);
    let (percent, late) = size.bound((99, LATE_MAX), (100, GRACE));
    let [deadlines, cancels, leavings] =
        [found.deadlines, found.cancels, found.leavings].map(Times::from_iter);
    verdict.within("place free after a deadline", &deadlines, percent, late);
    verdict.within("place free after a cancel", &cancels, percent, late);
    verdict.within("place free after its caller has gone", &leavings, percent, late);
    verdict.none("not stopped", &found.wrong);
    Ok(verdict)
}

/// What doesn't end by itself, and the ways in which it is ended.
const KINDS: usize = 3;
const WAYS: usize = 3;

/// What doesn't end by itself: a busy loop, sleep, an answer that doesn't come.
fn endless(fleet: &Fleet, n: usize) -> (&'static str, Value) {
    match n % KINDS {
        0 => ("spin", json!({})),
        1 => ("sleep", json!({ "ms": 25_000 })),
        _ => (TOOL, input(&fleet.effects, &format!("stalled-{n}"), Duration::from_secs(25))),
    }
}

async fn by_deadline(fleet: &Fleet, n: usize, (one, other): (&Host, &Host), found: &mut Found) {
    let (tool, input) = endless(fleet, n);
    let path = format!("/v1/skills/{SKILL}/tools/{tool}/call");
    let ask = Ask::post(&path).body(&input).header("skep-timeout", format!("{}ms", DEADLINE.as_millis()));
    let begun = Instant::now();
    let stopped = one.rest.ask(ask, DEADLINE + NEXT_MAX);
    let (stopped, next) = tokio::join!(stopped, next(fleet, n, other));
    let wrong = |what: String| format!("{n}, {tool} by {}: {what}", one.name);
    match stopped {
        Ok(answer) if answer.code() == Some("deadline") => {}
        other => found.wrong.push(wrong(format!("{other:?}"))),
    }
    match next.and_then(|at| at.checked_duration_since(begun + DEADLINE)) {
        Some(late) if late <= GRACE => found.deadlines.push(late),
        late => found.wrong.push(wrong(format!("the place was free {late:?} after its deadline"))),
    }
}

async fn by_cancel(
    fleet: &Fleet,
    n: usize,
    (one, other): (&Host, &Host),
    found: &mut Found,
) -> anyhow::Result<()> {
    let (tool, input) = endless(fleet, n);
    let id = submit(one, SKILL, tool, &input).await?;
    reach(one, &id, &["running"], NEXT_MAX).await?;
    let path = format!("/v1/jobs/{id}/cancel");
    let cancel = async {
        tokio::time::sleep(UNDER_WAY * 2).await;
        let asked = Instant::now();
        (asked, one.rest.ask(Ask::post(&path), NEXT_MAX).await)
    };
    let ((asked, cancelled), next) = tokio::join!(cancel, next(fleet, n, other));
    let over = reach(one, &id, &["cancelled", "dead", "done"], NEXT_MAX).await?;
    match next.and_then(|at| at.checked_duration_since(asked)) {
        Some(late) if over["state"] == "cancelled" => found.cancels.push(late),
        late => found.wrong.push(format!("{n}, {tool}: {cancelled:?}, free after {late:?}, {over}")),
    }
    Ok(())
}

async fn by_leaving(fleet: &Fleet, n: usize, (one, other): (&Host, &Host), found: &mut Found) {
    let (tool, input) = endless(fleet, n);
    let path = format!("/v1/skills/{SKILL}/tools/{tool}/call");
    let leave = async {
        // The request ends with the wait, and its connection with it.
        let left = one.rest.ask(Ask::post(&path).body(&input), UNDER_WAY * 2).await;
        (Instant::now(), left)
    };
    let ((gone, left), next) = tokio::join!(leave, next(fleet, n, other));
    match (left, next.and_then(|at| at.checked_duration_since(gone))) {
        (Err(Silence::Late), Some(late)) => found.leavings.push(late),
        (left, late) => {
            found.wrong.push(format!("{n}, {tool}: {left:?}, free {late:?} after its caller has gone"))
        }
    }
}

/// When whoever waits for the place has it.
async fn next(fleet: &Fleet, n: usize, host: &Host) -> Option<Instant> {
    tokio::time::sleep(UNDER_WAY).await;
    let id = format!("next-{n}");
    let called = call(host, &fleet.effects, SKILL, (&id, Duration::ZERO), NEXT_MAX).await;
    let effects = fleet.effects.of(&id);
    effects.first().map(|effect| effect.at).filter(|_| called.end == End::Done)
}
