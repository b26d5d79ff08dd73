//! Hosts: each lives as long as it beats, and keeps its jobs for so long.

use crate::ground::{Ground, on_both};
use crate::jobs::{claim, created, end, job, load};
use bytes::Bytes;
use skep_core::{Incarnation, Job, JobEnd, JobState, UnixMs};

on_both! {
    a_host_lives_as_long_as_it_beats,
    a_host_that_was_only_slow_keeps_its_jobs,
}

async fn a_host_lives_as_long_as_it_beats(ground: Ground) {
    let store = ground.open().await;
    let [a, b] = [Incarnation::fresh(), Incarnation::fresh()];
    for host in [a, b, a] {
        store.job_host_beat(host).await.unwrap();
    }
    assert_eq!(store.job_hosts().await.unwrap(), [(a, 2), (b, 1)].into());
    created(&store, job("echo")).await;
    claim(&store, b, 1).await;
    store.job_host_forget(b).await.unwrap();
    assert_eq!(store.job_hosts().await.unwrap(), [(a, 2), (b, 0)].into(), "it has a job");
}

async fn a_host_that_was_only_slow_keeps_its_jobs(ground: Ground) {
    let store = ground.open().await;
    let slow = Incarnation::fresh();
    store.job_host_beat(slow).await.unwrap();
    for _ in 0..2 {
        created(&store, job("echo")).await;
    }
    let held: Vec<_> = claim(&store, slow, 2).await.into_iter().map(|taken| taken.job).collect();
    let release =
        async |jobs: &[Job], beats| store.jobs_release(slow, beats, jobs, UnixMs::now(), 0.0).await.unwrap();
    assert!(release(&held[..1], 1).await);
    store.job_host_beat(slow).await.unwrap();
    assert!(!release(&held[1..], 1).await, "it beats again");
    let kept = load(&store, held[1].id).await;
    assert_eq!((kept.state, kept.host, kept.interruptions), (JobState::Running, Some(slow), 0));
    assert!(end(&store, &kept, JobEnd::Done(Bytes::from_static(b"1"))).await);
    // What nobody knows any more has nobody who could be slow.
    let again = claim(&store, slow, 1).await.remove(0).job;
    store.job_host_forget(slow).await.unwrap();
    assert!(release(std::slice::from_ref(&again), 1).await);
    assert_eq!(load(&store, again.id).await.host, None);
}
