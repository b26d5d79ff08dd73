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

#[tokio::test(flavor = "multi_thread")]
async fn jobs_outlive_hosts_that_are_killed() {
    holds(Scenario::Kills, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_outlive_whatever_happens_to_redis() {
    holds(Scenario::Redis, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_outlive_whatever_happens_to_mariadb() {
    holds(Scenario::Mariadb, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_stood_still_end_nothing_that_others_have() {
    holds(Scenario::Zombies, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_hosts_is_a_dead_letter_after_three() {
    holds(Scenario::Poison, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_by_itself_is_stopped() {
    holds(Scenario::Stops, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_leaves_its_neighbours_served() {
    holds(Scenario::Neighbours, 1).await;
}
