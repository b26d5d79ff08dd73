//! SQLite: a thread that writes and one that reads, each with a connection of its own.

use super::{
    Backend, CONNECT_TIME_MAX, DbError, LOCK_TIME_MAX, Purpose, QUERY_TIME_MAX, Row, Session, Value,
};
use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags, ToSql};
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};

/// Orders that may wait for a thread. A session has one under way; what is left over are rollbacks.
const ORDERS_MAX: usize = 64;
/// The write-ahead log shrinks to this after a large publication.
const LOG_BYTES_KEPT: i64 = 64 << 20;
/// Statements that a connection keeps prepared.
const STATEMENTS_MAX: usize = 64;

/// Pause before a busy file is tried again.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

type Reply = oneshot::Sender<Result<Vec<Row>, DbError>>;

/// What a thread is asked for.
enum Order {
    Begin(Reply),
    Run(String, Vec<Value>, Reply),
    /// From a session that is dropped: nobody waits for it.
    Rollback,
}

/// The way to one thread.
struct Lane {
    orders: mpsc::Sender<Order>,
    interrupt: InterruptHandle,
    thread: Option<thread::JoinHandle<()>>,
}

/// A database file.
pub(crate) struct Sqlite {
    writer: Arc<Mutex<Lane>>,
    reader: Arc<Mutex<Lane>>,
}

impl Sqlite {
    /// Opens a file, which only its owner may read if it is created now; `prepare` brings its schema up to date.
    pub(crate) fn open(
        path: &Path,
        prepare: impl Fn(&mut Connection) -> Result<(), DbError>,
    ) -> Result<Self, DbError> {
        let away = |error: std::io::Error| DbError::Away(format!("{}: {error}", path.display()));
        // An absolute path, so that no name has a meaning of its own to SQLite.
        let path = std::path::absolute(path).map_err(away)?;
        OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(away)?;
        let mut writer = connect(&path)?;
        prepare(&mut writer)?;
        let reader = connect(&path)?;
        reader.pragma_update(None, "query_only", true)?;
        let writer = Lane::start(writer, "skep-store-writer", "BEGIN IMMEDIATE")?;
        let reader = Lane::start(reader, "skep-store-reader", "BEGIN")?;
        Ok(Self { writer: Arc::new(Mutex::new(writer)), reader: Arc::new(Mutex::new(reader)) })
    }

    /// Opens a file that is there, for looking at it: nothing can be written, and no file is made beside it.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, DbError> {
        let away = |error: std::io::Error| DbError::Away(format!("{}: {error}", path.display()));
        let path = std::path::absolute(path).map_err(away)?;
        File::open(&path).map_err(away)?;
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(address(&path), flags)?;
        connection.busy_timeout(LOCK_TIME_MAX)?;
        let lane = Arc::new(Mutex::new(Lane::start(connection, "skep-store-reader", "BEGIN")?));
        Ok(Self { writer: Arc::clone(&lane), reader: lane })
    }
}

/// The address of a file that is only read. Without a log beside it nobody has it open; SQLite is told so, or
/// it would make a log to read it.
fn address(path: &Path) -> String {
    let log = [path.as_os_str(), OsStr::new("-wal")].into_iter().collect::<OsString>();
    let how = if Path::new(&log).exists() { "mode=ro" } else { "immutable=1" };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    let escaped = path.as_os_str().as_bytes().iter().map(|byte| match plain(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02x}"),
    });
    format!("file:{}?{how}", escaped.collect::<String>())
}

fn connect(path: &Path) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_TIME_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    write_ahead(&connection)?;
    // What is answered as stored is on the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    Ok(connection)
}

/// Turns the write-ahead log on. That needs the file alone, and SQLite doesn't always wait for it by itself.
fn write_ahead(connection: &Connection) -> Result<(), DbError> {
    let until = Instant::now() + LOCK_TIME_MAX;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL").map_err(DbError::from) {
            Err(DbError::Busy(_)) if Instant::now() < until => thread::sleep(LOCK_PAUSE),
            done => return done,
        }
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn session(&self, purpose: Purpose) -> Result<Box<dyn Session>, DbError> {
        let lane = match purpose {
            Purpose::Read => &self.reader,
            Purpose::Write => &self.writer,
        };
        let turn = tokio::time::timeout(CONNECT_TIME_MAX, lane.clone().lock_owned());
        let late = |_| DbError::Away(format!("no turn within {CONNECT_TIME_MAX:?}"));
        Ok(Box::new(Turn { lane: turn.await.map_err(late)?, open: false }))
    }

    fn shared(&self) -> bool {
        false
    }

    async fn close(&self) {
        for lane in [&self.writer, &self.reader] {
            let thread = lane.lock().await.end();
            // The last statement ends by its own limit.
            let joined = tokio::task::spawn_blocking(move || thread.map(thread::JoinHandle::join));
            drop(joined.await);
        }
    }
}

