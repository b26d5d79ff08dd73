//! What a scenario came to: figures, and what must not be.

use std::fmt;
use std::time::Duration;

/// Failures of one kind that are listed; more are counted.
const LISTED_MAX: usize = 10;

/// What a scenario came to.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The scenario.
    pub scenario: &'static str,
    /// What its faults and sizes came from.
    pub seed: u64,
    figures: Vec<(&'static str, String)>,
    failures: Vec<String>,
}

impl Verdict {
    /// Nothing is known yet.
    pub fn new(scenario: &'static str, seed: u64) -> Self {
        Self { scenario, seed, figures: Vec::new(), failures: Vec::new() }
    }

    /// Notes what was measured.
    pub fn figure(&mut self, name: &'static str, value: impl fmt::Display) {
        self.figures.push((name, value.to_string()));
    }

    /// Notes how often something was that must never be, and fails if it was.
    pub fn none(&mut self, name: &'static str, found: &[String]) {
        self.figure(name, found.len());
        let more = found.len().saturating_sub(LISTED_MAX);
        self.failures.extend(found.iter().take(LISTED_MAX).map(|found| format!("{name}: {found}")));
        if more > 0 {
            self.failures.push(format!("{name}: {more} more"));
        }
    }

    /// Notes times, and fails if there are none or one in so many percent of them exceeds `bound`.
    pub fn within(&mut self, name: &'static str, times: &Times, percent: usize, bound: Duration) {
        let late = times.percentile(percent);
        self.figure(name, times);
        self.must(!times.is_empty(), || format!("{name}: none was measured"));
        self.must(late <= bound, || format!("{name}: p{percent} is {late:?}, more than {bound:?}"));
    }

    /// Fails unless `holds`.
    pub fn must(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.failures.push(otherwise());
        }
    }

    /// Whether nothing was that must not be.
    pub fn is_good(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_good() { "holds" } else { "FAILS" };
        writeln!(f, "{} (seed {}): {word}", self.scenario, self.seed)?;
        for (name, value) in &self.figures {
            writeln!(f, "  {name:<44} {value}")?;
        }
        for failure in &self.failures {
            writeln!(f, "  ! {failure}")?;
        }
        Ok(())
    }
}

/// Times in order, for their percentiles.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl FromIterator<Duration> for Times {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

impl Times {
    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time that so many percent don't exceed; zero of none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, late, last] = [50, 99, 100].map(|percent| self.percentile(percent).as_secs_f64());
        write!(f, "p50 {median:.3} s, p99 {late:.3} s, most {last:.3} s, of {}", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_there_is() {
        let times: Times = (1..=200).map(Duration::from_millis).collect();
        let ms = [1, 50, 99, 100].map(|percent| times.percentile(percent).as_millis());
        assert_eq!(ms, [2, 100, 198, 200]);
        assert_eq!(Times::default().percentile(99), Duration::ZERO);
    }

    #[test]
    fn times_are_held_to_their_bounds() {
        let good = |times: Times| {
            let mut verdict = Verdict::new("kills", 7);
            verdict.within("late", &times, 99, Duration::from_millis(198));
            verdict.is_good()
        };
        assert!(good((1..=200).map(Duration::from_millis).collect()));
        assert!(!good((2..=201).map(Duration::from_millis).collect()));
        assert!(!good(Times::default()));
    }

    #[test]
    fn one_failure_fails_all() {
        let mut verdict = Verdict::new("kills", 7);
        verdict.none("lost", &[]);
        verdict.must(true, || "nothing".to_owned());
        assert!(verdict.is_good());
        verdict.none("doubled", &vec!["a job".to_owned(); 12]);
        let said = verdict.to_string();
        assert!(!verdict.is_good() && said.contains("seed 7") && said.contains("doubled: 2 more"), "{said}");
    }
}
