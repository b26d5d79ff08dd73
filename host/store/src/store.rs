//! The store: opened once by a host, cloned freely.

use crate::db::mysql::{self, CONNECTIONS_MAX, Mysql, PULSES_MAX};
use crate::db::sqlite::Sqlite;
use crate::db::{Db, DbError};
use crate::{Purpose, StoreError, StoreUrl, migrate};
use std::time::Duration;

/// What Skep remembers, in a database.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    /// The same database, where this host beats.
    pub(crate) pulse: Db,
}

impl Store {
    /// Opens a database and brings its schema up to date; several hosts may do so at once.
    pub async fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        match url {
            StoreUrl::Sqlite(path) => {
                let path = path.clone();
                let open = move || Sqlite::open(&path, migrate::sqlite);
                let opened = tokio::task::spawn_blocking(open).await;
                let db = Db::new(opened.map_err(|error| StoreError::Internal(error.to_string()))??);
                Ok(Self { pulse: db.clone(), db })
            }
            StoreUrl::Mysql(url) => {
                let opts = mysql::opts(url)?;
                migrate::mysql(&opts).await?;
                let db = Db::new(Mysql::new(opts.clone(), CONNECTIONS_MAX));
                Ok(Self { pulse: db.beside(Mysql::new(opts, PULSES_MAX)), db })
            }
        }
    }

    /// Ends all connections; what is asked for afterwards is unavailable.
    pub async fn close(&self) {
        self.db.close().await;
        self.pulse.close().await;
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.query("SELECT 1", Vec::new()).await.map(drop)
    }

    /// Tells from now on how long each use of the database took, waits for its turn and retries included.
    /// The first who asks is told.
    pub fn observe(&self, observer: impl Fn(Purpose, Duration) + Send + Sync + 'static) {
        self.db.observe(Box::new(observer));
    }

    /// Whether other hosts may use the same database.
    pub fn shared(&self) -> bool {
        self.db.shared()
    }

    /// The revision that the latest change bumped.
    pub async fn revision(&self) -> Result<u64, StoreError> {
        let rows = self.db.query("SELECT value FROM revision WHERE id = 1", Vec::new()).await?;
        let missing = || DbError::Corrupt("the revision is gone".to_owned());
        Ok(rows.into_iter().next().ok_or_else(missing)?.int()?)
    }
}
