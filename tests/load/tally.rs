//! What came of many calls: how many were answered, how soon, how many were refused, and with what code.

use crate::mcp::Answer;
use std::collections::BTreeMap;
use std::time::Duration;

/// Answers that were none which are kept to be shown.
const WRONG_MAX: usize = 3;

/// What came of many calls.
#[derive(Default)]
pub struct Tally {
    /// How long each call took that was answered.
    done: Vec<Duration>,
    /// How many were refused, by code.
    pub refused: BTreeMap<String, u64>,
    /// Some that were neither.
    pub wrong: Vec<String>,
}

impl Tally {
    pub fn note(&mut self, answer: Answer, took: Duration) {
        match answer {
            Answer::Done => self.done.push(took),
            Answer::Refused(code) => *self.refused.entry(code).or_default() += 1,
            Answer::Wrong(why) if self.wrong.len() < WRONG_MAX => self.wrong.push(why),
            Answer::Wrong(_) => {}
        }
    }

    pub fn with(mut self, other: Self) -> Self {
        self.done.extend(other.done);
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self
    }

    /// The cells of a table: calls a second, their median and 99th percentile, refusals a second.
    pub fn row(mut self, time: Duration) -> String {
        self.done.sort_unstable();
        let at = |percent: usize| self.done.get(self.done.len() * percent / 100).copied().unwrap_or_default();
        let rate = |count: f64| count / time.as_secs_f64();
        let refused = rate(self.refused.values().sum::<u64>() as f64);
        let [median, late] = [at(50), at(99)].map(|took| took.as_secs_f64() * 1000.0);
        format!("{:.0} | {median:.1} ms | {late:.1} ms | {refused:.0}", rate(self.done.len() as f64))
    }
}
