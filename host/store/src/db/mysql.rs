//! MySQL and MariaDB: a bounded number of connections, each dropped as soon as there is doubt about it.

use super::{
    Backend, CONNECT_TIME_MAX, DbError, LOCK_TIME_MAX, Purpose, QUERY_TIME_MAX, REST_TIME_MAX, Row, Session,
    Value,
};
use async_trait::async_trait;
use bytes::Bytes;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Error, Opts, OptsBuilder, Params};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Connections that a host holds at most, its pulse's apart. MariaDB gives 151 to all its clients, if not told
/// otherwise.
pub(crate) const CONNECTIONS_MAX: usize = 16;
/// Connections by which a host tells that it lives: whatever else it has to do must not keep it from that.
pub(crate) const PULSES_MAX: usize = 1;
/// Statements that the server keeps prepared for a connection.
const STATEMENTS_MAX: usize = 64;
/// A connection that nobody has held for so long is closed, before the server does that after [`REST_TIME_MAX`].
const IDLE_TIME_MAX: Duration = Duration::from_secs(3);
/// After this long without traffic a peer is asked whether it still is there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A database on a server.
pub(crate) struct Mysql {
    opts: Opts,
    slots: Arc<Semaphore>,
    idle: Idle,
}

/// Connections that nobody holds, each with when it was left.
type Idle = Arc<Mutex<Vec<(Conn, Instant)>>>;

/// What every connection is opened with.
pub(crate) fn opts(url: &str) -> Result<Opts, DbError> {
    // The driver takes the process's TLS provider and panics if there is none. If another thread is
    // faster, its choice is as good.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    let opts = Opts::from_url(url).map_err(|error| DbError::Defect(error.to_string()))?;
    let session = vec![
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'".to_owned(),
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ".to_owned(),
        // The server ends what rests for longer, in a transaction or not: MySQL knows no time for transactions alone.
        format!(
            "SET SESSION innodb_lock_wait_timeout = {}, SESSION wait_timeout = {}",
            LOCK_TIME_MAX.as_secs(),
            REST_TIME_MAX.as_secs()
        ),
    ];
    let opts = OptsBuilder::from_opts(opts)
        .init(session)
        .stmt_cache_size(STATEMENTS_MAX)
        .tcp_keepalive(Some(KEEPALIVE))
        // The address is what the operator wrote, also where the server offers a socket.
        .prefer_socket(false);
    Ok(opts.into())
}

/// A new connection.
pub(crate) async fn connect(opts: &Opts) -> Result<Conn, DbError> {
    match timeout(CONNECT_TIME_MAX, Conn::new(opts.clone())).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(DbError::Away(reason(&error))),
        Err(_) => Err(DbError::Away(format!("MySQL: no connection within {CONNECT_TIME_MAX:?}"))),
    }
}

impl Mysql {
    /// With so many connections at most.
    pub(crate) fn new(opts: Opts, connections_max: usize) -> Self {
        Self { opts, slots: Arc::new(Semaphore::new(connections_max)), idle: Idle::default() }
    }
}

#[async_trait]
impl Backend for Mysql {
    async fn session(&self, _: Purpose) -> Result<Box<dyn Session>, DbError> {
        let slot = timeout(CONNECT_TIME_MAX, self.slots.clone().acquire_owned()).await;
        let slot =
            slot.map_err(|_| DbError::Away(format!("no free connection within {CONNECT_TIME_MAX:?}")))?;
        let slot = slot.map_err(|_| DbError::Away("the store is closed".to_owned()))?;
        let idle = {
            let mut idle = self.idle.lock();
            idle.retain(|(_, left)| left.elapsed() < IDLE_TIME_MAX);
            idle.pop()
        };
        let connection = match idle {
            Some((connection, _)) => connection,
            None => connect(&self.opts).await?,
        };
        Ok(Box::new(Lease { connection: Some(connection), fit: true, idle: self.idle.clone(), _slot: slot }))
    }

    fn shared(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.slots.close();
        let idle = std::mem::take(&mut *self.idle.lock());
        for (connection, _) in idle {
            // A server that is gone needs no farewell.
            drop(timeout(CONNECT_TIME_MAX, connection.disconnect()).await);
        }
    }
}

/// A connection in the hands of one session.
struct Lease {
    connection: Option<Conn>,
    /// Whether it may be used again: no transaction open, no answer outstanding.
    fit: bool,
    idle: Idle,
    _slot: OwnedSemaphorePermit,
}

