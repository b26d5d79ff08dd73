//! What a Redis says of itself, for those who ask what is wrong with it. Nothing is changed to learn it.

use super::link::Link;
use crate::BusError;
use redis::FromRedisValue;
use skep_core::UnixMs;
use std::time::Duration;

/// How long Redis may take for each answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What a Redis says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Its version, as in `7.0.15`.
    pub version: String,
    /// What it throws away when its memory is full, as in `noeviction`.
    pub eviction: String,
    /// How much memory its data may take; 0 if that has no bound.
    pub memory_max: u64,
    /// How much it has taken.
    pub memory: u64,
    /// Whether it writes to its disk what it is told.
    pub appends: bool,
    /// Whether it takes writes, and isn't a copy of another.
    pub takes_writes: bool,
    /// How far its clock is from this machine's, either way.
    pub clock_off: Duration,
}

/// Looks at a Redis, and leaves it as it is.
pub async fn diagnose(url: &str) -> Result<Diagnosis, BusError> {
    let link = Link::open(url, ANSWER_MAX)?;
    let said: String = ask(&link, "INFO").await?;
    let asked = UnixMs::now().0;
    let (seconds, micros): (u64, u64) = ask(&link, "TIME").await?;
    // It was asked halfway between.
    let then = asked.midpoint(UnixMs::now().0);
    let off = (seconds * 1000 + micros / 1000).abs_diff(then);
    Ok(read(&said, Duration::from_millis(off)))
}

async fn ask<T: FromRedisValue>(link: &Link, command: &str) -> Result<T, BusError> {
    let answer = link.command(&redis::cmd(command)).await?;
    redis::from_redis_value(answer).map_err(|error| BusError::Internal(error.to_string()))
}

/// Reads the lines `name:value` of INFO.
fn read(info: &str, clock_off: Duration) -> Diagnosis {
    let of = |name: &str| {
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|it| it.trim().to_owned());
        info.lines().find_map(value).unwrap_or_default()
    };
    let number = |name: &str| of(name).parse().unwrap_or(0);
    Diagnosis {
        version: of("redis_version"),
        eviction: of("maxmemory_policy"),
        memory_max: number("maxmemory"),
        memory: number("used_memory"),
        appends: of("aof_enabled") == "1",
        takes_writes: of("role") == "master",
        clock_off,
    }
}
