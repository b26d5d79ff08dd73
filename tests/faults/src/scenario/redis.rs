//! Redis that is killed, that comes back without the last it was told, that forgets everything, that takes nothing.

use super::Size;
use super::ground::Ground;
use crate::calls::serves;
use crate::fleet::Fleet;
use crate::judge::{Hosts, Strict};
use crate::load::SKILL;
use crate::verdict::{Times, Verdict};
use anyhow::Context as _;
use rand::Rng as _;
use rand::rngs::StdRng;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::block_in_place;

/// How long a fault and what follows last, about.
const LASTS: Duration = Duration::from_secs(2);
/// How long Redis is away.
const AWAY_MS: std::ops::RangeInclusive<u64> = 200..=3_000;
/// Most of its file that is cut off.
const CUT_BYTES_MAX: u64 = 64 << 10;
/// How soon after its return all hosts serve again.
const SERVES_MAX: Duration = Duration::from_secs(10);
/// How much longer it is waited for them, to tell how long it takes.
const PATIENCE: Duration = Duration::from_secs(50);

/// What happens to Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    CutTail,
    Flush,
    ReadOnly,
}

const FAULTS: [Fault; 4] = [Fault::Kill, Fault::CutTail, Fault::Flush, Fault::ReadOnly];

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("redis", seed);
    let ground = Ground::start("redis", seed, size, LASTS).await?;
    let (mut served, mut late) = (Vec::new(), Vec::new());
    for n in 0..size.faults {
        let (fault, away) = (FAULTS[n % FAULTS.len()], Duration::from_millis(chance.random_range(AWAY_MS)));
        let cut = chance.random_range(1..=CUT_BYTES_MAX);
        ground.due(n).await;
        make(&ground.fleet, fault, away, cut).await.with_context(|| format!("{fault:?}"))?;
        match serves(&ground.fleet, SKILL, SERVES_MAX + PATIENCE).await {
            Some(took) if took <= SERVES_MAX => served.push(took),
            took => late.push(format!("fault {n}, {fault:?} for {away:?}: after {took:?}")),
        }
    }
    verdict.figure("faults of Redis", size.faults);
    verdict.figure("serving again after its return", served.into_iter().collect::<Times>());
    verdict.none("not serving 10 s after its return", &late);
    let strict = Strict { audit: false, starts: false, hosts: Hosts::End, again: None };
    ground.judge(&mut verdict, strict).await?;
    Ok(verdict)
}

/// Returns when Redis is back.
async fn make(fleet: &Fleet, fault: Fault, away: Duration, cut: u64) -> anyhow::Result<()> {
    let port = fleet.redis.lock().port();
    match fault {
        Fault::Kill | Fault::CutTail => {
            fleet.redis.lock().stop();
            tokio::time::sleep(away).await;
            let mut redis = fleet.redis.lock();
            if fault == Fault::CutTail {
                cut_tail(redis.directory(), cut)?;
            }
            block_in_place(|| redis.restart())?;
        }
        Fault::Flush => tell(port, "FLUSHALL").await?,
        Fault::ReadOnly => {
            // Of nobody: it keeps what it has, and takes nothing.
            tell(port, "REPLICAOF 127.0.0.1 1").await?;
            tokio::time::sleep(away).await;
            tell(port, "REPLICAOF NO ONE").await?;
        }
    }
    Ok(())
}

/// Cuts the end off the file that Redis appends to, as a machine does that dies before it is written.
fn cut_tail(directory: &Path, bytes: u64) -> anyhow::Result<()> {
    let entries = fs::read_dir(directory.join("appendonlydir"))?;
    let paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    let appended = paths.into_iter().filter_map(|path| Some((number(&path)?, path)));
    let (_, last) = appended.max().context("Redis appends to no file")?;
    let file = OpenOptions::new().write(true).open(last)?;
    Ok(file.set_len(file.metadata()?.len().saturating_sub(bytes))?)
}

/// Of `appendonly.aof.NUMBER.incr.aof`.
fn number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".incr.aof")?.rsplit('.').next()?.parse().ok()
}

/// Sends one command that is answered by `+OK`.
async fn tell(port: u16, command: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    anyhow::ensure!(&answer == b"+OK\r\n", "{command}: {}", String::from_utf8_lossy(&answer));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_numbers() {
        let of = |name: &str| number(&Path::new("appendonlydir").join(name));
        assert!(of("appendonly.aof.10.incr.aof") > of("appendonly.aof.9.incr.aof"));
        assert_eq!(of("appendonly.aof.9.base.rdb"), None);
    }
}
