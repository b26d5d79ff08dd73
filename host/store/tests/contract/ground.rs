//! The two databases that tests run on, and the way to them past the store.

use mysql_async::prelude::Queryable;
use skep_harness::MariaDb;
use skep_store::{Store, StoreUrl};
use std::path::PathBuf;
use tempfile::TempDir;

/// An empty database, which ends with this value.
pub(crate) enum Ground {
    Sqlite(TempDir),
    Mysql(MariaDb),
}

/// Makes of each `async fn(Ground)` one test on SQLite and one on MariaDB.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() { super::$test($crate::ground::Ground::sqlite()).await })*
        }
        mod mariadb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() { super::$test($crate::ground::Ground::mariadb()).await })*
        }
    };
}
pub(crate) use on_both;

impl Ground {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    pub(crate) fn mariadb() -> Self {
        Self::Mysql(MariaDb::start().unwrap())
    }

    pub(crate) fn url(&self) -> StoreUrl {
        match self {
            Self::Sqlite(directory) => StoreUrl::Sqlite(file(directory)),
            Self::Mysql(server) => server.url().parse().unwrap(),
        }
    }

    /// A host's store; each call makes another host.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url()).await.unwrap()
    }

    /// Runs a statement past the store.
    pub(crate) async fn exec(&self, sql: &str) {
        self.texts(sql).await;
    }

    /// The first column of a query past the store.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(directory) => {
                let connection = rusqlite::Connection::open(file(directory)).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.collect::<Result<_, _>>().unwrap()
            }
            Self::Mysql(server) => {
                let mut connection = mysql_async::Conn::from_url(server.url()).await.unwrap();
                let rows = connection.query(sql).await.unwrap();
                connection.disconnect().await.unwrap();
                rows
            }
        }
    }
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("skep.db")
}
