//! What can't be read, or can't be stored: it harms nothing but itself.

use crate::ground::{Ground, on_both};
use crate::jobs::{ROOM, claim, created, end, job, keyed, load, steps, waiting};
use crate::sample::domain;
use bytes::Bytes;
use skep_core::{Fault, Incarnation, JobEnd, JobId, JobState, JobStep, Setback, UnixMs};
use skep_harness::MariaDb;
use skep_store::{Ending, JOB_BYTES_MAX, JobFilter, StoreError, TEXT_BYTES_MAX};

on_both! {
    a_job_that_cannot_be_read_is_a_dead_letter_and_stops_no_other,
    what_a_host_has_and_cannot_read_is_taken_from_it,
    a_list_passes_over_what_cannot_be_read_and_its_pages_are_full,
    what_shares_its_key_with_what_cannot_be_read_is_refused_alone,
    an_end_that_can_never_be_stored_is_named_before_anything_is_changed,
}

async fn damage(ground: &Ground, id: JobId) {
    ground.exec(&format!("UPDATE jobs SET terms = '{{' WHERE id = '{id}'")).await;
}

async fn mend(ground: &Ground, id: JobId, whole: JobId) {
    let sql = format!("SELECT terms FROM jobs WHERE id = '{whole}'");
    let terms = ground.texts(&sql).await.remove(0);
    ground.exec(&format!("UPDATE jobs SET terms = '{terms}' WHERE id = '{id}'")).await;
}

async fn a_job_that_cannot_be_read_is_a_dead_letter_and_stops_no_other(ground: Ground) {
    let store = ground.open().await;
    let [damaged, whole] = [created(&store, job("echo")).await.id, created(&store, job("echo")).await.id];
    damage(&ground, damaged).await;
    let host = Incarnation::fresh();
    let taken: Vec<_> = claim(&store, host, 8).await.iter().map(|taken| taken.job.id).collect();
    assert_eq!((taken, waiting(&store).await), (vec![whole], 0));
    assert_eq!(steps(&store, damaged).await, [JobStep::Accepted, JobStep::Started, JobStep::Dead]);
    let unread = store.job_load(&domain(), damaged).await;
    assert!(matches!(unread, Err(StoreError::Corrupt(_))), "{unread:?}");

    mend(&ground, damaged, whole).await;
    let dead = load(&store, damaged).await;
    assert_eq!((dead.state, dead.host), (JobState::Dead, None));
    assert!(matches!(&dead.result, Some(Err(fault)) if fault.message.contains("can't be read")), "{dead:?}");
    store.job_retry(&domain(), damaged, UnixMs::now()).await.unwrap();
    assert_eq!(claim(&store, host, 8).await[0].job.id, damaged);
}

async fn what_a_host_has_and_cannot_read_is_taken_from_it(ground: Ground) {
    let store = ground.open().await;
    for _ in 0..2 {
        created(&store, job("echo")).await;
    }
    let host = Incarnation::fresh();
    let jobs: Vec<_> = claim(&store, host, 2).await.into_iter().map(|taken| taken.job).collect();
    let [damaged, whole] = jobs.as_slice() else { panic!("{jobs:?}") };
    damage(&ground, damaged.id).await;
    let done = |job: &skep_core::Job| Ending {
        job: job.clone(),
        end: JobEnd::Done(Bytes::from_static(b"1")),
        at: UnixMs::now(),
    };
    assert_eq!(store.jobs_end(&[done(damaged), done(whole)]).await, Ok(vec![false, true]));
    assert_eq!(store.jobs_held(host, None).await, Ok(Vec::new()));
    assert_eq!(store.job_hosts().await, Ok([].into()), "it has nothing any more");
    mend(&ground, damaged.id, whole.id).await;
    assert_eq!(load(&store, damaged.id).await.state, JobState::Dead);
    assert!(!end(&store, damaged, JobEnd::Cancelled).await, "it is fenced off");
}

