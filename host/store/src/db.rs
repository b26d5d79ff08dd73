//! One way to speak SQL to both databases: statements with `?`, sessions, transactions that are tried again.

pub(crate) mod mysql;
pub(crate) mod sqlite;
mod value;

pub(crate) use value::{Row, Value, text, values};

use crate::StoreError;
use async_trait::async_trait;
use rand::Rng;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long a connection, or a turn on one, is waited for.
pub(crate) const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// How long one statement may take.
pub(crate) const QUERY_TIME_MAX: Duration = Duration::from_secs(10);
/// How long one statement waits for the locks of others.
pub(crate) const LOCK_TIME_MAX: Duration = Duration::from_secs(5);
/// How long one transaction may rest between two statements: no longer than others wait for its locks. Whoever
/// needs longer has stopped or is cut off.
pub(crate) const REST_TIME_MAX: Duration = LOCK_TIME_MAX;
/// How long one transaction may take.
const TRANSACTION_TIME_MAX: Duration = Duration::from_secs(60);
/// How often a transaction is tried.
const ATTEMPTS_MAX: u32 = 8;
/// After this long a transaction that failed isn't tried again.
const RETRY_TIME_MAX: Duration = Duration::from_secs(10);
/// The longest pause before the second attempt; it doubles with each.
const BACKOFF: Duration = Duration::from_millis(10);

/// What a database said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DbError {
    /// A deadlock or a lock not had in time: the same transaction may succeed now.
    Busy(String),
    /// The connection broke. If that was in COMMIT, nobody knows whether it was done.
    Lost(String),
    /// No connection, or no answer in time.
    Away(String),
    /// A row with that key exists, perhaps since a moment ago.
    Duplicate(String),
    /// The database takes no statement of that size.
    TooLarge(String),
    /// The statement or the schema is wrong.
    Defect(String),
    /// What was read can't have been written.
    Corrupt(String),
}

impl DbError {
    /// Whether trying the whole transaction again may help. A broken COMMIT is among it, unless doing
    /// the work twice isn't doing it once.
    fn retryable(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Lost(_) | Self::Duplicate(_))
    }
}

/// Why the work of a transaction stops: the database, or a rule of ours.
#[derive(Debug)]
pub(crate) enum Abort {
    Db(DbError),
    Rule(StoreError),
}

impl From<DbError> for Abort {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<StoreError> for Abort {
    fn from(error: StoreError) -> Self {
        Self::Rule(error)
    }
}

/// What the database is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To look something up.
    Read,
    /// To change something.
    Write,
}

/// Who is told how long the database took.
pub(crate) type Observer = Box<dyn Fn(Purpose, Duration) + Send + Sync>;

/// One connection, for as long as somebody holds it. Dropping it within a transaction rolls that back.
#[async_trait]
pub(crate) trait Session: Send {
    async fn begin(&mut self) -> Result<(), DbError>;
    async fn commit(&mut self) -> Result<(), DbError>;
    async fn rollback(&mut self) -> Result<(), DbError>;
    /// Runs a statement; those that bring no rows bring none.
    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError>;
}

/// A database.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    async fn session(&self, purpose: Purpose) -> Result<Box<dyn Session>, DbError>;
    /// Whether other hosts may use it.
    fn shared(&self) -> bool;
    async fn close(&self);
}

/// A transaction in the making.
pub(crate) struct Tx(Box<dyn Session>);

impl Tx {
    /// Runs a statement that brings no rows.
    pub(crate) async fn exec(&mut self, sql: &str, values: Vec<Value>) -> Result<(), DbError> {
        self.0.run(sql, values).await.map(drop)
    }

    /// The rows of a query.
    pub(crate) async fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        self.0.run(sql, values).await
    }

    /// The first row of a query.
    pub(crate) async fn query_one(&mut self, sql: &str, values: Vec<Value>) -> Result<Option<Row>, DbError> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }
}

