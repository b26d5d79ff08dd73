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
const LOST: [u16; 2] = [1213, 1205];

async fn connect(fleet: &Fleet) -> anyhow::Result<Conn> {
    let url = fleet.maria.lock().url();
    Ok(Conn::new(Opts::from_url(&url)?).await?)
}

/// Hosts lock a queue and then its jobs. This locks jobs and then their queue, again and again; it says how many
/// deadlocks came of it.
pub(super) async fn against_the_order(fleet: &Fleet) -> anyhow::Result<u64> {
    let mut connection = connect(fleet).await?;
    let before = deadlocks(&mut connection).await?;
    let until = Instant::now() + LASTS;
    while Instant::now() < until {
        match lock_backwards(&mut connection).await {
            Err(Error::Server(error)) if LOST.contains(&error.code) => {}
            done => done?,
        }
        connection.query_drop("ROLLBACK").await?;
    }
    Ok(deadlocks(&mut connection).await?.saturating_sub(before))
}

async fn lock_backwards(connection: &mut Conn) -> Result<(), Error> {
    connection.query_drop("START TRANSACTION").await?;
    let jobs =
        "SELECT id FROM jobs WHERE state IN ('waiting', 'running') ORDER BY id DESC LIMIT 50 FOR UPDATE";
    let _jobs: Vec<String> = connection.query(jobs).await?;
    // Whoever has the queue wants its jobs now.
    tokio::time::sleep(Duration::from_millis(10)).await;
    connection.query_drop("UPDATE job_queues SET waiting = waiting").await
}

/// Holds all queues.
pub(super) async fn for_too_long(fleet: &Fleet) -> anyhow::Result<()> {
    let mut connection = connect(fleet).await?;
    connection.query_drop("START TRANSACTION").await?;
    connection.query_drop("UPDATE job_queues SET waiting = waiting").await?;
    tokio::time::sleep(HELD).await;
    Ok(connection.query_drop("ROLLBACK").await?)
}

/// Deadlocks that InnoDB has found since its start.
async fn deadlocks(connection: &mut Conn) -> anyhow::Result<u64> {
    let sql = "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'";
    let found: Option<(String, u64)> = connection.query_first(sql).await?;
    Ok(found.context("no count of deadlocks")?.1)
}
