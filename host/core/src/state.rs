//! State that a skill keeps between calls: where it is kept, how it changes, what bounds it.

use crate::{ByteSize, Limits};
use bytes::Bytes;
use std::{fmt, str::FromStr};

/// Longest key, in bytes.
pub const STATE_KEY_BYTES_MAX: usize = 512;
/// Longest value, in bytes.
pub const STATE_VALUE_BYTES_MAX: usize = 1 << 20;
/// Keys that one page of a listing holds at most.
pub const STATE_PAGE_MAX: usize = 1000;

/// Where state is kept. Each skill of each domain has one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// With the messages: fast, and gone if they are.
    Hot,
    /// In the database.
    Durable,
}

impl Bucket {
    /// Its name, as guests open it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Durable => "durable",
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Bucket {
    type Err = StateError;
    fn from_str(text: &str) -> Result<Self, StateError> {
        let found = [Self::Hot, Self::Durable].into_iter().find(|bucket| bucket.as_str() == text);
        found.ok_or(StateError::NoSuchBucket)
    }
}

/// What is to become of one key, in one step that nothing comes between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateChange {
    /// It gets this value.
    Set(Bytes),
    /// It goes, if it is there.
    Delete,
    /// The whole number that it holds as decimal text, 0 if it isn't there, grows by this much.
    Increment(u64),
    /// It becomes `value` if it is `expected`; `None` is no value.
    Swap {
        /// What it must be.
        expected: Option<Bytes>,
        /// What it becomes.
        value: Option<Bytes>,
    },
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChanged {
    /// Whether it was made; only a swap may not be.
    pub applied: bool,
    /// The value that is there now.
    pub value: Option<Bytes>,
}

/// A page of a bucket's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateKeys {
    /// The keys.
    pub keys: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

impl StateKeys {
    /// The page of at most `max` keys that begins at `from`. More keys than that show that others follow.
    pub fn page(mut keys: Vec<String>, from: u64, max: usize) -> Self {
        let next = (keys.len() > max).then(|| from.saturating_add(max as u64));
        keys.truncate(max);
        Self { keys, next }
    }
}

/// What bounds each bucket of a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateLimits {
    /// Keys and values together.
    pub bytes: ByteSize,
    /// Number of keys.
    pub keys: u32,
}

impl From<&Limits> for StateLimits {
    fn from(limits: &Limits) -> Self {
        Self { bytes: limits.state, keys: limits.state_keys }
    }
}

/// How full a bucket is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StateTotals {
    /// Number of keys.
    pub keys: u64,
    /// Keys and values together.
    pub bytes: u64,
}

impl StateTotals {
    /// How full it is once `key` is `then` and no longer `now`. A limit refuses only what grows.
    pub fn after(
        self,
        key: &str,
        now: Option<&Bytes>,
        then: Option<&Bytes>,
        limits: StateLimits,
    ) -> Result<Self, StateError> {
        let size = |value: Option<&Bytes>| value.map_or(0, |value| (key.len() + value.len()) as u64);
        let count = |value: Option<&Bytes>| u64::from(value.is_some());
        let keys = (self.keys + count(then)).saturating_sub(count(now));
        let bytes = (self.bytes + size(then)).saturating_sub(size(now));
        if bytes > limits.bytes.0 && size(then) > size(now) {
            return Err(StateError::FullBytes(limits.bytes));
        }
        if keys > u64::from(limits.keys) && count(then) > count(now) {
            return Err(StateError::FullKeys(limits.keys));
        }
        Ok(Self { keys, bytes })
    }
}

/// Why state couldn't be read or changed. The guest learns it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// No bucket of that name.
    #[error("there is no such bucket: open `hot` or `durable`")]
    NoSuchBucket,
    /// The key is empty or too long.
    #[error("a key must have 1 to {STATE_KEY_BYTES_MAX} bytes")]
    Key,
    /// The value is too long.
    #[error("a value may have {STATE_VALUE_BYTES_MAX} bytes at most")]
    Value,
    /// The bucket holds as many bytes as it may.
    #[error("the bucket would exceed its limit `state` of {0}: delete something, or raise the limit")]
    FullBytes(ByteSize),
    /// The bucket holds as many keys as it may.
    #[error("the bucket would exceed its limit `state_keys` of {0}: delete something, or raise the limit")]
    FullKeys(u32),
    /// The value to increment is no whole number, or would pass the largest.
    #[error("the value is no whole number that can grow so much")]
    NotANumber,
    /// What keeps the state is away.
    #[error("{0}")]
    Unavailable(String),
}

