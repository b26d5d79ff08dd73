//! Circuit breakers, the same on either bus.

use crate::fixture::{Kind, LIMIT, Rig, limits, on_both, skill};
use skep_bus::{BreakerOf, Bus, BusError, BusLimits, Noted};
use skep_core::{Admission, BreakerRules, BreakerSeen, BreakerState, CallId, DomainName, Ending, FaultCode};
use std::time::{Duration, Instant};

on_both! {
    failures_in_a_row_open_it_and_a_try_closes_it;
    a_try_that_says_nothing_or_never_ends_gives_its_place_to_another;
    a_pause_is_twice_as_long_each_time_up_to_its_bound;
    resetting_closes_it;
    skills_beyond_the_bound_are_not_remembered;
    whoever_serves_no_such_domain_says_so;
}

pub(crate) const FAILED: Ending = Ending::Failed(FaultCode::Trapped);
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn main() -> DomainName {
    DomainName::default()
}

pub(crate) fn rules(failures: u32, pause_ms: u64, pause_max_ms: u64) -> BreakerRules {
    let [pause, pause_max] = [pause_ms, pause_max_ms].map(Duration::from_millis);
    BreakerRules::new(failures, pause, pause_max).unwrap()
}

pub(crate) async fn ask(bus: &dyn Bus, call: CallId) -> Admission {
    bus.breaker_ask(&main(), &skill("weak"), call, LONG).await.unwrap()
}

pub(crate) async fn note(bus: &dyn Bus, call: CallId, ending: Ending, rules: &BreakerRules) -> Noted {
    bus.breaker_note(&main(), &skill("weak"), call, ending, rules).await.unwrap()
}

pub(crate) async fn fail(bus: &dyn Bus, rules: &BreakerRules) -> Noted {
    note(bus, CallId::fresh(), FAILED, rules).await
}

pub(crate) async fn refused(bus: &dyn Bus) -> BreakerSeen {
    match ask(bus, CallId::fresh()).await {
        Admission::Refused(seen) => seen,
        other => panic!("{other:?}"),
    }
}

/// Asks until a call is let through to try the skill, and gives that call.
pub(crate) async fn trial(bus: &dyn Bus) -> CallId {
    let begun = Instant::now();
    loop {
        let call = CallId::fresh();
        match ask(bus, call).await {
            Admission::Trial => return call,
            Admission::Refused(seen) => tokio::time::sleep(Duration::from_millis(seen.wait_ms.max(1))).await,
            Admission::Free => panic!("it is closed"),
        }
        assert!(begun.elapsed() < LIMIT, "no call was let through");
    }
}

pub(crate) async fn listed(bus: &dyn Bus) -> Option<BreakerSeen> {
    let mut all = bus.breakers().await.unwrap();
    assert!(all.len() < 2, "{all:?}");
    let BreakerOf { domain, skill: of, seen } = all.pop()?;
    assert_eq!((domain, of), (main(), skill("weak")));
    Some(seen)
}

async fn failures_in_a_row_open_it_and_a_try_closes_it(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let (bus, rules) = (&*rig.bus, rules(3, 1000, 1000));
    for ending in [FAILED, FAILED, Ending::Neither, Ending::Well, FAILED, FAILED] {
        assert_eq!(note(bus, CallId::fresh(), ending, &rules).await.became, None);
        assert_eq!(ask(bus, CallId::fresh()).await, Admission::Free);
    }
    assert_eq!(listed(bus).await.unwrap().failures, 2);
    let early = CallId::fresh();
    let Noted { seen, became } = note(bus, early, Ending::Failed(FaultCode::LimitCpu), &rules).await;
    assert_eq!((became, seen.state), (Some(BreakerState::Open), BreakerState::Open));
    assert_eq!((seen.failures, seen.why), (3, Some(FaultCode::LimitCpu)));
    assert!((1..=1000).contains(&refused(bus).await.wait_ms));
    // What began before it opened tells nothing any more.
    for ending in [Ending::Well, FAILED] {
        assert_eq!(note(bus, early, ending, &rules).await.became, None);
    }

    let call = trial(bus).await;
    assert_eq!(refused(bus).await.state, BreakerState::HalfOpen);
    assert_eq!(note(bus, early, Ending::Well, &rules).await.became, None);
    assert_eq!(refused(bus).await.state, BreakerState::HalfOpen);
    let done = note(bus, call, Ending::Well, &rules).await;
    assert_eq!(done, Noted { seen: BreakerSeen::CLEAR, became: Some(BreakerState::Closed) });
    assert_eq!((ask(bus, CallId::fresh()).await, listed(bus).await), (Admission::Free, None));
}

