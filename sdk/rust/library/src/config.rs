//! Configuration: what the skill's manifest says under `[config]`, or the operator instead.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use crate::{
    Error,
    host::config::{self, Error as HostError},
};

/// The value of a key, if there is one.
pub fn get(key: &str) -> Result<Option<String>, Error> {
    config::get(key).map_err(|error| unreadable(key, error))
}

/// The value of a key as a number, a path or whatever else can be parsed.
pub fn parse<T: FromStr<Err: Display>>(key: &str) -> Result<Option<T>, Error> {
    let Some(value) = get(key)? else { return Ok(None) };
    let parsed = value.parse().map_err(|e| Error::Failed(format!("configuration `{key}` = `{value}`: {e}")));
    parsed.map(Some)
}

/// All keys and values.
pub fn all() -> Result<BTreeMap<String, String>, Error> {
    let all = config::get_all().map_err(|error| unreadable("*", error))?;
    Ok(all.into_iter().collect())
}

fn unreadable(key: &str, error: HostError) -> Error {
    let (HostError::Upstream(why) | HostError::Io(why)) = error;
    Error::Failed(format!("configuration `{key}` can't be read: {why}"))
}