impl StateChange {
    /// Refuses a key or a value that no bucket takes.
    pub fn check(&self, key: &str) -> Result<(), StateError> {
        Self::check_key(key)?;
        let values = match self {
            Self::Set(value) => [Some(value), None],
            Self::Swap { expected, value } => [expected.as_ref(), value.as_ref()],
            Self::Delete | Self::Increment(_) => [None, None],
        };
        if values.into_iter().flatten().any(|value| value.len() > STATE_VALUE_BYTES_MAX) {
            return Err(StateError::Value);
        }
        Ok(())
    }

    /// Refuses a key that no bucket takes.
    pub fn check_key(key: &str) -> Result<(), StateError> {
        let fits = (1..=STATE_KEY_BYTES_MAX).contains(&key.len());
        if fits { Ok(()) } else { Err(StateError::Key) }
    }

    /// What becomes of a key that is `now`: its new value, or nothing where a swap doesn't apply.
    pub fn apply(&self, now: Option<&Bytes>) -> Result<Option<Option<Bytes>>, StateError> {
        Ok(match self {
            Self::Set(value) => Some(Some(value.clone())),
            Self::Delete => Some(None),
            Self::Increment(delta) => Some(Some(increment(now, *delta)?)),
            Self::Swap { expected, value } => (now == expected.as_ref()).then(|| value.clone()),
        })
    }
}

fn increment(now: Option<&Bytes>, delta: u64) -> Result<Bytes, StateError> {
    let number = match now {
        None => Some(0),
        Some(text) => std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok()),
    };
    let grown = number.and_then(|number| number.checked_add(delta)).ok_or(StateError::NotANumber)?;
    Ok(Bytes::from(grown.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_apply_to_what_is_there() {
        let two = Bytes::from_static(b"2");
        assert_eq!(StateChange::Increment(3).apply(Some(&two)), Ok(Some(Some(Bytes::from_static(b"5")))));
        assert_eq!(StateChange::Increment(3).apply(None), Ok(Some(Some(Bytes::from_static(b"3")))));
        assert_eq!(StateChange::Increment(u64::MAX).apply(Some(&two)), Err(StateError::NotANumber));
        let swap = StateChange::Swap { expected: None, value: Some(two.clone()) };
        assert_eq!(swap.apply(Some(&two)), Ok(None));
        assert_eq!(swap.apply(None), Ok(Some(Some(two.clone()))));
        assert_eq!(StateChange::Delete.apply(Some(&two)), Ok(Some(None)));
    }

    #[test]
    fn keys_and_values_have_bounds() {
        let long = "k".repeat(STATE_KEY_BYTES_MAX + 1);
        assert_eq!(StateChange::Delete.check(&long), Err(StateError::Key));
        assert_eq!(StateChange::Delete.check(""), Err(StateError::Key));
        let large = Bytes::from(vec![0; STATE_VALUE_BYTES_MAX + 1]);
        let swap = StateChange::Swap { expected: Some(large.clone()), value: None };
        assert_eq!(swap.check("k"), Err(StateError::Value));
        assert_eq!(StateChange::Set(large).check("k"), Err(StateError::Value));
    }

    #[test]
    fn limits_refuse_only_what_grows() {
        let limits = StateLimits { bytes: ByteSize(4), keys: 1 };
        let (one, three) = (Bytes::from_static(b"1"), Bytes::from_static(b"123"));
        let empty = StateTotals::default();
        let full = StateTotals { keys: 1, bytes: 4 };
        assert_eq!(empty.after("k", None, Some(&three), limits), Ok(full));
        assert_eq!(full.after("k", Some(&three), None, limits), Ok(empty));
        assert_eq!(full.after("l", None, Some(&one), limits), Err(StateError::FullBytes(ByteSize(4))));
        let small = StateTotals { keys: 1, bytes: 1 };
        assert_eq!(small.after("l", None, Some(&one), limits), Err(StateError::FullKeys(1)));
        // A limit that was lowered lets what is there be replaced by less.
        let over = StateTotals { keys: 3, bytes: 9 };
        let less = over.after("k", Some(&three), Some(&one), limits);
        assert_eq!(less, Ok(StateTotals { keys: 3, bytes: 7 }));
        assert_eq!(over.after("k", Some(&three), None, limits), Ok(StateTotals { keys: 2, bytes: 5 }));
    }

    #[test]
    fn a_page_knows_whether_another_follows() {
        let keys = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(StateKeys::page(keys(), 4, 2), StateKeys { keys: keys(), next: None });
        assert_eq!(StateKeys::page(keys(), 4, 1), StateKeys { keys: vec!["a".to_owned()], next: Some(5) });
    }
}
