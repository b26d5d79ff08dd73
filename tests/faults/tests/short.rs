//! The short run: each scenario once, small, with a seed of its own.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use skep_faults::scenario::Scenario;

async fn holds(scenario: Scenario, seed: u64) {
    let verdict = scenario.run(seed, scenario.short()).await.unwrap();
    println!("{verdict}");
    assert!(verdict.is_good(), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_over_bad_networks_are_answered_by_their_deadlines() {
    holds(Scenario::Network, 1).await;
}
