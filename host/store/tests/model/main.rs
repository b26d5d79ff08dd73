//! Jobs under many schedules: hosts that lose answers, die and come back as zombies, next to a reference model; and
//! many at once on a real server.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that is surprised should stop, and says what it did"
)]

mod life;
mod race;
mod reference;
mod schedule;
mod world;

use schedule::Step;
use skep_store::{Store, StoreUrl};
use std::ops::Range;
use std::time::Instant;
use tempfile::TempDir;
use tokio::runtime::Builder;
use world::World;

/// Schedules that are tried where nobody wants more (`SCHEDULES=100000`).
const SCHEDULES: u64 = 200;
/// Steps of each.
const STEPS: usize = 40;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Each schedule comes from a number of its own: `FIRST_SCHEDULE=17 SCHEDULES=1` tries one again.
#[test]
fn under_any_schedule_jobs_are_what_the_model_says() {
    let (first, count) = (setting("FIRST_SCHEDULE").unwrap_or(0), setting("SCHEDULES").unwrap_or(SCHEDULES));
    let (begun, mut done) = (Instant::now(), 0);
    for from in (first..first + count).step_by(SCHEDULES as usize) {
        done += try_all(from..(from + SCHEDULES).min(first + count));
    }
    println!("{count} schedules, {} steps, {done} of jobs, {:?}", count * STEPS as u64, begun.elapsed());
    assert!(done > count * STEPS as u64 / 4, "little happened: {done}");
}

/// Tries schedules on one database; says how often something happened to a job.
fn try_all(seeds: Range<u64>) -> u64 {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let directory = TempDir::new().unwrap();
    let url = StoreUrl::Sqlite(directory.path().join("skep.db"));
    let store = runtime.block_on(Store::open(&url)).unwrap();
    let run = |steps: &[Step]| runtime.block_on(World::run(&store, steps));
    let try_one = |seed| {
        let steps = schedule::draw(seed, STEPS);
        run(&steps).unwrap_or_else(|_| {
            let (least, wrong) = schedule::shrink(steps, |steps| run(steps).err());
            panic!("schedule {seed}: {wrong}\nafter the last of {least:#?}");
        })
    };
    seeds.map(try_one).sum()
}
