//! What a database says of itself, for those who ask what is wrong with it. Nothing is changed to learn it.

use crate::db::mysql::{self, CONNECTIONS_MAX, Mysql};
use crate::db::sqlite::Sqlite;
use crate::db::{Db, Row};
use crate::{AuditFilter, Store, StoreError, StoreUrl, migrate};
use skep_core::AuditRecord;
use std::collections::BTreeSet;

/// What a user of the database may have to do: read and change rows, and bring the schema up to date.
const RIGHTS: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX"];

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// What it is, as in `MariaDB`.
    pub server: &'static str,
    /// Its version, in its own words.
    pub version: String,
    /// Whether its schema is that of this program.
    pub schema: Schema,
    /// The largest statement that it takes, where that has a bound.
    pub packet_bytes_max: Option<u64>,
    /// What this user may not do and would have to. Rights that come by a role aren't seen, so with a role
    /// nothing is listed.
    pub rights_missing: Vec<&'static str>,
    /// The audit record that was stored last.
    pub newest_record: Option<AuditRecord>,
}

/// How the schema of a database is to that of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// There is none yet: the first host makes it.
    Missing,
    /// They are the same.
    Current,
    /// So many migrations are to be made: the next host to start makes them.
    Behind(usize),
    /// A newer program has changed it.
    Ahead,
}

/// Looks at a database, and leaves it as it is.
pub async fn diagnose(url: &StoreUrl) -> Result<Diagnosis, StoreError> {
    let db = match url {
        StoreUrl::Sqlite(path) => {
            let path = path.clone();
            let opened = tokio::task::spawn_blocking(move || Sqlite::open_to_read(&path)).await;
            Db::new(opened.map_err(|error| StoreError::Internal(error.to_string()))??)
        }
        StoreUrl::Mysql(url) => Db::new(Mysql::new(mysql::opts(url)?, CONNECTIONS_MAX)),
    };
    let store = Store { pulse: db.clone(), db };
    let looked = store.look().await;
    store.close().await;
    looked
}

impl Store {
    async fn look(&self) -> Result<Diagnosis, StoreError> {
        let schema = self.schema().await?;
        let newest = AuditFilter { limit: Some(1), ..AuditFilter::default() };
        let newest_record = match schema {
            Schema::Current => self.audit_list(&newest).await?.pop().map(|row| row.record),
            _ => None,
        };
        let said = Diagnosis {
            server: "SQLite",
            version: String::new(),
            schema,
            packet_bytes_max: None,
            rights_missing: Vec::new(),
            newest_record,
        };
        if !self.shared() {
            let version = self.one("SELECT sqlite_version()").await?.text()?;
            return Ok(Diagnosis { version, ..said });
        }
        let mut server = self.one("SELECT VERSION(), @@max_allowed_packet").await?;
        let version = server.text()?;
        Ok(Diagnosis {
            server: if version.contains("MariaDB") { "MariaDB" } else { "MySQL" },
            version,
            packet_bytes_max: Some(server.int()?),
            rights_missing: self.rights_missing().await?,
            ..said
        })
    }

    async fn schema(&self) -> Result<Schema, StoreError> {
        let (there, known) = if self.shared() {
            let sql = "SELECT COUNT(*) FROM information_schema.tables \
                WHERE table_schema = DATABASE() AND table_name = 'refinery_schema_history'";
            (sql, migrate::mysql_versions())
        } else {
            (
                "SELECT COUNT(*) FROM sqlite_master WHERE name = 'refinery_schema_history'",
                migrate::sqlite_versions(),
            )
        };
        if self.one(there).await?.int()? == 0 {
            return Ok(Schema::Missing);
        }
        let rows = self.db.query("SELECT version FROM refinery_schema_history", Vec::new()).await?;
        let applied = rows.into_iter().map(|mut row| row.int()).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(match known.difference(&applied).count() {
            _ if !applied.is_subset(&known) => Schema::Ahead,
            0 => Schema::Current,
            behind => Schema::Behind(behind),
        })
    }

    /// Rights on the server and rights on databases of a name like this one's; a name may hold wildcards.
    async fn rights_missing(&self) -> Result<Vec<&'static str>, StoreError> {
        let role = self.one("SELECT CURRENT_ROLE()").await?.opt_text()?;
        if role.is_some_and(|role| role != "NONE") {
            return Ok(Vec::new());
        }
        let sql = "SELECT privilege_type FROM information_schema.user_privileges WHERE grantee = \
            CONCAT('\\'', REPLACE(CURRENT_USER(), '@', '\\'@\\''), '\\'') UNION \
            SELECT privilege_type FROM information_schema.schema_privileges WHERE grantee = \
            CONCAT('\\'', REPLACE(CURRENT_USER(), '@', '\\'@\\''), '\\'') AND DATABASE() LIKE table_schema";
        let rows = self.db.query(sql, Vec::new()).await?;
        let held = rows.into_iter().map(|mut row| row.text()).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(RIGHTS.into_iter().filter(|right| !held.contains(*right)).collect())
    }

    async fn one(&self, sql: &str) -> Result<Row, StoreError> {
        let first = self.db.query(sql, Vec::new()).await?.into_iter().next();
        first.ok_or_else(|| StoreError::Internal("no answer to a question about the server".to_owned()))
    }
}
