//! Circuit breakers over Redis: the same for all hosts.

use crate::breakers::{FAILED, LONG, ask, fail, listed, main, note, refused, rules, trial};
use crate::fixture::{LIMIT, host, limits, raw, skill};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use skep_bus::{Breakers, Bus, Noted};
use skep_core::{Admission, Breaker, BreakerRules, CallId, Ending, SkillName};
use skep_harness::{Redis, eventually};
use std::collections::HashMap;
use std::time::Duration;

/// Something done to a breaker, and the answer.
#[derive(Debug, Clone, Copy)]
enum Act {
    Ask(CallId),
    Note(CallId, Ending),
}

#[derive(Debug, PartialEq)]
enum Answer {
    Admission(Admission),
    Noted(Noted),
}

const WITHIN: Duration = Duration::from_millis(6);

impl Act {
    async fn of_bus(self, bus: &dyn Bus, of: &SkillName, rules: &BreakerRules) -> Answer {
        match self {
            Self::Ask(call) => Answer::Admission(bus.breaker_ask(&main(), of, call, WITHIN).await.unwrap()),
            Self::Note(call, ending) => {
                Answer::Noted(bus.breaker_note(&main(), of, call, ending, rules).await.unwrap())
            }
        }
    }

    fn of_model(self, model: &mut Breaker, rules: &BreakerRules, now_ms: u64) -> Answer {
        match self {
            Self::Ask(call) => Answer::Admission(model.ask(call, WITHIN.as_millis() as u64, now_ms)),
            Self::Note(call, ending) => {
                let became = model.note(call, ending, rules, now_ms);
                Answer::Noted(Noted { seen: model.seen(now_ms), became })
            }
        }
    }
}

/// Whichever host asks, the script does as the rule in skep-core at some moment of Redis' clock while it was asked;
/// at the very moment that it wrote down, where it wrote one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_does_as_the_rule_on_any_host() {
    const HISTORIES: usize = 60;
    const ACTS: usize = 60;
    let redis = Redis::start().unwrap();
    let hosts = [host(&redis, limits()).await, host(&redis, limits()).await];
    let (mut raw, mut rng, rules) = (raw(&redis).await, StdRng::seed_from_u64(17), rules(2, 2, 8));
    let mut states = HashMap::new();
    for history in 0..HISTORIES {
        let of = skill(&format!("weak-{history}"));
        let (mut model, mut sent, mut written) = (Breaker::default(), vec![CallId::fresh()], None);
        for _ in 0..ACTS {
            let act = if rng.random_bool(0.5) {
                Act::Ask(CallId::fresh())
            } else {
                let ending = [Ending::Well, Ending::Neither, FAILED, FAILED, FAILED][rng.random_range(0..5)];
                // Mostly the last one: the one that tries, if one does.
                let back = rng.random_range(0..sent.len().min(2));
                Act::Note(sent[sent.len() - 1 - back], ending)
            };
            let before = clock(&mut raw).await;
            let told = act.of_bus(&hosts[rng.random_range(0..2)], &of, &rules).await;
            let after = clock(&mut raw).await;
            let entry: Option<String> = redis::cmd("HGET")
                .arg("{skep:main}:breakers")
                .arg(of.as_str())
                .query_async(&mut raw)
                .await
                .unwrap();
            let moments = match entry.as_ref().filter(|_| entry != written) {
                Some(text) => {
                    let moment = text.rsplit(' ').next().unwrap().parse().unwrap();
                    assert!((before..=after).contains(&moment), "{before} {text} {after}");
                    moment..=moment
                }
                None => before..=after,
            };
            let as_told = moments.clone().find_map(|now_ms| {
                let mut next = model.clone();
                (act.of_model(&mut next, &rules, now_ms) == told).then_some((next, now_ms))
            });
            let Some((next, now_ms)) = as_told else {
                panic!("{act:?} told {told:?} in {moments:?}, after {model:?} {written:?}: {entry:?}");
            };
            assert_eq!(next.is_clear(now_ms), entry.is_none(), "{next:?} {entry:?}");
            *states.entry(next.seen(now_ms).state).or_insert(0) += 1;
            (model, written) = (next, entry);
            if let (Act::Ask(call), Answer::Admission(Admission::Free | Admission::Trial)) = (act, told) {
                sent.push(call);
            }
        }
    }
    assert!(states.len() == 3 && states.values().all(|times| *times > HISTORIES), "{states:?}");
}

async fn clock(raw: &mut redis::aio::MultiplexedConnection) -> u64 {
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(raw).await.unwrap();
    seconds * 1000 + micros / 1000
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_hosts_that_ask_at_once_one_call_tries() {
    let redis = Redis::start().unwrap();
    let mut hosts = Vec::new();
    for _ in 0..3 {
        hosts.push(host(&redis, limits()).await);
    }
    let rules = rules(1, 1, 1);
    fail(&hosts[0], &rules).await;
    for _ in 0..50 {
        let first = trial(&hosts[0]).await;
        let asked = hosts.iter().cycle().take(12).map(|bus| ask(bus, CallId::fresh()));
        let refused = futures::future::join_all(asked).await;
        assert!(refused.iter().all(|admission| matches!(admission, Admission::Refused(_))), "{refused:?}");
        note(&hosts[1], first, Ending::Neither, &rules).await;
        let asked = hosts.iter().cycle().take(12).map(async |bus| {
            let call = CallId::fresh();
            (ask(bus, call).await == Admission::Trial).then_some(call)
        });
        let tries: Vec<_> = futures::future::join_all(asked).await.into_iter().flatten().collect();
        assert_eq!(tries.len(), 1, "{tries:?}");
        note(&hosts[2], tries[0], FAILED, &rules).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_data_redis_has_closed_all_breakers() {
    let redis = Redis::start().unwrap();
    let (one, two) = (host(&redis, limits()).await, host(&redis, limits()).await);
    fail(&one, &rules(1, 60_000, 60_000)).await;
    refused(&two).await;
    let mut raw = raw(&redis).await;
    let _: () = redis::cmd("FLUSHALL").query_async(&mut raw).await.unwrap();
    eventually(LIMIT, async || {
        let asked = two.breaker_ask(&main(), &skill("weak"), CallId::fresh(), LONG).await;
        asked.is_ok_and(|admission| admission == Admission::Free)
    })
    .await;
    assert_eq!(listed(&one).await, None);
}
