//! Quotas: how often and how much at once a principal or a domain may call.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// Calls over time, written `100/s`, `600/m` or `1000/h`: a bucket of that many calls, refilled over that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    /// Calls that may come at once after a pause; the bucket's size.
    pub calls: u32,
    /// The time in which an empty bucket is full again, in milliseconds.
    pub window_ms: u64,
}

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rate: write calls per second, minute or hour, as in `100/s`, `600/m` or `1000/h`")]
pub struct RateError(String);

const WINDOWS: [(&str, u64); 3] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

impl FromStr for Rate {
    type Err = RateError;
    fn from_str(text: &str) -> Result<Self, RateError> {
        let read = || {
            let (calls, unit) = text.split_once('/')?;
            let (_, window_ms) = WINDOWS.iter().find(|(name, _)| *name == unit)?;
            let calls = calls.parse().ok().filter(|calls| *calls > 0)?;
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
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// How often it may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many of its calls may be under way at once, over all hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64)]
    pub concurrency: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["1/s", "600/m", "1000/h"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for bad in ["", "0/s", "10", "10/d", "-1/s", "/s", "1.5/s"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
