//! Brings a database to the schema of this version. Every migration may be applied twice harmlessly.

use crate::db::{DbError, mysql};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, Pool};
use rand::Rng;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

/// How long a host waits for another that is migrating, and how long migrating may take.
const MIGRATION_TIME_MAX: Duration = Duration::from_secs(60);
/// How often a SQLite migration that lost a race is looked at again.
const RACES_MAX: u32 = 8;
/// The longest pause before that.
const RACE_PAUSE: Duration = Duration::from_millis(100);

mod to_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod to_mysql {
    refinery::embed_migrations!("migrations/mysql");
}

/// Migrates a SQLite file. Each migration is one transaction: of two processes at once, one fails,
/// and finds it done when it looks again.
pub(crate) fn sqlite(connection: &mut Connection) -> Result<(), DbError> {
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    for race in 1.. {
        match to_sqlite::migrations::runner().run(connection) {
            Ok(_) => break,
            Err(error) if race == RACES_MAX => return Err(failed("SQLite", &error)),
            Err(_) => std::thread::sleep(rand::rng().random_range(Duration::ZERO..=RACE_PAUSE)),
        }
    }
    Ok(())
}

/// Migrates a MySQL database, one host at a time.
pub(crate) async fn mysql(opts: &Opts) -> Result<(), DbError> {
    let mut guard = mysql::connect(opts).await?;
    lock(&mut guard).await?;
    let mut pool = Pool::new(opts.clone());
    let result = timeout(MIGRATION_TIME_MAX, to_mysql::migrations::runner().run_async(&mut pool)).await;
    let late = |_| DbError::Away(format!("MySQL: not migrated within {MIGRATION_TIME_MAX:?}"));
    // The lock ends with the connection that holds it; the pool must have ended before.
    drop(timeout(MIGRATION_TIME_MAX, pool.disconnect()).await);
    drop(timeout(MIGRATION_TIME_MAX, guard.disconnect()).await);
    result.map_err(late)?.map(drop).map_err(|error| failed("MySQL", &error))
}

/// The versions of a schema of SQLite that this program knows.
pub(crate) fn sqlite_versions() -> BTreeSet<u64> {
    versions(&to_sqlite::migrations::runner())
}

/// The versions of a schema of MySQL that this program knows.
pub(crate) fn mysql_versions() -> BTreeSet<u64> {
    versions(&to_mysql::migrations::runner())
}

fn versions(runner: &refinery::Runner) -> BTreeSet<u64> {
    runner.get_migrations().iter().map(|migration| migration.version().unsigned_abs().into()).collect()
}

/// Takes the lock under which this database is migrated. Names of locks belong to the whole server.
async fn lock(guard: &mut Conn) -> Result<(), DbError> {
    // Nothing is said on this connection until the migration is over, and it must not end before.
    let patience = MIGRATION_TIME_MAX * 3;
    guard.query_drop(format!("SET SESSION wait_timeout = {}", patience.as_secs())).await?;
    let sql = "SELECT GET_LOCK(CONCAT('skep-migrate-', MD5(DATABASE())), ?)";
    let late = || DbError::Away(format!("MySQL: another host migrates for {MIGRATION_TIME_MAX:?} already"));
    let got = guard.exec_first(sql, (MIGRATION_TIME_MAX.as_secs(),));
    let got: Option<Option<u64>> = timeout(MIGRATION_TIME_MAX, got).await.map_err(|_| late())??;
    if got == Some(Some(1)) { Ok(()) } else { Err(late()) }
}

/// The words of refinery leave out what the database said.
fn failed(database: &str, error: &refinery::Error) -> DbError {
    let mut reason = format!("{database}: can't migrate: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        reason = format!("{reason}: {error}");
        source = error.source();
    }
    DbError::Defect(reason)
}
