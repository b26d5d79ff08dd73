//! The scenarios: each makes its faults from a seed, and comes to a verdict.

mod ground;
mod kills;
mod mariadb;
mod neighbours;
mod network;
mod poison;
mod redis;
mod stops;
mod zombies;

use crate::verdict::Verdict;
use clap::ValueEnum;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// How large a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How many faults are made; of neighbours, how many seconds they call.
    pub faults: usize,
    /// How many jobs are submitted meanwhile, where jobs are.
    pub jobs: usize,
    /// Whether its figures are told, and what is promised is asked of them.
    pub long: bool,
}

impl Size {
    const fn short(faults: usize, jobs: usize) -> Self {
        Self { faults, jobs, long: false }
    }

    const fn long(faults: usize, jobs: usize) -> Self {
        Self { faults, jobs, long: true }
    }

    /// What is asked: what is `promised` of a long run, what is `borne` of a short one, which shares its machine.
    fn bound<T>(self, promised: T, borne: T) -> T {
        if self.long { promised } else { borne }
    }
}

/// What can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Hosts are killed and started again.
    Kills,
    /// Redis is killed, comes back without its last words, forgets everything, or takes nothing.
    Redis,
    /// MariaDB is killed, stands still, loses answers to COMMIT, holds locks.
    Mariadb,
    /// Each way of each host to Redis and MariaDB is slow, reset, half open or a black hole.
    Network,
    /// Hosts stand still for longer than others wait for them, and go on.
    Zombies,
    /// Jobs kill whatever host has them.
    Poison,
    /// Busy loops, sleepers and stalled requests meet their deadlines, are cancelled, or lose their callers.
    Stops,
    /// A skill with a long queue is beside one that is called.
    Neighbours,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Kills,
        Self::Redis,
        Self::Mariadb,
        Self::Network,
        Self::Zombies,
        Self::Poison,
        Self::Stops,
        Self::Neighbours,
    ];

    /// The size that is run with each change.
    pub fn short(self) -> Size {
        match self {
            Self::Kills => Size::short(4, 2_000),
            Self::Redis => Size::short(4, 1_000),
            Self::Mariadb => Size::short(5, 1_000),
            Self::Network => Size::short(8, 500),
            Self::Zombies => Size::short(2, 1_000),
            Self::Poison => Size::short(1, 500),
            Self::Stops => Size::short(9, 0),
            Self::Neighbours => Size::short(4, 300),
        }
    }

    /// The size whose figures are told.
    pub fn long(self) -> Size {
        match self {
            Self::Kills => Size::long(200, 100_000),
            Self::Redis => Size::long(200, 50_000),
            Self::Mariadb => Size::long(100, 30_000),
            Self::Network => Size::long(96, 20_000),
            Self::Zombies => Size::long(50, 50_000),
            Self::Poison => Size::long(10, 5_000),
            Self::Stops => Size::long(300, 0),
            Self::Neighbours => Size::long(20, 1_000),
        }
    }

    /// Runs it.
    pub async fn run(self, seed: u64, size: Size) -> anyhow::Result<Verdict> {
        let chance = StdRng::seed_from_u64(seed);
        match self {
            Self::Kills => kills::run(seed, chance, size).await,
            Self::Redis => redis::run(seed, chance, size).await,
            Self::Mariadb => mariadb::run(seed, chance, size).await,
            Self::Network => network::run(seed, chance, size).await,
            Self::Zombies => zombies::run(seed, chance, size).await,
            Self::Poison => poison::run(seed, chance, size).await,
            Self::Stops => stops::run(seed, chance, size).await,
            Self::Neighbours => neighbours::run(seed, chance, size).await,
        }
    }
}
