//! Locks that a connection of the driver's holds: in the opposite order to everybody's, or for too long.

use crate::fleet::Fleet;
use anyhow::Context as _;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error, Opts};
use std::time::{Duration, Instant};

/// How long locks are taken in the wrong order.
const LASTS: Duration = Duration::from_secs(2);
/// How long they are held: longer than hosts wait for one.
const HELD: Duration = Duration::from_secs(7);
/// A transaction that InnoDB ended to let another one go on, and a lock that it didn't get in time.
const DEADLOCK: u16 = 1213;
const TIMEOUT: u16 = 1205;
/// Rows that the driver's transaction has changed: InnoDB ends the one of two that has changed less.
const BALLAST: usize = 1_000;

async fn connect(fleet: &Fleet) -> anyhow::Result<Conn> {
    let url = fleet.maria.lock().url();
    Ok(Conn::new(Opts::from_url(&url)?).await?)
}

/// Hosts lock a queue and then its jobs. This locks jobs and then their queue, again and again; it says how many
/// deadlocks came of it that it didn't lose itself.
pub(super) async fn against_the_order(fleet: &Fleet) -> anyhow::Result<u64> {
    let mut connection = connect(fleet).await?;
    connection.query_drop("CREATE TEMPORARY TABLE ballast (n INT) ENGINE = InnoDB").await?;
    let (before, mut own) = (metric(&mut connection, "lock_deadlocks").await?, 0);
    let until = Instant::now() + LASTS;
    while Instant::now() < until {
        match lock_backwards(&mut connection).await {
            Err(Error::Server(error)) if error.code == DEADLOCK => own += 1,
            Err(Error::Server(error)) if error.code == TIMEOUT => {}
            done => done?,
        }
        connection.query_drop("ROLLBACK").await?;
    }
    let all = metric(&mut connection, "lock_deadlocks").await?.saturating_sub(before);
    Ok(all.saturating_sub(own))
}

async fn lock_backwards(connection: &mut Conn) -> Result<(), Error> {
    connection.query_drop("START TRANSACTION").await?;
    connection.query_drop(format!("INSERT INTO ballast VALUES {}", vec!["(0)"; BALLAST].join(","))).await?;
    let jobs =
        "SELECT id FROM jobs WHERE state IN ('waiting', 'running') ORDER BY id DESC LIMIT 50 FOR UPDATE";
    let _jobs: Vec<String> = connection.query(jobs).await?;
    // Whoever has the queue wants its jobs now.
    tokio::time::sleep(Duration::from_millis(10)).await;
    connection.query_drop("UPDATE job_queues SET waiting = waiting").await
}

/// Holds all queues; says whether anybody waited for one in vain.
pub(super) async fn for_too_long(fleet: &Fleet) -> anyhow::Result<bool> {
    let mut connection = connect(fleet).await?;
    connection.query_drop("START TRANSACTION").await?;
    connection.query_drop("UPDATE job_queues SET waiting = waiting").await?;
    let before = metric(&mut connection, "lock_timeouts").await?;
    tokio::time::sleep(HELD).await;
    connection.query_drop("ROLLBACK").await?;
    Ok(metric(&mut connection, "lock_timeouts").await? > before)
}

/// What InnoDB has counted since its start.
async fn metric(connection: &mut Conn, name: &str) -> anyhow::Result<u64> {
    let sql = "SELECT count FROM information_schema.innodb_metrics WHERE name = ? AND enabled = 1";
    connection.exec_first(sql, (name,)).await?.with_context(|| format!("MariaDB doesn't count {name}"))
}