impl Lane {
    fn start(connection: Connection, name: &str, begin: &'static str) -> Result<Self, DbError> {
        let interrupt = connection.get_interrupt_handle();
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        let thread = thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn(move || serve(&connection, begin, inbox));
        let thread = thread.map_err(|error| DbError::Away(format!("no thread for SQLite: {error}")))?;
        Ok(Self { orders, interrupt, thread: Some(thread) })
    }

    /// Takes the only sender away, which ends the thread once it has done what it was asked for.
    fn end(&mut self) -> Option<thread::JoinHandle<()>> {
        (self.orders, _) = mpsc::channel(1);
        self.thread.take()
    }
}

/// A lane in the hands of one session.
struct Turn {
    lane: OwnedMutexGuard<Lane>,
    /// Whether a transaction may be open.
    open: bool,
}

impl Turn {
    async fn order(&self, order: impl FnOnce(Reply) -> Order) -> Result<Vec<Row>, DbError> {
        let (reply, answer) = oneshot::channel();
        let closed = || DbError::Away("the store is closed".to_owned());
        self.lane.orders.send(order(reply)).await.map_err(|_| closed())?;
        match tokio::time::timeout(QUERY_TIME_MAX, answer).await {
            Ok(answer) => answer.map_err(|_| closed())?,
            Err(_) => {
                self.lane.interrupt.interrupt();
                Err(DbError::Away(format!("no answer within {QUERY_TIME_MAX:?}")))
            }
        }
    }
}

#[async_trait]
impl Session for Turn {
    async fn begin(&mut self) -> Result<(), DbError> {
        self.open = true;
        self.order(Order::Begin).await.map(drop)
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        self.run("COMMIT", Vec::new()).await?;
        self.open = false;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.run("ROLLBACK", Vec::new()).await?;
        self.open = false;
        Ok(())
    }

    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        self.order(|reply| Order::Run(sql.to_owned(), values, reply)).await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.open {
            // If there is no room, the next to begin rolls back first.
            drop(self.lane.orders.try_send(Order::Rollback));
        }
    }
}

/// The thread of a lane. Whoever ordered may have gone by the time it is done.
fn serve(connection: &Connection, begin: &str, mut inbox: mpsc::Receiver<Order>) {
    while let Some(order) = inbox.blocking_recv() {
        match order {
            Order::Begin(reply) => {
                rollback(connection);
                drop(reply.send(run(connection, begin, &[])));
            }
            Order::Run(sql, values, reply) => drop(reply.send(run(connection, &sql, &values))),
            Order::Rollback => rollback(connection),
        }
    }
}

fn rollback(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::warn!(%error, "SQLite can't roll back");
    }
}

fn run(connection: &Connection, sql: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
    let mut statement = connection.prepare_cached(sql)?;
    let values = rusqlite::params_from_iter(values);
    let columns = statement.column_count();
    if columns == 0 {
        statement.execute(values)?;
        return Ok(Vec::new());
    }
    let row = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|column| Ok(row.get_ref(column)?.into()));
        values.collect::<Result<_, rusqlite::Error>>().map(Row::new)
    };
    Ok(statement.query_map(values, row)?.collect::<Result<_, _>>()?)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Int(value),
            // No column of ours is a fraction: let the reader refuse it.
            ValueRef::Real(value) => Self::Text(value.to_string()),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Self::Blob(Bytes::copy_from_slice(bytes)),
        }
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let reason = format!("SQLite: {error}");
        let rusqlite::Error::SqliteFailure(failure, _) = error else { return Self::Defect(reason) };
        match (failure.code, failure.extended_code) {
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Busy(reason),
            (_, rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY | rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE) => {
                Self::Duplicate(reason)
            }
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => Self::Corrupt(reason),
            (
                ErrorCode::CannotOpen
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::OperationInterrupted
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied,
                _,
            ) => Self::Away(reason),
            _ => Self::Defect(reason),
        }
    }
}