/// What is done in one transaction. It may be done again after it was done, so it must first look
/// up by a key whether it was, or say that it can't.
#[async_trait]
pub(crate) trait Work: Sync {
    /// Whether doing it twice is doing it once. If not, a broken COMMIT ends it as of unknown outcome.
    const REPEATABLE: bool = true;
    type Output: Send;
    async fn run(&self, tx: &mut Tx) -> Result<Self::Output, Abort>;
}

/// A database and the rules by which it is used.
#[derive(Clone)]
pub(crate) struct Db {
    backend: Arc<dyn Backend>,
    observer: Arc<OnceLock<Observer>>,
}

impl Db {
    pub(crate) fn new(backend: impl Backend + 'static) -> Self {
        Self { backend: Arc::new(backend), observer: Arc::default() }
    }

    /// The same database by another way, observed by the same.
    pub(crate) fn beside(&self, backend: impl Backend + 'static) -> Self {
        Self { backend: Arc::new(backend), observer: self.observer.clone() }
    }

    /// Whoever observes already goes on.
    pub(crate) fn observe(&self, observer: Observer) {
        let _ = self.observer.set(observer);
    }

    fn took(&self, purpose: Purpose, begun: Instant) {
        if let Some(observer) = self.observer.get() {
            observer(purpose, begun.elapsed());
        }
    }

    pub(crate) fn shared(&self) -> bool {
        self.backend.shared()
    }

    pub(crate) async fn close(&self) {
        self.backend.close().await;
    }

    /// The rows of one query.
    pub(crate) async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut attempts = Attempts::start();
        loop {
            match self.query_once(sql, values.clone()).await {
                Err(error) if attempts.again(&error).await => {}
                result => {
                    self.took(Purpose::Read, attempts.start);
                    return Ok(result?);
                }
            }
        }
    }

    async fn query_once(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let mut session = self.backend.session(Purpose::Read).await?;
        session.run(sql, values).await
    }

    /// Does `work` in one transaction, again from its start where that helps.
    pub(crate) async fn transact<W: Work>(
        &self,
        purpose: Purpose,
        work: &W,
    ) -> Result<W::Output, StoreError> {
        let mut attempts = Attempts::start();
        loop {
            let done = timeout(TRANSACTION_TIME_MAX, self.transact_once(purpose, work)).await;
            if let Ok(Err(Abort::Db(error))) = &done
                && attempts.again(error).await
            {
                continue;
            }
            self.took(purpose, attempts.start);
            let late = || DbError::Away(format!("no end within {TRANSACTION_TIME_MAX:?}"));
            return Ok(done.map_err(|_| late())??);
        }
    }

    async fn transact_once<W: Work>(&self, purpose: Purpose, work: &W) -> Result<W::Output, Abort> {
        let mut tx = Tx(self.backend.session(purpose).await?);
        tx.0.begin().await?;
        let result = work.run(&mut tx).await;
        match result {
            Ok(_) => tx.0.commit().await.map_err(|error| match error {
                DbError::Lost(reason) if !W::REPEATABLE => {
                    DbError::Away(format!("{reason}; nobody knows whether the change was made"))
                }
                error => error,
            })?,
            // If this fails too, the session is dropped, which ends the transaction as surely.
            Err(_) => drop(tx.0.rollback().await),
        }
        result
    }
}

/// How often something was tried.
struct Attempts {
    start: Instant,
    failed: u32,
}

impl Attempts {
    fn start() -> Self {
        Self { start: Instant::now(), failed: 0 }
    }

    /// Whether to try again after this error; if so, the time to do it is when this answers.
    async fn again(&mut self, error: &DbError) -> bool {
        self.failed += 1;
        let again = error.retryable() && self.failed < ATTEMPTS_MAX && self.start.elapsed() < RETRY_TIME_MAX;
        if again {
            tracing::debug!(?error, failed = self.failed, "trying again");
            tokio::time::sleep(backoff(self.failed)).await;
        }
        again
    }
}

/// A random pause, so that those who got in each other's way don't do so again.
fn backoff(failed: u32) -> Duration {
    let longest = BACKOFF * 2_u32.saturating_pow(failed - 1);
    rand::rng().random_range(Duration::ZERO..=longest)
}
