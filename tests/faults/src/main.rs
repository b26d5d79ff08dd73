//! The long run: `faults [SCENARIO…] [--seed N] [--faults N] [--jobs N]`.
#![allow(clippy::print_stdout, reason = "a program of measures prints them")]

use clap::{Parser, ValueEnum as _};
use skep_faults::scenario::{Scenario, Size};
use std::process::ExitCode;

/// Runs scenarios one after the other, and says what they came to.
#[derive(Debug, Parser)]
struct Flags {
    /// Which; all of them if none is named
    scenarios: Vec<Scenario>,
    /// What faults and sizes come from; of chance if left out
    #[arg(long)]
    seed: Option<u64>,
    /// How many faults each makes
    #[arg(long)]
    faults: Option<usize>,
    /// How many jobs are submitted meanwhile
    #[arg(long)]
    jobs: Option<usize>,
    /// The sizes that are run with each change, not those of the long run
    #[arg(long)]
    short: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let flags = Flags::parse();
    let seed = flags.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let chosen = if flags.scenarios.is_empty() { Scenario::ALL.to_vec() } else { flags.scenarios.clone() };
    let mut good = true;
    for scenario in chosen {
        let size = flags.size(scenario);
        println!("{}: seed {seed}, {size:?}", name(scenario));
        match scenario.run(seed, size).await {
            Ok(verdict) => {
                good &= verdict.is_good();
                println!("{verdict}");
            }
            Err(error) => {
                good = false;
                println!("{} (seed {seed}): FAILS to run: {error:#}\n", name(scenario));
            }
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Flags {
    fn size(&self, scenario: Scenario) -> Size {
        let usual = if self.short { scenario.short() } else { scenario.long() };
        Size { faults: self.faults.unwrap_or(usual.faults), jobs: self.jobs.unwrap_or(usual.jobs), ..usual }
    }
}

fn name(scenario: Scenario) -> String {
    scenario.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
