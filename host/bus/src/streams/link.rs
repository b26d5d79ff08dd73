//! Connections to Redis: one shared, pipelined one that comes back by itself, and dedicated ones for reads that block.

use super::scripts;
use crate::BusError;
use parking_lot::Mutex;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, IntoConnectionInfo, Pipeline,
    ProtocolVersion, PushInfo, PushKind, RedisError, ServerErrorKind, Value,
};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long after a failed connect everybody is told so at once.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// A way to one Redis.
pub(super) struct Link {
    client: Client,
    answer_wait: Duration,
    current: Arc<Mutex<Current>>,
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    since: Option<Instant>,
    /// Counts connections, so that a late error doesn't throw away a newer one.
    number: u64,
    refused: Option<(Instant, String)>,
}

impl Current {
    fn end(&mut self, number: u64) {
        if self.number == number {
            self.connection = None;
            self.since = None;
        }
    }
}

impl Link {
    /// A link that connects when first used.
    pub(super) fn open(url: &str, answer_wait: Duration) -> Result<Self, BusError> {
        let unusable =
            |e: RedisError| BusError::Unavailable(format!("the address of Redis is unusable: {e}"));
        let info: ConnectionInfo = url.into_connection_info().map_err(unusable)?;
        // With RESP3 the library tells when a connection ends, so that nothing is sent into the void.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        // Small requests must not wait for the answers of earlier ones.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        let client =
            Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp)).map_err(unusable)?;
        Ok(Self::new(client, answer_wait))
    }

    fn new(client: Client, answer_wait: Duration) -> Self {
        Self { client, answer_wait, current: Arc::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// Another link to the same Redis, for another runtime.
    pub(super) fn twin(&self) -> Self {
        Self::new(self.client.clone(), self.answer_wait)
    }

    fn config(&self, response: Duration) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.answer_wait))
            .set_response_timeout(Some(response))
    }

    /// A connection of its own for reads that block for up to `block`.
    pub(super) async fn dedicated(&self, block: Duration) -> Result<MultiplexedConnection, BusError> {
        // Not without any limit: a peer that vanished silently would be waited for forever.
        let config = self.config(block + self.answer_wait);
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        connected.map_err(|e| BusError::Unavailable(e.to_string()))
    }

    /// A connection of its own for a subscription.
    pub(super) async fn subscription(&self) -> Result<PubSub, BusError> {
        let connecting = tokio::time::timeout(self.answer_wait, self.client.get_async_pubsub());
        let connected = connecting.await.map_err(|_| BusError::Unavailable("Redis is silent".to_owned()))?;
        connected.map_err(|e| BusError::Unavailable(e.to_string()))
    }

    async fn connect(&self, number: u64) -> Result<MultiplexedConnection, RedisError> {
        let current = self.current.clone();
        let config = self.config(self.answer_wait).set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                current.lock().end(number);
            }
            Ok::<_, Infallible>(())
        });
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// How long the shared connection has been up without a break.
    pub(super) fn up_for(&self) -> Duration {
        self.current.lock().since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn established(&self) -> Option<Result<(MultiplexedConnection, u64), BusError>> {
        let current = self.current.lock();
        if let Some(connection) = &current.connection {
            return Some(Ok((connection.clone(), current.number)));
        }
        let (at, reason) = current.refused.as_ref()?;
        (at.elapsed() < RECONNECT_PAUSE).then(|| Err(BusError::Unavailable(reason.clone())))
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), BusError> {
        if let Some(established) = self.established() {
            return established;
        }
        let _one_at_a_time = self.connecting.lock().await;
        if let Some(established) = self.established() {
            return established;
        }
        let number = {
            let mut current = self.current.lock();
            current.number += 1;
            current.number
        };
        let connected = self.connect(number).await;
        let mut current = self.current.lock();
        match connected {
            Ok(connection) => {
                current.since = Some(Instant::now());
                current.connection = Some(connection.clone());
                Ok((connection, number))
            }
            Err(error) => {
                current.refused = Some((Instant::now(), error.to_string()));
                Err(BusError::Unavailable(error.to_string()))
            }
        }
    }

    /// Sends one command.
    pub(super) async fn command(&self, command: &Cmd) -> Result<Value, BusError> {
        let (mut connection, number) = self.connection().await?;
        match command.query_async(&mut connection).await {
            Err(error) if is_unknown_script(&error) => {
                load_scripts(&mut connection).await?;
                let answer = command.query_async(&mut connection).await;
                answer.map_err(|error| self.failed(number, &error))
            }
            answer => answer.map_err(|error| self.failed(number, &error)),
        }
    }

    /// Sends commands in one go.
    pub(super) async fn pipeline(&self, pipeline: &Pipeline) -> Result<(), BusError> {
        let (mut connection, number) = self.connection().await?;
        pipeline.exec_async(&mut connection).await.map_err(|error| self.failed(number, &error))
    }

    fn failed(&self, number: u64, error: &RedisError) -> BusError {
        if is_broken(error) {
            self.current.lock().end(number);
        }
        typed(error)
    }
}

/// One of the two ways to ask.
pub(super) enum Line<'a> {
    Shared(&'a Link),
    Dedicated(&'a mut MultiplexedConnection),
}

impl Line<'_> {
    pub(super) async fn command(&mut self, command: &Cmd) -> Result<Value, BusError> {
        match self {
            Self::Shared(link) => link.command(command).await,
            Self::Dedicated(connection) => command_on(connection, command).await,
        }
    }
}

/// Sends one command over a dedicated connection.
async fn command_on(connection: &mut MultiplexedConnection, command: &Cmd) -> Result<Value, BusError> {
    match command.query_async(connection).await {
        Err(error) if is_unknown_script(&error) => {
            load_scripts(connection).await?;
            command.query_async(connection).await.map_err(|error| typed(&error))
        }
        answer => answer.map_err(|error| typed(&error)),
    }
}

async fn load_scripts(connection: &mut MultiplexedConnection) -> Result<(), BusError> {
    for script in scripts::all() {
        script.load_async(connection).await.map_err(|error| typed(&error))?;
    }
    Ok(())
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn is_broken(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_timeout()
        || error.is_unrecoverable_error()
}

fn typed(error: &RedisError) -> BusError {
    if is_broken(error) {
        return BusError::OutcomeUnknown(error.to_string());
    }
    match error.code() {
        Some(
            "LOADING" | "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY" | "NOGROUP" | "OOM",
        ) => BusError::Unavailable(error.to_string()),
        _ => BusError::Internal(error.to_string()),
    }
}

/// A wait that doubles with every failure, up to a second.
pub(super) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(20);
    const LAST: Duration = Duration::from_secs(1);

    pub(super) fn new() -> Self {
        Self(Self::FIRST)
    }

    pub(super) fn reset(&mut self) {
        self.0 = Self::FIRST;
    }

    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(Self::LAST);
    }
}
