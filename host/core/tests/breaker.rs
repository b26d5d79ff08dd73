//! The breaker against what its words promise: all short histories, and many long ones.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use skep_core::{Admission, Breaker, BreakerRules, BreakerState, CallId, Ending, FaultCode};
use std::time::Duration;
use uuid::Uuid;

const FAILURES: u32 = 2;
const PAUSE_MS: u64 = 10;
const PAUSE_MAX_MS: u64 = 35;
/// How long a call that tries the skill may be out.
const WITHIN_MS: u64 = 40;

fn rules() -> BreakerRules {
    BreakerRules::new(FAILURES, Duration::from_millis(PAUSE_MS), Duration::from_millis(PAUSE_MAX_MS)).unwrap()
}

/// Something that happens, on any host.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// A call is asked for.
    Ask,
    /// One of the calls under way ends.
    End(usize, Ending),
    /// So much time passes.
    Pass(u64),
    /// As much time passes as the breaker says.
    Wait,
}

/// A call under way; of one that tries the skill, until when it may.
#[derive(Debug, Clone, Copy)]
struct Sent {
    call: CallId,
    until_ms: Option<u64>,
}

/// A breaker, the calls that it let through, and plain books of what it should do.
#[derive(Debug, Clone, Default)]
struct History {
    breaker: Breaker,
    now_ms: u64,
    asked: u128,
    under_way: Vec<Sent>,
    /// Failures in a row.
    failed: u32,
    /// Until when it is open, and for how long that was; nothing while it is closed.
    opened: Option<(u64, u64)>,
    /// The call whose end decides, once it was open.
    trial: Option<CallId>,
}

impl History {
    fn act(&mut self, act: Act) {
        match act {
            Act::Pass(ms) => self.now_ms += ms,
            Act::Wait => self.now_ms += self.breaker.seen(self.now_ms).wait_ms,
            Act::Ask => drop(self.ask()),
            Act::End(_, _) if self.under_way.is_empty() => {}
            Act::End(which, ending) => {
                let sent = self.under_way.remove(which % self.under_way.len());
                self.end(sent.call, ending);
            }
        }
        let seen = self.breaker.seen(self.now_ms);
        let expected = match self.opened {
            None => BreakerState::Closed,
            Some((until, _)) if self.now_ms < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        };
        assert_eq!((seen.state, seen.failures), (expected, self.failed), "{self:?}");
        assert_eq!(
            (seen.why.is_none(), self.breaker.is_clear(self.now_ms)),
            (self.failed == 0, self.failed == 0)
        );
        assert!(seen.wait_ms <= PAUSE_MAX_MS, "a wait beyond any pause: {self:?}");
    }

    fn ask(&mut self) -> Admission {
        self.asked += 1;
        let call = CallId(Uuid::from_u128(self.asked));
        let admission = self.breaker.ask(call, WITHIN_MS, self.now_ms);
        let out = self.under_way.iter().filter(|sent| sent.until_ms.is_some_and(|until| self.now_ms < until));
        let out = out.count();
        match (admission, self.opened) {
            (Admission::Free, None) => self.under_way.push(Sent { call, until_ms: None }),
            (Admission::Trial, Some((until, _))) => {
                assert!(self.now_ms >= until && out == 0, "too early, or two at once: {self:?}");
                self.under_way.push(Sent { call, until_ms: Some(self.now_ms + WITHIN_MS) });
                self.trial = Some(call);
            }
            (Admission::Refused(seen), Some((until, _))) => {
                assert!(self.now_ms < until || out == 1, "nothing stands in the way: {self:?}");
                assert!(seen.wait_ms > 0 && seen.why.is_some(), "{seen:?} {self:?}");
            }
            other => panic!("{other:?}: {self:?}"),
        }
        admission
    }

