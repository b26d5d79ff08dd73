//! The circuit breaker of a skill: calls of what fails again and again are refused for a while, then one tries
//! whether it works again. Times are milliseconds of whatever clock its keeper has.

use crate::{CallId, FaultCode, Span};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// How long a breaker is remembered after its last change.
pub const BREAKER_LIFE: Duration = Duration::from_secs(2 * 60 * 60);
/// The longest pause that may be set: well within the time for which a breaker is remembered.
pub const BREAKER_PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// When breakers open, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct BreakerRules {
    failures: u32,
    pause: Duration,
    pause_max: Duration,
}

/// Rules that make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BreakerRulesError {
    /// A breaker that doesn't stay open.
    #[error("`pause` is zero: write `failures = 0` for no breakers")]
    NoPause,
    /// Pauses that would shrink.
    #[error("`pause` of {0} is above `pause_max` of {1}")]
    Shrinking(Span, Span),
    /// Pauses that would be forgotten.
    #[error("`pause_max` of {0} is above {max}", max = Span(BREAKER_PAUSE_MAX))]
    TooLong(Span),
}

/// The rules as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    failures: Option<u32>,
    pause: Option<Span>,
    pause_max: Option<Span>,
}

impl Default for BreakerRules {
    fn default() -> Self {
        Self { failures: 10, pause: Duration::from_secs(5), pause_max: Duration::from_secs(60) }
    }
}

impl TryFrom<Written> for BreakerRules {
    type Error = BreakerRulesError;
    fn try_from(Written { failures, pause, pause_max }: Written) -> Result<Self, BreakerRulesError> {
        let usual = Self::default();
        let span = |written: Option<Span>, usual| written.map_or(usual, |span| span.0);
        Self::new(
            failures.unwrap_or(usual.failures),
            span(pause, usual.pause),
            span(pause_max, usual.pause_max),
        )
    }
}

impl BreakerRules {
    /// A breaker opens after so many failures in a row, first for `pause`, then for twice as long each time, up
    /// to `pause_max`. No failures: never.
    pub fn new(failures: u32, pause: Duration, pause_max: Duration) -> Result<Self, BreakerRulesError> {
        if pause.is_zero() {
            return Err(BreakerRulesError::NoPause);
        }
        if pause > pause_max {
            return Err(BreakerRulesError::Shrinking(Span(pause), Span(pause_max)));
        }
        if pause_max > BREAKER_PAUSE_MAX {
            return Err(BreakerRulesError::TooLong(Span(pause_max)));
        }
        Ok(Self { failures, pause, pause_max })
    }

    /// Rules by which no breaker opens.
    pub fn off() -> Self {
        Self { failures: 0, ..Self::default() }
    }

    /// Whether no breaker opens.
    pub fn are_off(&self) -> bool {
        self.failures == 0
    }

    /// How many failures in a row open a breaker.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The first pause.
    pub fn pause_ms(&self) -> u64 {
        self.pause.as_millis() as u64
    }

    /// The longest pause.
    pub fn pause_max_ms(&self) -> u64 {
        self.pause_max.as_millis() as u64
    }
}

/// How a call ended, as far as its skill's breaker cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The skill works.
    Well,
    /// The skill is broken.
    Failed(FaultCode),
    /// It says nothing about the skill.
    Neither,
}

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// One call at a time passes, and tries whether the skill works again.
    HalfOpen,
}

/// A breaker as it is seen at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSeen {
    /// Its state.
    pub state: BreakerState,
    /// How many calls failed without one that did well since.
    pub failures: u32,
    /// How the last of them failed, if one did.
    pub why: Option<FaultCode>,
    /// When to come back, in milliseconds; 0 if a call might pass now.
    pub wait_ms: u64,
}

/// What somebody is told who wants to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The breaker is closed.
    Free,
    /// The call tries whether the skill works again; how it ends must be noted.
    Trial,
    /// Not now.
    Refused(BreakerSeen),
}

/// The breaker of one skill. A new one is closed, and as good as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    why: Option<FaultCode>,
    opened: Option<Opened>,
    changed_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opened {
    until_ms: u64,
    pause_ms: u64,
    trial: Option<Trial>,
}

/// A call that is out to try the skill, and until when it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Trial {
    call: CallId,
    until_ms: u64,
}

