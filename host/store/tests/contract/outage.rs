//! MariaDB goes away, comes back, holds locks, and loses its voice while it commits.

use crate::ground::Ground;
use crate::jobs::{ROOM, claim, created, job};
use crate::proxy::Proxy;
use crate::sample::{calls, domain, echo, expecting, grants, name, publish};
use mysql_async::prelude::Queryable;
use skep_core::{ByteSize, Incarnation, StateChange, StateLimits};
use skep_harness::{MariaDb, eventually};
use skep_store::{Store, StoreError, StoreUrl};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Connections that a host has beside that for its beats.
const CONNECTIONS: usize = 16;
/// Longer than any answer takes.
const ANSWER_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_and_survived() {
    let mut server = MariaDb::start().unwrap();
    let store = Store::open(&server.url().parse().unwrap()).await.unwrap();
    let revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();

    server.stop();
    let start = Instant::now();
    let unavailable = |error| assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    unavailable(store.ping().await.unwrap_err());
    unavailable(store.skill_load(&domain(), &name("echo")).await.unwrap_err());
    unavailable(store.audit_append(&calls(1)).await.unwrap_err());
    unavailable(store.skill_publish(expecting(publish("2.0.0", b"two"), revision)).await.unwrap_err());
    unavailable(Store::open(&server.url().parse().unwrap()).await.err().unwrap());
    assert!(start.elapsed() < ANSWER_MAX, "{:?}", start.elapsed());

    server.restart().unwrap();
    assert_eq!(store.ping().await, Ok(()));
    assert_eq!(echo(&store).await.revision, revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_calls_goes_unnoticed() {
    let mut server = MariaDb::start().unwrap();
    let store = Store::open(&server.url().parse().unwrap()).await.unwrap();
    // Several connections, all idle when the server goes.
    tokio::try_join!(store.ping(), store.ping(), store.ping(), store.ping()).unwrap();
    let revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    server.restart().unwrap();
    let revision = store.grants_set(&domain(), &name("echo"), &grants("/srv"), revision).await.unwrap();
    assert_eq!(echo(&store).await.revision, revision);
}

/// A store that reaches its server through a proxy.
async fn through_proxy(server: &MariaDb) -> (Proxy, Store) {
    let StoreUrl::Mysql(url) = server.url().parse().unwrap() else { unreachable!() };
    let port = mysql_async::Opts::from_url(&url).unwrap().tcp_port();
    let proxy = Proxy::start(port).await;
    let url = url.replace(&format!(":{port}/"), &format!(":{}/", proxy.port));
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    (proxy, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn state_whose_commit_went_unheard_is_changed_once_and_told_so() {
    let server = MariaDb::start().unwrap();
    let (proxy, store) = through_proxy(&server).await;
    store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    proxy.arm(1);
    let (domain, echo) = (domain(), name("echo"));
    let limits = StateLimits { bytes: ByteSize(100), keys: 10 };
    let unknown = store.state_change(&domain, &echo, "n", &StateChange::Increment(1), limits).await;
    let Err(StoreError::Unavailable { reason }) = unknown else { panic!("{unknown:?}") };
    assert!(reason.contains("nobody knows whether"), "{reason}");
    assert_eq!(proxy.armed(), 0);
    assert_eq!(store.state_get(&domain, &echo, "n").await, Ok(Some("1".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_commit_went_unheard_is_made_once() {
    let server = MariaDb::start().unwrap();
    let (proxy, store) = through_proxy(&server).await;

    proxy.arm(2);
    let revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    assert_eq!((proxy.armed(), revision, store.revision().await), (0, 1, Ok(1)));

    proxy.arm(1);
    let records = calls(3);
    store.audit_append(&records).await.unwrap();
    assert_eq!((proxy.armed(), store.audit_scan(None, 10).await.unwrap().len()), (0, 3));

    proxy.arm(1);
    assert_eq!(store.skill_remove(&domain(), &name("echo"), revision).await, Ok(2));
    assert_eq!((proxy.armed(), store.revision().await), (0, Ok(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_cut_off_in_a_transaction_holds_the_others_up_only_for_a_while_on_mariadb() {
    let server = MariaDb::start().unwrap();
    let (proxy, cut_off) = through_proxy(&server).await;
    let store = Store::open(&server.url().parse().unwrap()).await.unwrap();
    let first = created(&store, job("echo")).await;

    proxy.jam();
    let unheard = job("echo");
    let creating = tokio::spawn({
        let unheard = unheard.clone();
        async move { cut_off.jobs_create(&[unheard], &[], ROOM).await }
    });
    eventually(ANSWER_MAX, async || proxy.jammed() == 0).await;
    // Its transaction has the queue locked, and neither side of it ever hears of the other again.
    let taken = claim(&store, Incarnation::fresh(), 8).await;
    assert_eq!(taken.iter().map(|taken| taken.job.id).collect::<Vec<_>>(), [first.id]);
    let unknown = creating.await.unwrap();
    assert!(matches!(unknown, Err(StoreError::Unavailable { .. })), "{unknown:?}");
    assert_eq!(store.job_load(&domain(), unheard.id).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_beats_when_all_its_connections_are_held_up_on_mariadb() {
    let ground = Ground::mariadb();
    let store = ground.open().await;
    let Ground::Mysql(server) = &ground else { unreachable!() };
    let mut other = mysql_async::Conn::from_url(server.url()).await.unwrap();
    other.query_drop("LOCK TABLES revision WRITE").await.unwrap();
    let mut others = JoinSet::new();
    for _ in 0..2 * CONNECTIONS {
        let store = store.clone();
        others.spawn(async move { store.revision().await });
    }
    let held_up = async || {
        let sql = "SELECT id FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'";
        ground.texts(sql).await.len()
    };
    eventually(ANSWER_MAX, async || held_up().await == CONNECTIONS).await;
    let host = Incarnation::fresh();
    for _ in 0..2 {
        assert_eq!(store.job_host_beat(host).await, Ok(()));
    }
    assert_eq!(held_up().await, CONNECTIONS, "none was waited for");
    other.disconnect().await.unwrap();
    assert_eq!(store.job_hosts().await, Ok([(host, 2)].into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_never_released_ends_in_unavailable() {
    let ground = Ground::mariadb();
    let store = ground.open().await;
    let Ground::Mysql(server) = &ground else { unreachable!() };
    let mut other = mysql_async::Conn::from_url(server.url()).await.unwrap();
    other.query_drop("START TRANSACTION").await.unwrap();
    other.query_drop("UPDATE revision SET value = value").await.unwrap();

    let start = Instant::now();
    let refused = store.skill_publish(publish("1.0.0", b"one")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert!(start.elapsed() < ANSWER_MAX, "{:?}", start.elapsed());

    // Nothing is left behind, and once the lock is gone, the same succeeds.
    other.query_drop("ROLLBACK").await.unwrap();
    assert_eq!(store.skill_publish(publish("1.0.0", b"one")).await, Ok(1));
    other.disconnect().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_tried_again() {
    let ground = Ground::mariadb();
    let store = ground.open().await;
    let Ground::Mysql(server) = &ground else { unreachable!() };
    let mut other = mysql_async::Conn::from_url(server.url()).await.unwrap();
    // The other holds what a publication needs last, and has done more, so that it isn't the victim.
    let given = publish("1.0.0", b"one");
    other.query_drop("START TRANSACTION").await.unwrap();
    other
        .exec_drop("INSERT INTO components VALUES (?, 3)", (given.row.component.to_string(),))
        .await
        .unwrap();
    other.query_drop("INSERT INTO changes SELECT seq, seq FROM seq_1_to_500").await.unwrap();
    let publishing = tokio::spawn({
        let store = store.clone();
        async move { store.skill_publish(given).await }
    });
    let status = async |name| {
        let sql = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = ";
        ground.texts(&format!("{sql}'{name}'")).await
    };
    eventually(ANSWER_MAX, async || status("INNODB_ROW_LOCK_CURRENT_WAITS").await == ["1"]).await;
    other.query_drop("UPDATE revision SET value = value").await.unwrap();
    other.query_drop("ROLLBACK").await.unwrap();

    assert_eq!(publishing.await.unwrap(), Ok(1));
    assert_eq!(status("INNODB_DEADLOCKS").await, ["1"]);
    assert_eq!(echo(&store).await.versions.len(), 1);
    other.disconnect().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_is_unavailable() {
    for ground in [Ground::sqlite(), Ground::mariadb()] {
        let store = ground.open().await;
        store.ping().await.unwrap();
        store.close().await;
        store.close().await;
        let refused = store.ping().await;
        assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_refused() {
    let ground = Ground::sqlite();
    let StoreUrl::Sqlite(path) = ground.url() else { unreachable!() };
    std::fs::write(&path, "no database".repeat(1_000)).unwrap();
    let refused = Store::open(&ground.url()).await.err();
    assert!(matches!(refused, Some(StoreError::Corrupt(_))), "{refused:?}");
    let nowhere = StoreUrl::Sqlite(path.join("skep.db"));
    let refused = Store::open(&nowhere).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable { .. })), "{refused:?}");
}
