//! What lists leave out, and what is forgotten: only what is over, and never what somebody retries meanwhile.

use crate::ground::{Ground, on_both};
use crate::jobs::{ROOM, claim, created, end, job, keyed, load, waiting};
use crate::sample::domain;
use bytes::Bytes;
use mysql_async::prelude::Queryable;
use skep_core::{Fault, Incarnation, JobEnd, JobState, Setback, UnixMs};
use skep_harness::eventually;
use skep_store::{JobFilter, StoreError};
use std::time::Duration;

/// Longer than any answer takes.
const ANSWER_MAX: Duration = Duration::from_secs(30);

on_both! {
    lists_and_wishes_that_come_again_bring_no_outputs,
    all_that_is_over_is_forgotten_however_much_happened_to_it,
}

async fn lists_and_wishes_that_come_again_bring_no_outputs(ground: Ground) {
    let store = ground.open().await;
    let id = created(&store, keyed("echo", "k")).await.id;
    let taken = claim(&store, Incarnation::fresh(), 1).await.remove(0).job;
    assert!(end(&store, &taken, JobEnd::Done(Bytes::from_static(b"1"))).await);
    let listed = store.job_list(&domain(), &JobFilter::default()).await.unwrap().remove(0);
    let again = created(&store, keyed("echo", "k")).await;
    for seen in [listed, again] {
        assert_eq!((seen.id, seen.state, seen.result), (id, JobState::Done, None));
    }
    assert_eq!(load(&store, id).await.result, Some(Ok(Bytes::from_static(b"1"))));
}

async fn all_that_is_over_is_forgotten_however_much_happened_to_it(ground: Ground) {
    let store = ground.open().await;
    let jobs: Vec<_> = (0..100).map(|_| job("echo")).collect();
    store.jobs_create(&jobs, &[], ROOM).await.unwrap();
    for job in &jobs {
        store.job_cancel(&domain(), job.id, UnixMs::now()).await.unwrap();
    }
    // More than one transaction may take along.
    ground.exec("UPDATE jobs SET events = 3000").await;
    assert_eq!(store.jobs_forget(UnixMs(UnixMs::now().0 + 1)).await, Ok(100));
    assert!(ground.texts("SELECT job FROM job_events").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_not_forgotten_under_the_hands_of_who_retries_it_on_mariadb() {
    let ground = Ground::mariadb();
    let store = ground.open().await;
    let id = created(&store, job("echo")).await.id;
    let taken = claim(&store, Incarnation::fresh(), 1).await.remove(0).job;
    assert!(end(&store, &taken, JobEnd::Dead(Setback::Failed, Fault::internal("d"))).await);
    let Ground::Mysql(server) = &ground else { unreachable!() };
    // Whoever retries has the queue.
    let mut other = mysql_async::Conn::from_url(server.url()).await.unwrap();
    other.query_drop("START TRANSACTION").await.unwrap();
    other.query_drop("UPDATE job_queues SET waiting = waiting").await.unwrap();
    let forgetting = tokio::spawn({
        let store = store.clone();
        async move { store.jobs_forget(UnixMs(UnixMs::now().0 + 1)).await }
    });
    let waits = "SELECT variable_value FROM information_schema.global_status \
        WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'";
    eventually(ANSWER_MAX, async || ground.texts(waits).await == ["1"]).await;
    assert_eq!(load(&store, id).await.state, JobState::Dead);
    other.query_drop("ROLLBACK").await.unwrap();
    assert_eq!(forgetting.await.unwrap(), Ok(1));
    let gone = store.job_retry(&domain(), id, UnixMs::now()).await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "{gone:?}");
    assert_eq!(waiting(&store).await, 0);
    other.disconnect().await.unwrap();
}