async fn a_try_that_says_nothing_or_never_ends_gives_its_place_to_another(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let (bus, rules) = (&*rig.bus, rules(1, 50, 50));
    fail(bus, &rules).await;
    let call = trial(bus).await;
    assert_eq!(note(bus, call, Ending::Neither, &rules).await.seen.state, BreakerState::HalfOpen);
    let lost = CallId::fresh();
    let within = Duration::from_millis(100);
    let asked = bus.breaker_ask(&main(), &skill("weak"), lost, within).await;
    assert_eq!(asked.unwrap(), Admission::Trial);
    let begun = Instant::now();
    let call = trial(bus).await;
    assert!(begun.elapsed() + Duration::from_millis(5) >= within, "{:?}", begun.elapsed());
    assert_eq!(note(bus, lost, Ending::Well, &rules).await.became, None);
    assert_eq!(note(bus, call, Ending::Well, &rules).await.became, Some(BreakerState::Closed));
}

async fn a_pause_is_twice_as_long_each_time_up_to_its_bound(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let (bus, rules) = (&*rig.bus, rules(1, 40, 130));
    let mut seen = fail(bus, &rules).await.seen;
    for pause in [40, 80, 130, 130] {
        assert_eq!((seen.state, seen.wait_ms), (BreakerState::Open, pause));
        let call = trial(bus).await;
        seen = note(bus, call, FAILED, &rules).await.seen;
    }
}

async fn resetting_closes_it(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let (bus, rules) = (&*rig.bus, rules(2, 60_000, 60_000));
    let reset = async || bus.breaker_reset(&main(), &skill("weak")).await.unwrap();
    assert!(!reset().await);
    fail(bus, &rules).await;
    assert!(!reset().await && listed(bus).await.is_none());
    for _ in 0..2 {
        fail(bus, &rules).await;
    }
    refused(bus).await;
    assert!(reset().await);
    assert_eq!(ask(bus, CallId::fresh()).await, Admission::Free);
}

async fn skills_beyond_the_bound_are_not_remembered(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { breakers_max: 2, ..limits() }).await;
    let (bus, once) = (&*rig.bus, rules(1, 60_000, 60_000));
    let fail = async |name: &str| {
        bus.breaker_note(&main(), &skill(name), CallId::fresh(), FAILED, &once).await.unwrap().became
    };
    assert_eq!([fail("a").await, fail("b").await], [Some(BreakerState::Open); 2]);
    assert_eq!(fail("c").await, None);
    assert_eq!(bus.breakers().await.unwrap().len(), 2);
    bus.breaker_reset(&main(), &skill("a")).await.unwrap();
    assert_eq!(fail("c").await, Some(BreakerState::Open));
}

async fn whoever_serves_no_such_domain_says_so(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let nowhere = "nowhere".parse().unwrap();
    let asked = rig.bus.breaker_ask(&nowhere, &skill("weak"), CallId::fresh(), LONG).await;
    assert!(matches!(asked, Err(BusError::UnknownDomain(_))), "{asked:?}");
    rig.bus.close().await;
    let listed = rig.bus.breakers().await;
    assert!(matches!(listed, Err(BusError::Closed)), "{listed:?}");
}
