//! Quotas: rates and calls under way, by principal and by domain.

use crate::fixture::{
    Kind, Rig, bounded, call, limits, on_both, receive_one, reply, send, settle, take_back,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use skep_bus::{Bound, Bus, BusError, Charge, Entry, OverQuota, Payer, Spent};
use skep_core::{Fault, FaultCode, Principal, Quota, RateLevel};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

on_both! {
    a_rate_lets_through_what_its_bucket_holds_and_what_comes_back;
    calls_count_until_they_are_over;
    who_floods_refuses_nobody_else;
    a_domain_bounds_all_who_call_into_it;
    a_refused_call_costs_nothing;
    a_refusal_says_what_is_used_up_and_when_to_come_back;
}

/// Calls that somebody may make for as long as a test lasts.
const FEW: &str = "3/h";

pub(crate) fn agent(name: &str) -> Payer {
    Payer::Principal(Principal::Agent(name.to_owned()))
}

pub(crate) fn rated(payer: Payer, rate: &str) -> Charge {
    Charge { payer, quota: Quota { rate: Some(rate.parse().unwrap()), concurrency: None } }
}

pub(crate) fn at_once(payer: Payer, many: u32) -> Charge {
    Charge { payer, quota: Quota { rate: None, concurrency: NonZeroU32::new(many) } }
}

pub(crate) fn charged(mut entry: Entry, charges: &[Charge]) -> Entry {
    entry.charges = charges.to_vec();
    entry
}

/// Sends a call of any skill, charged so, and says what its rate leaves.
async fn charge(bus: &dyn Bus, charges: &[Charge]) -> Result<Option<RateLevel>, BusError> {
    bus.send(charged(call(bus.incarnation(), "echo", "1"), charges)).await
}

#[track_caller]
fn spent(sent: Result<Option<RateLevel>, BusError>, by: &Payer) -> Spent {
    match sent.unwrap_err() {
        BusError::OverQuota(OverQuota { payer, spent }) if payer == *by => spent,
        other => panic!("another refusal: {other}"),
    }
}

/// A bucket as of its last call, which came between two moments.
struct Seen {
    level: RateLevel,
    from: Instant,
    to: Instant,
}

impl Seen {
    /// Whether the bucket can stand so at some moment between these two.
    fn can_be(&self, now: RateLevel, from: Instant, to: Instant) -> bool {
        // The clocks count whole milliseconds.
        let least = from.saturating_duration_since(self.to).as_millis() as u64;
        let most = to.duration_since(self.from).as_millis() as u64 + 2;
        let (drawn, full) = (self.level.after(least.saturating_sub(1)), self.level.after(most));
        (full.debt()..=drawn.debt()).contains(&now.debt())
    }
}

async fn a_rate_lets_through_what_its_bucket_holds_and_what_comes_back(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    for (seed, rate) in ["1/s", "7/s", "90/s", "120/m", "5000/s", "100000/h"].into_iter().enumerate() {
        eprintln!("rate {rate}");
        let mut rng = StdRng::seed_from_u64(seed as u64);
        let who = agent(rate);
        let charges = [rated(who.clone(), rate)];
        let start = Instant::now();
        let mut seen = Seen { level: RateLevel::new(rate.parse().unwrap(), 0), from: start, to: start };
        for _ in 0..150 {
            if rng.random_bool(0.1) {
                tokio::time::sleep(Duration::from_millis(rng.random_range(0..60))).await;
            }
            let from = Instant::now();
            let sent = charge(bus, &charges).await;
            let to = Instant::now();
            if let Ok(left) = sent {
                let level = left.unwrap();
                let before = RateLevel::new(level.rate(), level.debt() - level.rate().window_ms());
                assert!(before.draw() == Some(level) && seen.can_be(before, from, to), "{before:?}");
                seen = Seen { level, from, to };
                settle(bus, receive_one(bus).await, "1").await;
                reply(bus).await;
            } else {
                let Spent::Rate(level) = spent(sent, &who) else { panic!("it bounds nothing else") };
                assert!(level.left() == 0 && seen.can_be(level, from, to), "{level:?}");
            }
        }
    }
    rig.nothing_is_left().await;
}

async fn calls_count_until_they_are_over(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let ann = agent("ann");
    let charges = [at_once(ann.clone(), 3), at_once(Payer::Domain, 10)];
    // One runs, one is queued, one waits behind its skill.
    charge(bus, &charges).await.unwrap();
    let running = receive_one(bus).await;
    let busy = || charged(bounded(call(bus.incarnation(), "busy", "1"), 1, 1), &charges);
    let queued = send(bus, busy()).await.unwrap();
    let waiting = send(bus, busy()).await.unwrap();
    let full = Spent::Concurrency(NonZeroU32::new(3).unwrap());
    assert_eq!(spent(charge(bus, &charges).await, &ann), full);
    assert!(take_back(bus, "busy", 0, waiting).await && !take_back(bus, "busy", 0, waiting).await);
    charge(bus, &charges).await.unwrap();
    assert_eq!(spent(charge(bus, &charges).await, &ann), full);
    assert!(take_back(bus, "busy", 0, queued).await);
    charge(bus, &charges).await.unwrap();
    assert_eq!(spent(charge(bus, &charges).await, &ann), full);
    settle(bus, running, "1").await;
    reply(bus).await;
    charge(bus, &charges).await.unwrap();
    assert_eq!(spent(charge(bus, &charges).await, &ann), full);
    for _ in 0..3 {
        settle(bus, receive_one(bus).await, "1").await;
        reply(bus).await;
    }
    rig.nothing_is_left().await;
}

async fn who_floods_refuses_nobody_else(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let quotas = |name: &str| [rated(agent(name), FEW), at_once(agent(name), 100)];
    for n in 0..500 {
        let sent = charge(bus, &quotas("flood")).await;
        assert_eq!(sent.is_ok(), n < 3, "{n}: {sent:?}");
        if n % 100 == 0 {
            charge(bus, &quotas(&format!("other {n}"))).await.unwrap();
        }
    }
    // What is charged to nobody is refused by nobody's quota.
    charge(bus, &[]).await.unwrap();
}

async fn a_domain_bounds_all_who_call_into_it(kind: Kind) {
    let rig = Rig::open_domains(kind, limits(), &["main", "other"]).await;
    let bus = &*rig.bus;
    let quotas = |name: &str| [rated(agent(name), "100/h"), rated(Payer::Domain, FEW)];
    for name in ["ann", "bob", "cem"] {
        charge(bus, &quotas(name)).await.unwrap();
    }
    spent(charge(bus, &quotas("dan")).await, &Payer::Domain);
    let mut elsewhere = charged(call(bus.incarnation(), "echo", "1"), &quotas("dan"));
    elsewhere.envelope.to.domain = "other".parse().unwrap();
    // And there who asked has a rate of their own as well.
    let left = bus.send(elsewhere).await.unwrap().unwrap();
    assert_eq!(left.left(), 99);

    let many = |name: &str| [at_once(agent(name), 9), at_once(Payer::Domain, 2)];
    for name in ["ann", "bob"] {
        charge(bus, &many(name)).await.unwrap();
    }
    spent(charge(bus, &many("cem")).await, &Payer::Domain);
}

async fn a_refused_call_costs_nothing(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let (ann, bob) = (agent("ann"), agent("bob"));
    let quotas = [rated(ann.clone(), FEW), at_once(ann.clone(), 3)];
    let busy = || charged(bounded(call(bus.incarnation(), "busy", "1"), 1, 0), &quotas);
    send(bus, busy()).await.unwrap();
    for _ in 0..10 {
        let refused = BusError::Overloaded { bound: Bound::SkillWaiting, limit: 0 };
        assert_eq!(send(bus, busy()).await.unwrap_err(), refused);
        // Refused by one quota, it isn't charged to the other.
        let bobs = [rated(ann.clone(), FEW), at_once(bob.clone(), 1), rated(Payer::Domain, "1/h")];
        let first = charge(bus, &bobs).await;
        if first.is_err() {
            spent(first, &bob);
        }
    }
    charge(bus, &quotas).await.unwrap();
    spent(charge(bus, &quotas).await, &ann);
}

async fn a_refusal_says_what_is_used_up_and_when_to_come_back(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let quotas = [at_once(Payer::Domain, 1), rated(agent("ann"), "1/h")];
    let left = charge(bus, &quotas).await.unwrap().unwrap();
    assert_eq!((left.left(), left.rate().to_string().as_str()), (0, "1/h"));
    let full = charge(bus, &quotas).await.unwrap_err();
    assert_eq!(full.rate(), None);
    let full = Fault::from(full);
    assert_eq!((full.code, full.retry_after_ms), (FaultCode::Overloaded, None));
    assert!(full.message.contains("domain"), "{full}");

    let used = charge(bus, &quotas[1..]).await.unwrap_err();
    assert_eq!(used.rate().unwrap().left(), 0);
    let used = Fault::from(used);
    assert_eq!(used.code, FaultCode::Overloaded);
    assert!(used.message.contains("agent:ann") && used.message.contains("1/h"), "{used}");
    assert!((1..=3_600_000).contains(&used.retry_after_ms.unwrap()), "{used:?}");
}