impl Lease {
    /// Runs `work` within its time; whatever breaks the connection makes it and all idle ones unfit.
    async fn within<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Conn) -> Result<T, Error>,
    ) -> Result<T, DbError> {
        let fit = std::mem::replace(&mut self.fit, false);
        let Some(connection) = &mut self.connection else {
            return Err(DbError::Lost("MySQL: the connection broke".to_owned()));
        };
        let error = match timeout(QUERY_TIME_MAX, work(connection)).await {
            Ok(Ok(value)) => {
                self.fit = fit;
                return Ok(value);
            }
            Ok(Err(error)) => DbError::from(error),
            Err(_) => DbError::Away(format!("MySQL: no answer within {QUERY_TIME_MAX:?}")),
        };
        match error {
            DbError::Lost(_) | DbError::Away(_) => {
                self.connection = None;
                // They were opened to the same server and have most likely gone with it.
                drop(std::mem::take(&mut *self.idle.lock()));
            }
            // The server closes the connection on which that came.
            DbError::TooLarge(_) => self.connection = None,
            _ => self.fit = fit,
        }
        Err(error)
    }
}

#[async_trait]
impl Session for Lease {
    async fn begin(&mut self) -> Result<(), DbError> {
        self.within(async |connection| connection.query_drop("START TRANSACTION").await).await?;
        self.fit = false;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        self.within(async |connection| connection.query_drop("COMMIT").await).await?;
        self.fit = true;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.within(async |connection| connection.query_drop("ROLLBACK").await).await?;
        self.fit = true;
        Ok(())
    }

    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let values = values.into_iter().map(Into::into).collect::<Vec<mysql_async::Value>>();
        let values = if values.is_empty() { Params::Empty } else { Params::Positional(values) };
        let work = async |connection: &mut Conn| connection.exec::<mysql_async::Row, _, _>(sql, values).await;
        let rows = self.within(work).await?.into_iter().map(|row| {
            let values = row.unwrap().into_iter().map(Value::try_from);
            values.collect::<Result<_, _>>().map(Row::new)
        });
        rows.collect()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Any other connection is closed, and the server rolls back what it left open.
        if let (Some(connection), true) = (self.connection.take(), self.fit) {
            self.idle.lock().push((connection, Instant::now()));
        }
    }
}

impl From<Value> for mysql_async::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Int(value) => Self::Int(value),
            Value::Text(text) => Self::Bytes(text.into_bytes()),
            Value::Blob(bytes) => Self::Bytes(bytes.into()),
        }
    }
}

impl TryFrom<mysql_async::Value> for Value {
    type Error = DbError;
    fn try_from(value: mysql_async::Value) -> Result<Self, DbError> {
        let unfit = || DbError::Defect("MySQL: a column of a type that Skep doesn't use".to_owned());
        match value {
            mysql_async::Value::NULL => Ok(Self::Null),
            mysql_async::Value::Int(value) => Ok(Self::Int(value)),
            mysql_async::Value::UInt(value) => Ok(Self::Int(i64::try_from(value).map_err(|_| unfit())?)),
            mysql_async::Value::Bytes(bytes) => Ok(Self::Blob(Bytes::from(bytes))),
            _ => Err(unfit()),
        }
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        let reason = reason(&error);
        match error {
            Error::Server(server) => match server.code {
                // Lock wait timeout, deadlock, changed since the snapshot.
                1205 | 1213 | 1020 => Self::Busy(reason),
                1062 => Self::Duplicate(reason),
                1153 => Self::TooLarge(reason),
                // Shutting down, killed, idle for too long.
                1053 | 1317 | 1927 | 4031 => Self::Lost(reason),
                // Disk full, read-only, as a server is that has become a replica.
                1021 | 1290 | 1792 | 1836 => Self::Away(reason),
                _ => Self::Defect(reason),
            },
            // The driver has no error of its own for what it doesn't even send.
            Error::Io(_) if reason.ends_with("larger than max_allowed_packet") => Self::TooLarge(reason),
            Error::Io(_) | Error::Other(_) => Self::Lost(reason),
            Error::Driver(DriverError::ConnectionClosed) => Self::Lost(reason),
            Error::Driver(DriverError::PacketOutOfOrder | DriverError::UnexpectedPacket { .. }) => {
                Self::Lost(reason)
            }
            Error::Driver(_) | Error::Url(_) => Self::Defect(reason),
        }
    }
}

fn reason(error: &Error) -> String {
    format!("MySQL: {error}")
}
