//! How far the bucket of a rate is drawn down: whole numbers, exact wherever they are counted.

use crate::Rate;

/// How far the bucket of a rate is drawn down. A call draws as many units as the window has milliseconds, and each
/// millisecond brings as many back as the rate has calls: so nothing is ever rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLevel {
    rate: Rate,
    debt: u64,
}

impl RateLevel {
    /// A bucket from which so many units were drawn.
    pub fn new(rate: Rate, debt: u64) -> Self {
        Self { rate, debt: debt.min(rate.calls() * rate.window_ms()) }
    }

    /// The rate.
    pub fn rate(self) -> Rate {
        self.rate
    }

    /// The units that were drawn and have not come back.
    pub fn debt(self) -> u64 {
        self.debt
    }

    /// What it is so many milliseconds later.
    pub fn after(self, elapsed_ms: u64) -> Self {
        let back = elapsed_ms.min(self.rate.window_ms()) * self.rate.calls();
        Self { debt: self.debt.saturating_sub(back), ..self }
    }

    /// One call less, if there is one left.
    pub fn draw(self) -> Option<Self> {
        let drawn = Self { debt: self.debt + self.rate.window_ms(), ..self };
        (self.left() > 0).then_some(drawn)
    }

    /// Calls that may come at once.
    pub fn left(self) -> u64 {
        (self.rate.calls() * self.rate.window_ms() - self.debt) / self.rate.window_ms()
    }

    /// Milliseconds until one call may come.
    pub fn call_in_ms(self) -> u64 {
        let wanted =
            (self.debt + self.rate.window_ms()).saturating_sub(self.rate.calls() * self.rate.window_ms());
        wanted.div_ceil(self.rate.calls())
    }

    /// Milliseconds until it is full, if nobody calls.
    pub fn full_in_ms(self) -> u64 {
        self.debt.div_ceil(self.rate.calls())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rates() -> impl Strategy<Value = Rate> {
        let calls = prop_oneof![1..20_u32, 1..1_000_000_000_u32];
        (calls, "[smh]").prop_map(|(calls, unit)| format!("{calls}/{unit}").parse().unwrap())
    }

    proptest! {
        /// Within any stretch of time, no more than a bucket and what comes back meanwhile; and whoever waits for
        /// as long as it says gets a call, no sooner.
        #[test]
        fn a_bucket_lets_through_its_rate(rate in rates(), waits in prop::collection::vec(0..3000_u64, 1..200)) {
            let (mut level, mut now) = (RateLevel::new(rate, 0), 0);
            let mut calls: Vec<u64> = Vec::new();
            for wait in waits {
                now += wait;
                level = level.after(wait);
                let soon = level.call_in_ms();
                prop_assert_eq!(level.left() > 0, soon == 0);
                prop_assert!(level.after(soon).left() > 0 && level.after(level.full_in_ms()).debt() == 0);
                prop_assert!(soon == 0 || level.after(soon - 1).left() == 0);
                if let Some(drawn) = level.draw() {
                    prop_assert_eq!(drawn.left(), level.left() - 1);
                    level = drawn;
                    calls.push(now);
                }
            }
            for (at, first) in calls.iter().enumerate() {
                for (count, last) in (1_u64..).zip(&calls[at..]) {
                    let back = (last - first) * rate.calls() / rate.window_ms();
                    prop_assert!(count <= rate.calls() + back, "{count} calls from {first} to {last}");
                }
            }
        }

        /// What a script counts in floating numbers is exact.
        #[test]
        fn debts_are_exact_in_scripts(rate in rates()) {
            prop_assert!(rate.calls() * rate.window_ms() + rate.window_ms() < 1 << f64::MANTISSA_DIGITS);
        }
    }
}
