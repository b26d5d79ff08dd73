//! Three hosts on a Redis and a MariaDB of their own, with a proxy between each pair, and skills that make effects.

use crate::clock::made_ms;
use crate::effects::Effects;
use crate::host::Host;
use crate::life::Kill;
use anyhow::Context as _;
use parking_lot::Mutex;
use skep_harness::{MariaDb, Redis, repository};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::{AbortHandle, block_in_place};

/// Hosts of a fleet.
pub const HOSTS: usize = 3;
/// The guest that all skills are made of.
const GUEST: &str = "probe";
/// Its tool that makes an effect.
pub const TOOL: &str = "fetch";
/// It writes down what it is told, but not without end, and reads it slowly: clients meet it while it loads.
const REDIS: [&str; 8] = [
    "--appendonly",
    "yes",
    "--auto-aof-rewrite-min-size",
    "1mb",
    "--key-load-delay",
    "50",
    "--loading-process-events-interval-bytes",
    "4096",
];
/// How often readiness is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The fleet; dropping it ends everything that it started.
pub struct Fleet {
    /// Its hosts.
    pub hosts: Vec<Arc<Host>>,
    /// What they share for messages; it writes down what it is told.
    pub redis: Mutex<Redis>,
    /// What they share for what lasts.
    pub maria: Mutex<MariaDb>,
    /// What their skills do to the world.
    pub effects: Effects,
    /// Where the hosts' logs are.
    pub logs: PathBuf,
    supervisors: Vec<AbortHandle>,
    dir: TempDir,
}

impl Fleet {
    /// Starts everything, and waits until all hosts are ready. Logs go to `target/faults/NAME`.
    pub async fn start(name: &str) -> anyhow::Result<Self> {
        let logs = repository().join("target/faults").join(name);
        // There may be none of an earlier run.
        let _ = std::fs::remove_dir_all(&logs);
        std::fs::create_dir_all(&logs).with_context(|| logs.display().to_string())?;
        let dir = tempfile::tempdir()?;
        let redis = block_in_place(|| Redis::start_with(&REDIS))?;
        let maria = block_in_place(|| MariaDb::start_with(&["--innodb-buffer-pool-size=256M"]))?;
        let (mut hosts, mut supervisors, turn) = (Vec::new(), Vec::new(), Arc::default());
        for n in 1..=HOSTS {
            let host = Arc::new(Host::new(n, dir.path(), &logs, (&redis, &maria), &turn).await?);
            block_in_place(|| host.start())?;
            supervisors.push(tokio::spawn(host.clone().supervise()).abort_handle());
            hosts.push(host);
        }
        let effects = Effects::start().await?;
        let (redis, maria) = (redis.into(), maria.into());
        Ok(Self { hosts, redis, maria, effects, logs, supervisors, dir })
    }

    /// Installs a skill that may make effects, with these lines of `[limits]`.
    pub fn add(&self, name: &str, limits: &str) -> anyhow::Result<()> {
        let (folder, origin) = (self.dir.path().join(name), self.effects.origin());
        std::fs::create_dir(&folder)?;
        std::fs::copy(skep_harness::guest(GUEST), folder.join("probe.wasm"))?;
        let manifest = format!(
            "[skill]\nname = \"{name}\"\nversion = \"1.0.0\"\ncomponent = \"probe.wasm\"\n\
             [requests]\nnetwork = [\"{origin}\"]\n[limits]\n{limits}\n"
        );
        std::fs::write(folder.join("skill.toml"), manifest)?;
        let folder = path(&folder)?;
        self.hosts[0].skep(&["add", folder, "--net", &origin]).map(drop)
    }

    /// The host that one of these lives was of, by the name that it gave itself when it began: no two begin at once.
    pub fn host_of(&self, life: &str) -> Option<&Arc<Host>> {
        let made = made_ms(life)?;
        let began =
            |host: &Host| host.lives().iter().map(|life| life.began).filter(|began| *began <= made).max();
        self.hosts.iter().max_by_key(|host| began(host))
    }

    /// Which hosts were killed, in order.
    pub fn kills(&self) -> Vec<Kill> {
        let kills = |host: &Arc<Host>| {
            let host = host.clone();
            host.kills().into_iter().map(move |at| Kill { at, host: host.name.clone() })
        };
        let mut kills: Vec<_> = self.hosts.iter().flat_map(kills).collect();
        kills.sort_unstable_by_key(|kill| kill.at);
        kills
    }

    /// Waits until all hosts are ready; says how long that took, if not longer than `within`.
    pub async fn ready(&self, within: Duration) -> Option<Duration> {
        let begun = Instant::now();
        while begun.elapsed() < within {
            let all = futures::future::join_all(self.hosts.iter().map(|host| host.is_ready())).await;
            if all.into_iter().all(|ready| ready) {
                return Some(begun.elapsed());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        None
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for supervisor in &self.supervisors {
            supervisor.abort();
        }
    }
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is no text", path.display()))
}
