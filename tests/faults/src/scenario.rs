//! The scenarios: each makes its faults from a seed, and comes to a verdict.

mod network;

use crate::verdict::Verdict;
use clap::ValueEnum;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// How large a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How many faults are made.
    pub faults: usize,
    /// How many jobs are submitted meanwhile, where jobs are.
    pub jobs: usize,
}

/// What can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Each way of each host to Redis and MariaDB is slow, reset, half open or a black hole.
    Network,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Network];

    /// The size that is run with each change.
    pub fn short(self) -> Size {
        match self {
            Self::Network => Size { faults: 8, jobs: 0 },
        }
    }

    /// The size whose figures are told.
    pub fn long(self) -> Size {
        match self {
            Self::Network => Size { faults: 96, jobs: 0 },
        }
    }

    /// Runs it.
    pub async fn run(self, seed: u64, size: Size) -> anyhow::Result<Verdict> {
        let chance = StdRng::seed_from_u64(seed);
        match self {
            Self::Network => network::run(seed, chance, size).await,
        }
    }
}