    fn end(&mut self, call: CallId, ending: Ending) {
        let became = self.breaker.note(call, ending, &rules(), self.now_ms);
        let decides = self.opened.is_none() || self.trial == Some(call);
        let expected = match ending {
            _ if !decides => None,
            Ending::Neither => None,
            Ending::Well => {
                self.failed = 0;
                self.opened.take().map(|_| BreakerState::Closed)
            }
            Ending::Failed(_) => {
                self.failed += 1;
                let pause = match self.opened {
                    Some((_, pause)) => Some((pause * 2).min(PAUSE_MAX_MS)),
                    None => (self.failed == FAILURES).then_some(PAUSE_MS),
                };
                self.opened = pause.map(|pause| (self.now_ms + pause, pause)).or(self.opened);
                pause.map(|_| BreakerState::Open)
            }
        };
        if decides {
            self.trial = None;
        }
        assert_eq!(became, expected, "{ending:?} {self:?}");
    }

    /// Whoever waits as long as it says gets a try in the end, and closes it by doing well.
    fn closes_in_the_end(mut self) {
        for _ in 0..10 {
            match self.ask() {
                Admission::Free => return,
                Admission::Trial => {
                    let sent = self.under_way.pop().unwrap();
                    self.end(sent.call, Ending::Well);
                    assert_eq!(self.ask(), Admission::Free, "{self:?}");
                    return;
                }
                Admission::Refused(seen) => self.now_ms += seen.wait_ms,
            }
        }
        panic!("it stays closed to everybody: {self:?}");
    }
}

const FAILED: Ending = Ending::Failed(FaultCode::Trapped);

/// Every history of eleven acts: two calls at a time are enough for any race between two hosts.
#[test]
fn every_short_history_goes_as_promised() {
    fn explore(history: &History, acts_left: u32, explored: &mut u64) {
        if acts_left == 0 {
            *explored += 1;
            return history.clone().closes_in_the_end();
        }
        let mut acts = vec![Act::Wait];
        if history.under_way.len() < 2 {
            acts.push(Act::Ask);
        }
        for which in 0..history.under_way.len() {
            acts.extend([Ending::Well, FAILED, Ending::Neither].map(|ending| Act::End(which, ending)));
        }
        // Past the end of what a try may take, so that another may follow while the first is still out.
        if history.under_way.iter().any(|sent| sent.until_ms.is_some()) {
            acts.push(Act::Pass(WITHIN_MS));
        }
        for act in acts {
            let mut next = history.clone();
            next.act(act);
            explore(&next, acts_left - 1, explored);
        }
    }
    // From new, and from where it is open.
    let mut explored = 0;
    explore(&History::default(), 11, &mut explored);
    let mut open = History::default();
    for act in [Act::Ask, Act::Ask, Act::End(0, FAILED), Act::End(0, FAILED)] {
        open.act(act);
    }
    assert_eq!(open.breaker.seen(0).state, BreakerState::Open);
    explore(&open, 11, &mut explored);
    assert!(explored > 100_000, "{explored}");
}

fn acts() -> impl Strategy<Value = Act> {
    let codes = prop::sample::select(vec![FaultCode::Trapped, FaultCode::Deadline, FaultCode::LimitCpu]);
    let ending =
        prop_oneof![1 => Just(Ending::Well), 1 => Just(Ending::Neither), 3 => codes.prop_map(Ending::Failed)];
    prop_oneof![
        5 => Just(Act::Ask),
        5 => (0..8_usize, ending).prop_map(|(which, ending)| Act::End(which, ending)),
        1 => (0..60_u64).prop_map(Act::Pass),
        2 => Just(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40_000))]

    #[test]
    fn long_histories_go_as_promised(acts in prop::collection::vec(acts(), 1..80)) {
        let mut history = History::default();
        for act in acts {
            history.act(act);
        }
        history.closes_in_the_end();
    }
}

#[test]
fn what_failed_long_ago_is_forgotten() {
    let (mut breaker, life) = (Breaker::default(), skep_core::BREAKER_LIFE.as_millis() as u64);
    breaker.note(CallId::fresh(), FAILED, &rules(), 5);
    assert!(!breaker.is_clear(5 + life) && breaker.is_clear(6 + life));
}