impl Breaker {
    /// Whether there is nothing to remember: nothing failed, or too long ago.
    pub fn is_clear(&self, now_ms: u64) -> bool {
        let life_ms = BREAKER_LIFE.as_millis() as u64;
        self.failures == 0 || now_ms.saturating_sub(self.changed_ms) > life_ms
    }

    /// How it stands.
    pub fn seen(&self, now_ms: u64) -> BreakerSeen {
        let (state, wait_ms) = match self.opened {
            None => (BreakerState::Closed, 0),
            Some(Opened { until_ms, .. }) if now_ms < until_ms => (BreakerState::Open, until_ms - now_ms),
            Some(Opened { pause_ms, trial, .. }) => {
                let left = trial.map_or(0, |trial| trial.until_ms.saturating_sub(now_ms));
                (BreakerState::HalfOpen, left.min(pause_ms))
            }
        };
        BreakerSeen { state, failures: self.failures, why: self.why, wait_ms }
    }

    /// Asks for a call to be let through. One that tries the skill out holds its place for `within_ms` at most.
    pub fn ask(&mut self, call: CallId, within_ms: u64, now_ms: u64) -> Admission {
        let seen = self.seen(now_ms);
        match &mut self.opened {
            None => Admission::Free,
            Some(_) if seen.wait_ms > 0 => Admission::Refused(seen),
            Some(opened) => {
                opened.trial = Some(Trial { call, until_ms: now_ms.saturating_add(within_ms) });
                self.changed_ms = now_ms;
                Admission::Trial
            }
        }
    }

    /// Notes how a call ended, and says which state that brought. Once it is open only the call that tries the
    /// skill counts: those that began before tell nothing of now.
    pub fn note(
        &mut self,
        call: CallId,
        ending: Ending,
        rules: &BreakerRules,
        now_ms: u64,
    ) -> Option<BreakerState> {
        let tried = match &mut self.opened {
            Some(opened) if opened.trial.is_some_and(|trial| trial.call == call) => Some(opened),
            Some(_) => return None,
            None => None,
        };
        match (ending, tried) {
            (Ending::Neither, Some(opened)) => {
                opened.trial = None;
                self.changed_ms = now_ms;
                None
            }
            (Ending::Neither, None) => None,
            (Ending::Well, tried) => {
                let closed = tried.map(|_| BreakerState::Closed);
                *self = Self::default();
                closed
            }
            (Ending::Failed(why), tried) => {
                let pause_ms = tried.map(|opened| opened.pause_ms.saturating_mul(2));
                self.fail(why, pause_ms, rules, now_ms)
            }
        }
    }

    /// Counts a failure, and opens if there are enough or the one of a trial says how long to pause.
    fn fail(
        &mut self,
        why: FaultCode,
        pause_ms: Option<u64>,
        rules: &BreakerRules,
        now_ms: u64,
    ) -> Option<BreakerState> {
        self.failures = self.failures.saturating_add(1);
        (self.why, self.changed_ms) = (Some(why), now_ms);
        if pause_ms.is_none() && self.failures < rules.failures {
            return None;
        }
        let pause_ms = pause_ms.unwrap_or(rules.pause_ms()).min(rules.pause_max_ms());
        self.opened = Some(Opened { until_ms: now_ms.saturating_add(pause_ms), pause_ms, trial: None });
        Some(BreakerState::Open)
    }
}

impl BreakerState {
    /// The state as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl BreakerSeen {
    /// A breaker that has nothing against a call.
    pub const CLEAR: Self = Self { state: BreakerState::Closed, failures: 0, why: None, wait_ms: 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_and_bad_ones_are_refused() {
        let read = |text: &str| toml::from_str::<BreakerRules>(text).map_err(|error| error.to_string());
        assert_eq!(read("").unwrap(), BreakerRules::default());
        let rules = read("failures = 3\npause = \"500ms\"\npause_max = \"2m\"").unwrap();
        assert_eq!((rules.failures(), rules.pause_ms(), rules.pause_max_ms()), (3, 500, 120_000));
        assert!(read("failures = 0").unwrap().are_off());
        for (bad, says) in [
            ("pause = \"0s\"", "failures = 0"),
            ("pause_max = \"1s\"", "`pause` of 5s is above `pause_max` of 1s"),
            ("pause_max = \"2h\"", "above 1h"),
            ("failures = -1", "-1"),
            ("pause = 5", "integer"),
            ("pauses = \"5s\"", "pauses"),
        ] {
            let error = read(bad).unwrap_err();
            assert!(error.contains(says), "{bad}: {error}");
        }
    }
}