async fn a_list_passes_over_what_cannot_be_read_and_its_pages_are_full(ground: Ground) {
    let store = ground.open().await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(created(&store, job("echo")).await.id);
    }
    ids.reverse();
    // One that is the end of a page, and a whole page; the last one of all.
    for nth in [1, 2, 3, 7] {
        damage(&ground, ids[nth]).await;
    }
    let page = async |limit, before| -> Vec<JobId> {
        let filter = JobFilter { limit: Some(limit), before, ..JobFilter::default() };
        let page = store.job_list(&domain(), &filter).await.unwrap();
        page.into_iter().map(|job| job.id).collect()
    };
    let whole = [ids[0], ids[4], ids[5], ids[6]];
    assert_eq!(page(2, None).await, whole[..2]);
    assert_eq!(page(2, Some(whole[1])).await, whole[2..]);
    assert_eq!(page(2, Some(whole[3])).await, []);
    assert_eq!(page(1, Some(whole[0])).await, whole[1..2]);
    assert_eq!(page(100, None).await, whole);
}

async fn what_shares_its_key_with_what_cannot_be_read_is_refused_alone(ground: Ground) {
    let store = ground.open().await;
    let first = created(&store, keyed("echo", "k1")).await.id;
    damage(&ground, first).await;
    let batch = [job("echo"), keyed("echo", "k1"), keyed("echo", "k1"), keyed("echo", "k2")];
    for _ in 0..2 {
        let outcomes = store.jobs_create(&batch, &[], ROOM).await.unwrap();
        let refused = |outcome: &Result<_, StoreError>| match outcome {
            Err(StoreError::Corrupt(reason)) => reason.contains("use a new key"),
            _ => false,
        };
        assert_eq!(outcomes.iter().map(refused).collect::<Vec<_>>(), [false, true, true, false]);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    }
    assert_eq!(waiting(&store).await, 3);
    // An answer that was lost, and then a row.
    damage(&ground, batch[0].id).await;
    let outcomes = store.jobs_create(&batch, &[], ROOM).await.unwrap();
    assert!(matches!(outcomes[0], Err(StoreError::Corrupt(_))) && outcomes[3].is_ok(), "{outcomes:?}");
}

async fn an_end_that_can_never_be_stored_is_named_before_anything_is_changed(ground: Ground) {
    let store = ground.open().await;
    for _ in 0..2 {
        created(&store, job("echo")).await;
    }
    let jobs: Vec<_> =
        claim(&store, Incarnation::fresh(), 2).await.into_iter().map(|taken| taken.job).collect();
    let ending = |n: usize, end| Ending { job: jobs[n].clone(), end, at: UnixMs::now() };
    let fine = || ending(0, JobEnd::Done(Bytes::from_static(b"1")));
    let long = Fault::internal("m".repeat(TEXT_BYTES_MAX));
    let never = [
        (JobEnd::Done(vec![b'1'; JOB_BYTES_MAX + 1].into()), "the output is too large"),
        (JobEnd::Dead(Setback::Failed, long.clone()), "the fault is too large"),
        (JobEnd::Again(Setback::Failed, long, UnixMs::now()), "the fault is too large"),
    ];
    for (end, why) in never {
        let refused = store.jobs_end(&[fine(), ending(1, end)]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unstorable { id, .. } if id == jobs[1].id), "{refused:?}");
        assert!(refused.to_string().contains(why), "{refused}");
        assert_eq!(load(&store, jobs[0].id).await.state, JobState::Running);
    }
    let largest = ending(1, JobEnd::Done(vec![b'1'; JOB_BYTES_MAX].into()));
    assert_eq!(store.jobs_end(&[fine(), largest]).await, Ok(vec![true, true]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_the_server_refuses_is_named_too_on_mariadb() {
    let ground = Ground::Mysql(MariaDb::start_with(&["--max-allowed-packet=1M"]).unwrap());
    let store = ground.open().await;
    created(&store, job("echo")).await;
    let taken = claim(&store, Incarnation::fresh(), 1).await.remove(0).job;
    let large = JobEnd::Done(vec![b'1'; 2 << 20].into());
    let refused = store.jobs_end(&[Ending { job: taken.clone(), end: large, at: UnixMs::now() }]).await;
    let Err(StoreError::Unstorable { id, why }) = refused else { panic!("{refused:?}") };
    assert!(matches!(*why, StoreError::StatementTooLarge(_)), "{why:?}");
    assert_eq!((id, load(&store, id).await.state), (taken.id, JobState::Running));
    assert!(end(&store, &taken, JobEnd::Done(Bytes::from_static(b"1"))).await);
}
