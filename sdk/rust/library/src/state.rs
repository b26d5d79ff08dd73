//! State that outlives a call: key and value, in one of two buckets that belong to the skill.
//!
//! ```
//! # fn main() -> Result<(), skep::Error> {
//! let scores = skep::state::durable()?;
//! scores.set("ann", &[7, 9])?;
//! let of_ann: Option<Vec<u32>> = scores.get("ann")?;
//! let plays = scores.increment("plays", 1)?;
//! # Ok(())
//! # }
//! ```

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Error,
    host::{atomics, keyvalue, swap},
};

/// How often [`Bucket::update`] tries before it says that too many write at once.
const UPDATE_TRIES_MAX: usize = 100;

/// A bucket of keys and values. Values are JSON unless a method says bytes.
#[derive(Debug)]
pub struct Bucket(keyvalue::Bucket);

/// The fast bucket: lost with the message bus.
pub fn hot() -> Result<Bucket, Error> {
    open("hot")
}

/// The bucket that is kept in the database.
pub fn durable() -> Result<Bucket, Error> {
    open("durable")
}

/// The bucket of this name.
pub fn open(name: &str) -> Result<Bucket, Error> {
    keyvalue::open(name).map(Bucket).map_err(|error| failed(name, error))
}

impl Bucket {
    /// The value of a key, if it has one.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.get_bytes(key)?.map(|bytes| decoded(key, &bytes)).transpose()
    }

    /// Gives a key this value.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        self.set_bytes(key, &encoded(key, value)?)
    }

    /// The bytes of a key's value, if it has one.
    pub fn get_bytes(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.0.get(key).map_err(|error| failed(key, error))
    }

    /// Gives a key these bytes as value.
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.0.set(key, value).map_err(|error| failed(key, error))
    }

    /// Takes a key away, if it is there.
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        self.0.delete(key).map_err(|error| failed(key, error))
    }

    /// Whether a key has a value.
    pub fn exists(&self, key: &str) -> Result<bool, Error> {
        self.0.exists(key).map_err(|error| failed(key, error))
    }

    /// All keys, in no order.
    pub fn keys(&self) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.0.list_keys(cursor).map_err(|error| failed("keys", error))?;
            keys.extend(page.keys);
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(keys);
            }
        }
    }

    /// Adds to a whole number, 0 if it isn't there, and answers with the new one; nothing comes between.
    pub fn increment(&self, key: &str, delta: u64) -> Result<u64, Error> {
        atomics::increment(&self.0, key, delta).map_err(|error| failed(key, error))
    }

    /// Gives a key the bytes `value` if it has the bytes `expected`, and says whether it had; nothing comes
    /// between. `None` is no value.
    pub fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<bool, Error> {
        swap::compare_and_set(&self.0, key, expected, value).map_err(|error| failed(key, error))
    }

    /// Changes a value by what it is and answers with the new one. `change` runs again whenever somebody
    /// else was faster; `None` is no value.
    pub fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> T,
    ) -> Result<T, Error> {
        for _ in 0..UPDATE_TRIES_MAX {
            let before = self.get_bytes(key)?;
            let value = change(before.as_deref().map(|bytes| decoded(key, bytes)).transpose()?);
            if self.compare_and_set(key, before.as_deref(), Some(&encoded(key, &value)?))? {
                return Ok(value);
            }
        }
        Err(Error::Failed(format!("state `{key}`: changed by others in each of {UPDATE_TRIES_MAX} tries")))
    }
}

/// What is kept of an effect that is made once.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mark<T> {
    /// A call of this id began it.
    Begun(String),
    /// It was made, and came to this.
    Done(T),
}

impl Bucket {
    /// Makes an effect once for a key, such as [`idempotency_key`](crate::context::idempotency_key), and answers
    /// with what it came to, then and ever after. Take [`durable`] for what must outlive everything.
    ///
    /// `effect` is told whether an earlier call began it and never said what it came to, because its host died:
    /// then only the other side knows whether it was made, so ask there before you make it again. An effect
    /// that fails was not made, and may be tried again.
    ///
    /// ```
    /// # fn pay(_: &str) -> Result<u64, skep::Error> { Ok(7) }
    /// # fn receipt_of(_: &str) -> Result<Option<u64>, skep::Error> { Ok(None) }
    /// # fn main() -> Result<(), skep::Error> {
    /// let key = skep::context::idempotency_key().unwrap_or_default();
    /// let receipt: u64 = skep::state::durable()?.once(&key, |begun| match begun {
    ///     true => receipt_of(&key)?.map_or_else(|| pay(&key), Ok),
    ///     false => pay(&key),
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn once<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        effect: impl FnOnce(bool) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let key = &format!("once/{key}");
        let own = encoded(key, &Mark::<()>::Begun(crate::context::call_id()))?;
        let before = loop {
            let before = self.get_bytes(key)?;
            if let Some(Mark::Done(value)) = before.as_deref().map(|bytes| decoded(key, bytes)).transpose()? {
                return Ok(value);
            }
            if self.compare_and_set(key, before.as_deref(), Some(&own))? {
                break before;
            }
        };
        match effect(before.is_some()) {
            Ok(value) => {
                self.set_bytes(key, &encoded(key, &Mark::Done(&value))?)?;
                Ok(value)
            }
            Err(error) => {
                self.compare_and_set(key, Some(&own), before.as_deref())?;
                Err(error)
            }
        }
    }
}

fn encoded<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Failed(format!("state `{key}`: {error}")))
}

fn decoded<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::Failed(format!("state `{key}` holds something else: {error}")))
}

fn failed(what: &str, error: keyvalue::Error) -> Error {
    Error::Failed(match error {
        keyvalue::Error::NoSuchStore => format!("state `{what}`: there is none; open `hot` or `durable`"),
        keyvalue::Error::AccessDenied => format!("state `{what}`: denied"),
        keyvalue::Error::Other(why) => format!("state `{what}`: {why}"),
    })
}
