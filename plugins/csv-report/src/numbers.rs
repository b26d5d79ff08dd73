//! What is kept of a stream of numbers: sums without drift, moments, and values for percentiles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::settings::Settings;

/// Numbers kept for percentiles; beyond, a uniform sample of this size stands for all.
const SAMPLE_MAX: usize = 20_000;

#[derive(Serialize, JsonSchema)]
pub struct Statistics {
    pub count: u64,
    pub sum: f64,
    pub mean: f64,
    pub min: f64,
    pub max: f64,
    /// Of the sample, by n - 1
    pub stddev: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub percentiles: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub percentiles_estimated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// Count, sum, mean, spread and ends.
#[derive(Default)]
pub struct Moments {
    count: u64,
    sum: f64,
    /// What rounding took from `sum` (Neumaier).
    lost: f64,
    mean: f64,
    /// Sum of squared distances from the mean (Welford).
    spread: f64,
    min: f64,
    max: f64,
}

impl Moments {
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let sum = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.spread += before * (value - self.mean);
        self.min = if self.count == 1 { value } else { self.min.min(value) };
        self.max = if self.count == 1 { value } else { self.max.max(value) };
    }

    pub fn sum(&self) -> f64 {
        self.sum + self.lost
    }

    /// None without numbers. An amount of money is rounded and labelled.
    pub fn statistics(&self, money: Option<&Settings>) -> Option<Statistics> {
        if self.count == 0 {
            return None;
        }
        let shown = |value: f64| money.map_or(value, |settings| settings.round(value));
        let variance = if self.count > 1 { self.spread / (self.count - 1) as f64 } else { 0.0 };
        Some(Statistics {
            count: self.count,
            sum: shown(self.sum()),
            mean: shown(self.sum() / self.count as f64),
            min: shown(self.min),
            max: shown(self.max),
            stddev: shown(variance.sqrt()),
            percentiles: BTreeMap::new(),
            percentiles_estimated: false,
            currency: money.map(|settings| settings.currency.clone()),
        })
    }
}

/// Moments, and percentiles too.
#[derive(Default)]
pub struct Numbers {
    moments: Moments,
    sample: Vec<f64>,
    /// State of the sample's random numbers; the same input gives the same answer.
    random: u64,
}

impl Numbers {
    pub fn add(&mut self, value: f64) {
        self.moments.add(value);
        if self.sample.len() < SAMPLE_MAX {
            self.sample.push(value);
        } else {
            let slot = self.next_random() % self.moments.count;
            if let Some(kept) = usize::try_from(slot).ok().and_then(|slot| self.sample.get_mut(slot)) {
                *kept = value;
            }
        }
    }

    /// SplitMix64: a few instructions, and good enough to choose rows.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn statistics(mut self, percentiles: &[f64], money: Option<&Settings>) -> Option<Statistics> {
        let mut statistics = self.moments.statistics(money)?;
        self.sample.sort_by(f64::total_cmp);
        for &percent in percentiles {
            let value = percentile(&self.sample, percent);
            let value = money.map_or(value, |settings| settings.round(value));
            statistics.percentiles.insert(format!("p{percent}"), value);
        }
        statistics.percentiles_estimated = self.moments.count > self.sample.len() as u64;
        Some(statistics)
    }
}

/// By linear interpolation between the two nearest of the sorted values.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let place = percent.clamp(0.0, 100.0) / 100.0 * (sorted.len() - 1) as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::usual;

    fn statistics(values: impl IntoIterator<Item = f64>, money: Option<&Settings>) -> Statistics {
        let mut numbers = Numbers::default();
        values.into_iter().for_each(|value| numbers.add(value));
        numbers.statistics(&[0.0, 50.0, 99.5, 100.0], money).unwrap()
    }

    #[test]
    fn small_sets_are_exact() {
        let found = statistics([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], None);
        assert_eq!((found.count, found.sum, found.mean, found.min, found.max), (8, 40.0, 5.0, 2.0, 9.0));
        assert!((found.stddev - 2.138_089_935).abs() < 1e-9);
        assert_eq!(
            (found.percentiles["p0"], found.percentiles["p50"], found.percentiles["p100"]),
            (2.0, 4.5, 9.0)
        );
        assert!(!found.percentiles_estimated);
        assert_eq!(statistics([-3.0], None).stddev, 0.0);
        assert!(Numbers::default().statistics(&[], None).is_none());
    }

    #[test]
    fn sums_do_not_drift() {
        assert_eq!(statistics(std::iter::repeat_n(0.1, 1_000_000), None).sum, 100_000.0);
        assert_eq!(statistics([1e16, 1.0, -1e16], None).sum, 1.0);
    }

    #[test]
    fn large_sets_are_sampled() {
        let found = statistics((0..200_000).map(f64::from), None);
        assert!(found.percentiles_estimated);
        assert_eq!((found.count, found.max), (200_000, 199_999.0));
        assert!((found.percentiles["p50"] - 100_000.0).abs() < 3_000.0, "{}", found.percentiles["p50"]);
    }

    #[test]
    fn money_is_rounded_and_labelled() {
        let found = statistics([1.005, 2.0, 2.0], Some(&usual()));
        assert_eq!((found.mean, found.currency.as_deref()), (1.67, Some("EUR")));
    }
}
