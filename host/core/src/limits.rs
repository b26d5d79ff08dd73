//! Limits of a call, and the sizes and spans that people write them in.

use crate::millis;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, time::Duration};
use utoipa::ToSchema;

/// A limit that can't be read or can't be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No size.
    #[error("`{0}` is no size: write a whole number and B, KiB, MiB or GiB, as in `64MiB`")]
    Size(String),
    /// No span of time.
    #[error("`{0}` is no span of time: write a whole number and ms, s, m, h or d, as in `10s`")]
    Span(String),
    /// More than the host allows.
    #[error("limit `{name}` of {asked} is above this host's ceiling of {ceiling}")]
    Ceiling {
        /// The limit.
        name: &'static str,
        /// What was asked for.
        asked: String,
        /// What there is.
        ceiling: String,
    },
    /// Zero, which would stop every call.
    #[error("limit `{0}` is zero, so that no call could run: leave it out for the default")]
    Zero(&'static str),
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// A number of bytes, written `64MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(pub u64);

const SIZE_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl FromStr for ByteSize {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        let read = || {
            let (number, unit) = number_and_unit(text)?;
            let (_, factor) = SIZE_UNITS.iter().find(|(name, _)| *name == unit)?;
            number.checked_mul(*factor)
        };
        read().map(Self).ok_or_else(|| LimitError::Size(text.to_owned()))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, factor): &&(&str, u64)| self.0.is_multiple_of(*factor) && self.0 >= *factor;
        let (unit, factor) = SIZE_UNITS.iter().find(whole).copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

/// A span of time, written `10s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

const SPAN_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl FromStr for Span {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        let read = || {
            let (number, unit) = number_and_unit(text)?;
            let (_, factor) = SPAN_UNITS.iter().find(|(name, _)| *name == unit)?;
            number.checked_mul(*factor)
        };
        let span = read().map(|ms| Self(Duration::from_millis(ms)));
        span.ok_or_else(|| LimitError::Span(text.to_owned()))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = millis(self.0);
        let whole = |(_, factor): &&(&str, u64)| ms.is_multiple_of(*factor) && ms >= *factor;
        let (unit, factor) = SPAN_UNITS.iter().find(whole).copied().unwrap_or(("ms", 1));
        write!(f, "{}{unit}", ms / factor)
    }
}

macro_rules! text_forms {
    ($($type:ident),*) => { $(
        impl TryFrom<String> for $type {
            type Error = LimitError;
            fn try_from(text: String) -> Result<Self, LimitError> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    )* };
}
text_forms!(ByteSize, Span);

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr, ceiling $ceiling:expr;)*) => {
        /// The limits of a skill's calls. Every one is enforced, and each has a guest that tries to break it.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Limits { $($(#[$doc])* pub $name: $type,)* }

        /// Limits as a manifest or an operator writes them: what is left out takes the default.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct LimitsSpec {
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $name: Option<$type>,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Limits {
            /// The most that a host allows unless its operator says otherwise.
            pub fn ceiling() -> Self {
                Self { $($name: $ceiling,)* }
            }
        }

        impl LimitsSpec {
            /// The limits that hold: what is written here, else the default; never above `ceiling`.
            pub fn within(&self, ceiling: &Limits) -> Result<Limits, LimitError> {
                let default = Limits::default();
                Ok(Limits { $($name: within(stringify!($name), self.$name, default.$name, ceiling.$name)?,)* })
            }
        }
    };
}

limits! {
    /// Linear memory and tables of one call, summed over all of them.
    memory: ByteSize = ByteSize(64 << 20), ceiling ByteSize(1 << 30);
    /// Time spent computing, counted in ticks of 10 ms; waiting isn't charged.
    cpu: Span = Span(Duration::from_secs(10)), ceiling Span(Duration::from_secs(600));
    /// Time from start to end, waiting included.
    wall: Span = Span(Duration::from_secs(30)), ceiling Span(Duration::from_secs(3600));
    /// Size of the input.
    input: ByteSize = ByteSize(1 << 20), ceiling ByteSize(16 << 20);
    /// Size of the output.
    output: ByteSize = ByteSize(1 << 20), ceiling ByteSize(16 << 20);
    /// Size of the log; more is cut with a marker.
    log: ByteSize = ByteSize(64 << 10), ceiling ByteSize(1 << 20);
    /// What a call sends and receives over the network: the bodies of its requests and answers.
    traffic: ByteSize = ByteSize(64 << 20), ceiling ByteSize(1 << 30);
    /// Calls of the skill that run at once, over all hosts, at each depth of skills that call skills.
    concurrency: u32 = 64, ceiling 4096;
    /// Calls of the skill that may wait for their turn, over all hosts.
    waiting: u32 = 1024, ceiling 65536;
    /// Keys and values of each of the skill's state buckets.
    state: ByteSize = ByteSize(16 << 20), ceiling ByteSize(1 << 30);
    /// Keys in each of the skill's state buckets.
    state_keys: u32 = 10_000, ceiling 1_000_000;
    /// Sessions of the skill that live at once on one host.
    sessions: u32 = 64, ceiling 4096;
    /// How long a session may rest between two calls.
    idle: Span = Span(Duration::from_secs(300)), ceiling Span(Duration::from_secs(86_400));
}

trait Limit: Copy + Ord + fmt::Display {
    const NONE: Self;
}
impl Limit for u32 {
    const NONE: Self = 0;
}
impl Limit for ByteSize {
    const NONE: Self = ByteSize(0);
}
impl Limit for Span {
    const NONE: Self = Span(Duration::ZERO);
}

fn within<T: Limit>(name: &'static str, asked: Option<T>, default: T, ceiling: T) -> Result<T, LimitError> {
    let Some(asked) = asked else { return Ok(default.min(ceiling)) };
    if asked == T::NONE {
        return Err(LimitError::Zero(name));
    }
    if asked > ceiling {
        return Err(LimitError::Ceiling { name, asked: asked.to_string(), ceiling: ceiling.to_string() });
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_read_and_write() {
        for text in ["1B", "3KiB", "64MiB", "2GiB"] {
            assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
        }
        for text in ["5ms", "10s", "3m", "2h", "90d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for bad in ["", "64", "MiB", "64MB", "-1B", "99999999999999999999B", "17179869184GiB"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
        for bad in ["", "10", "1w", "1.5s"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_ceiling_holds_and_the_default_bows_to_it() {
        let mut ceiling = Limits::ceiling();
        ceiling.memory = ByteSize(1 << 20);
        let spec = LimitsSpec { memory: Some(ByteSize(2 << 20)), ..LimitsSpec::default() };
        assert!(matches!(spec.within(&ceiling), Err(LimitError::Ceiling { name: "memory", .. })));
        assert_eq!(LimitsSpec::default().within(&ceiling).unwrap().memory, ByteSize(1 << 20));
        let none = LimitsSpec { concurrency: Some(0), ..LimitsSpec::default() };
        assert_eq!(none.within(&Limits::ceiling()), Err(LimitError::Zero("concurrency")));
    }
}
