//! Bad networks: whatever one host can't reach, every call to any host is answered by its deadline, and no job is lost.

use super::Size;
use super::ground::Ground;
use crate::calls::{Called, End, GRACE, call, serves};
use crate::fleet::{Fleet, HOSTS};
use crate::judge::{Hosts, Strict};
use crate::load::SKILL;
use crate::proxy::Mode;
use crate::verdict::{Times, Verdict};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a fault lasts.
const LASTS: Duration = Duration::from_secs(4);
/// How long a call has.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long a call's effect takes.
const EFFECT: Duration = Duration::from_millis(20);
/// How long a caller thinks.
const PAUSE: Duration = Duration::from_millis(20);
/// Callers of each host.
const CALLERS: usize = 2;
/// How long the fleet may take to serve again.
const RECOVERY_MAX: Duration = Duration::from_secs(30);
/// What a network does, besides nothing.
const MODES: [Mode; 4] = [
    Mode::Latency { least: Duration::from_millis(100), jitter: Duration::from_millis(200) },
    Mode::Reset,
    Mode::HalfOpen,
    Mode::BlackHole,
];

/// One fault: of this host, whether on its way to Redis, and what it does.
type Fault = (usize, bool, Mode);

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("network", seed);
    let ground = Ground::start("network", seed, size, LASTS).await?;
    let (mut all, mut recovered, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for (n, fault) in faults(&mut chance, size.faults).into_iter().enumerate() {
        ground.due(n).await;
        let calls = during(&ground.fleet, n, fault).await;
        bystanders(&mut verdict, fault, &calls);
        all.extend(calls.into_iter().map(|called| (told(fault), called)));
        match serves(&ground.fleet, SKILL, RECOVERY_MAX).await {
            Some(took) => recovered.push(took),
            None => failures.push(format!("after {}", told(fault))),
        }
    }
    verdict.none("not serving again within 30 s", &failures);
    verdict.figure("serving again after", recovered.into_iter().collect::<Times>());
    judge(&mut verdict, &ground.fleet, &all);
    let strict = Strict { audit: true, starts: true, hosts: Hosts::Live, again: None };
    ground.judge(&mut verdict, strict).await?;
    Ok(verdict)
}

/// Each kind once in an order of chance, then again.
fn faults(chance: &mut StdRng, count: usize) -> Vec<Fault> {
    let ways = (0..HOSTS).flat_map(|host| [(host, true), (host, false)]);
    let all: Vec<Fault> = ways.flat_map(|(host, redis)| MODES.map(|mode| (host, redis, mode))).collect();
    let mut faults = Vec::new();
    while faults.len() < count {
        let mut round = all.clone();
        round.shuffle(chance);
        faults.extend(round);
    }
    faults.truncate(count);
    faults
}

fn told((host, redis, mode): Fault) -> String {
    format!("host{} to {}: {mode:?}", host + 1, if redis { "Redis" } else { "MariaDB" })
}

/// Calls through all hosts while the fault lasts.
async fn during(fleet: &Fleet, n: usize, (host, redis, mode): Fault) -> Vec<Called> {
    let way = if redis { &fleet.hosts[host].redis } else { &fleet.hosts[host].mysql };
    way.set(mode);
    let until = Instant::now() + LASTS;
    let callers = (0..HOSTS * CALLERS).map(|caller| async move {
        let mut made = Vec::new();
        while Instant::now() < until {
            let id = format!("{n}-{caller}-{}", made.len());
            let host = &fleet.hosts[caller % HOSTS];
            made.push(call(host, &fleet.effects, SKILL, (&id, EFFECT), DEADLINE).await);
            tokio::time::sleep(PAUSE).await;
        }
        made
    });
    let made = futures::future::join_all(callers).await;
    way.set(Mode::Pass);
    made.into_iter().flatten().collect()
}

/// Most calls through hosts that have a good network must be done: those that another host took may not be.
fn bystanders(verdict: &mut Verdict, fault: Fault, calls: &[Called]) {
    let hit = format!("host{}", fault.0 + 1);
    let through: Vec<_> = calls.iter().filter(|called| called.host != hit).collect();
    let done = through.iter().filter(|called| called.end == End::Done).count();
    verdict.must(done * 2 > through.len(), || {
        format!("{}: {done} of {} calls through others are done", told(fault), through.len())
    });
}

fn judge(verdict: &mut Verdict, fleet: &Fleet, all: &[(String, Called)]) {
    let mut ends = BTreeMap::<String, usize>::new();
    let (mut late, mut wrong, mut doubled) = (Vec::new(), Vec::new(), Vec::new());
    for (fault, called) in all {
        let what = || {
            format!(
                "{fault}; call {} by {}: {:?} after {:?}",
                called.id, called.host, called.end, called.took
            )
        };
        let effects = fleet.effects.of(&called.id).len();
        match &called.end {
            End::Done if effects == 0 => wrong.push(format!("{}, but no effect", what())),
            End::Wrong(_) | End::Silent(_) => wrong.push(what()),
            _ => {}
        }
        if effects > 1 {
            doubled.push(format!("{}, {effects} effects", what()));
        }
        if called.took > DEADLINE + GRACE {
            late.push(what());
        }
        *ends
            .entry(match &called.end {
                End::Fault(code) => code.clone(),
                End::Done => "done".to_owned(),
                other => format!("{other:?}"),
            })
            .or_default() += 1;
    }
    verdict.figure("calls", all.len());
    let ends: Vec<_> = ends.into_iter().map(|(end, count)| format!("{count} {end}")).collect();
    verdict.figure("that ended so", ends.join(", "));
    verdict.figure("answered within", all.iter().map(|(_, called)| called.took).collect::<Times>());
    verdict.must(!all.is_empty(), || "no call was made".to_owned());
    verdict.none("later than deadline + 1 s", &late);
    verdict.none("answers that make no sense", &wrong);
    verdict.none("calls that ran twice", &doubled);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn the_same_seed_makes_the_same_faults() {
        let faults = |seed, count| faults(&mut StdRng::seed_from_u64(seed), count);
        assert_eq!(faults(1, 30), faults(1, 30));
        assert_ne!(faults(1, 30), faults(2, 30));
        assert_eq!(faults(1, 8), faults(1, 30)[..8]);
    }
}
