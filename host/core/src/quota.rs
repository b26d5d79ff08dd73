//! Quotas: how often and how much at once a principal or a domain may call.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// Digits of the calls of a rate: few enough for a bucket to be counted exactly, in scripts as well.
const CALLS_DIGITS_MAX: usize = 9;

/// Calls over time, written `100/s`, `600/m` or `1000/h`: a bucket of that many calls, refilled over that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    calls: u32,
    window_ms: u64,
}

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no rate: write up to 999999999 calls per second, minute or hour, as in `100/s`, `600/m` or `1000/h`"
)]
pub struct RateError(String);

const WINDOWS: [(&str, u64); 3] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

impl Rate {
    /// Calls that may come at once after a pause; the bucket's size.
    pub fn calls(self) -> u64 {
        self.calls.into()
    }

    /// The time in which an empty bucket is full again, in milliseconds.
    pub fn window_ms(self) -> u64 {
        self.window_ms
    }

    /// Whether it lets through all that the other does.
    fn covers(self, other: Self) -> bool {
        self.calls >= other.calls && self.calls() * other.window_ms >= other.calls() * self.window_ms
    }
}

impl FromStr for Rate {
    type Err = RateError;
    fn from_str(text: &str) -> Result<Self, RateError> {
        let read = || {
            let (calls, unit) = text.split_once('/')?;
            let (_, window_ms) = WINDOWS.iter().find(|(name, _)| *name == unit)?;
            let plain = calls.bytes().all(|b| b.is_ascii_digit()) && !calls.starts_with('0');
            let calls = (plain && calls.len() <= CALLS_DIGITS_MAX).then(|| calls.parse().ok())??;
            Some(Self { calls, window_ms: *window_ms })
        };
        read().ok_or_else(|| RateError(text.to_owned()))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = WINDOWS.iter().find(|(_, ms)| *ms == self.window_ms).map_or("s", |(name, _)| name);
        write!(f, "{}/{unit}", self.calls)
    }
}

impl TryFrom<String> for Rate {
    type Error = RateError;
    fn try_from(text: String) -> Result<Self, RateError> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> String {
        rate.to_string()
    }
}

/// What somebody may use up. What is absent isn't bounded here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default, try_from = "Written")]
pub struct Quota {
    /// How often it may call, in each domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many of its calls may be under way at once in each domain, waiting ones too, over all hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64)]
    pub concurrency: Option<NonZeroU32>,
}

/// A quota as it is written. What has a flattened part is read from objects alone; else a list would do as well.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    rate: Option<Rate>,
    #[serde(default)]
    concurrency: Option<NonZeroU32>,
    #[serde(flatten)]
    others: BTreeMap<String, IgnoredAny>,
}

impl TryFrom<Written> for Quota {
    type Error = String;
    fn try_from(Written { rate, concurrency, others }: Written) -> Result<Self, String> {
        match others.keys().next() {
            Some(other) => Err(format!("a quota has `rate` and `concurrency`, not `{other}`")),
            None => Ok(Self { rate, concurrency }),
        }
    }
}

impl Quota {
    /// This where it says something, `usual` elsewhere.
    pub fn over(self, usual: Self) -> Self {
        Self { rate: self.rate.or(usual.rate), concurrency: self.concurrency.or(usual.concurrency) }
    }

    /// Whether it bounds nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it lets through all that the other does.
    pub fn covers(&self, other: &Self) -> bool {
        self.rate.is_none_or(|own| other.rate.is_some_and(|rate| own.covers(rate)))
            && self.concurrency.is_none_or(|own| other.concurrency.is_some_and(|many| many <= own))
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.rate, self.concurrency) {
            (None, None) => f.write_str("usual"),
            (Some(rate), None) => write!(f, "{rate}"),
            (None, Some(many)) => write!(f, "{many} at once"),
            (Some(rate), Some(many)) => write!(f, "{rate}, {many} at once"),
        }
    }
}

/// What who came in may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowance {
    /// Anything: somebody with the host's own rights, on the host itself; or a skill, as the call that began it
    /// is counted.
    Unmetered,
    /// What this says, and elsewhere what the host gives everybody.
    Metered(Quota),
}

impl Default for Allowance {
    fn default() -> Self {
        Self::Metered(Quota::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_objects_of_what_is_known() {
        let read = |text: &str| serde_json::from_str::<Quota>(text);
        let whole = read(r#"{"rate":"10/s","concurrency":2}"#).unwrap();
        assert_eq!((whole.rate, whole.concurrency), ("10/s".parse().ok(), NonZeroU32::new(2)));
        assert!(read("{}").unwrap().is_empty() && read(r#"{"rate":null}"#).unwrap().is_empty());
        for bad in ["[]", "[null,null]", r#"{"rats":"10/s"}"#, r#"{"concurrency":0}"#, r#"{"rate":1}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["1/s", "600/m", "1000/h", "999999999/h"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for bad in ["", "0/s", "10", "10/d", "-1/s", "/s", "1.5/s", "+1/s", "01/s", "1000000000/h"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_quota_of_ones_own_stands_over_the_usual_and_can_be_compared() {
        let quota = |rate: &str, concurrency| Quota {
            rate: (!rate.is_empty()).then(|| rate.parse().unwrap()),
            concurrency: NonZeroU32::new(concurrency),
        };
        assert_eq!(quota("5/s", 0).over(quota("9/s", 7)), quota("5/s", 7));
        for (wide, narrow) in [
            (quota("", 0), quota("5/s", 3)),
            (quota("5/s", 3), quota("5/s", 3)),
            (quota("60/m", 0), quota("50/h", 2)),
            (quota("2/s", 0), quota("2/m", 0)),
        ] {
            assert!(wide.covers(&narrow), "{wide} {narrow}");
            assert!(wide == narrow || !narrow.covers(&wide), "{wide} {narrow}");
        }
        // More at once, or more in the long run.
        for (one, other) in [("60/m", "1/s"), ("60/m", "2/s")] {
            assert!(!quota(other, 0).covers(&quota(one, 0)), "{one} {other}");
        }
        assert!(quota("60/m", 0).covers(&quota("1/s", 0)) && !quota("60/m", 0).covers(&quota("2/s", 0)));
        assert!(serde_json::from_str::<Quota>(r#"{"concurrency":0}"#).is_err());
    }
}
