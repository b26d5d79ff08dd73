//! Floor 4: the HTTP API, on a Unix socket and on TCP. The only crate that knows HTTP servers.
//!
//! What there is stands in `routes.rs`, who may come in stands in `auth.rs`, and the types of the wire,
//! which clients use too, stand in [`types`].

mod asks;
mod audit;
mod auth;
mod base64_bytes;
mod breaker;
mod calls;
mod config;
mod docs;
mod domains;
mod error;
mod etag;
mod events;
mod grants;
mod health;
mod jobs;
mod keys;
mod mcp;
mod metrics;
mod openapi;
mod rate;
mod reply;
mod request;
mod routes;
mod secrets;
mod serve;
mod sessions;
mod skills;
mod state;
mod trace;
pub mod types;
mod versions;

pub use auth::{Issuer, KeyPlace, SigningAlgorithm, TcpAccess, Token, TokenError};
pub use error::status_of;
pub use events::{EventTimes, JOBS_FOLLOWED_MAX};
pub use mcp::{MCP_SESSIONS_MAX, MCP_SESSIONS_OWN_MAX, McpSettings, Profile};
pub use serve::{Entry, serve};

use auth::{Issuers, Keyring};
use mcp::Mcp;
use skep_core::Fault;
use skep_router::Router;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// By what a deployment knows those who come in by TCP, besides its token.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The key by which API keys are known again; all hosts of a deployment have the same.
    pub keys_key: [u8; 32],
    /// Who is trusted to say who somebody is.
    pub issuers: Vec<Issuer>,
}

/// The API of one host, for any number of listeners. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    router: Router,
    requests: metrics::Requests,
    keyring: Arc<Keyring>,
    issuers: Arc<Issuers>,
    room: Arc<Semaphore>,
    mcp: Arc<Mcp>,
    event_times: Arc<EventTimes>,
}

impl Api {
    /// The API to what `router` does, for those who are known by `credentials`.
    pub fn new(router: Router, credentials: Credentials) -> Self {
        let Credentials { keys_key, issuers } = credentials;
        let (keyring, issuers) = (Arc::new(Keyring::new(keys_key)), Arc::new(Issuers::new(issuers)));
        let room = Arc::new(Semaphore::new(request::ROOM_UNITS));
        let mcp = Arc::new(Mcp::new(McpSettings::default()));
        let (requests, event_times) = (metrics::Requests::new(), Arc::default());
        Self { router, requests, keyring, issuers, room, mcp, event_times }
    }

    /// The same, with what an operator decided for MCP.
    pub fn with_mcp(self, settings: McpSettings) -> Self {
        Self { mcp: Arc::new(Mcp::new(settings)), ..self }
    }

    /// The same, with other times for those who listen to events.
    pub fn with_event_times(self, times: EventTimes) -> Self {
        Self { event_times: Arc::new(times), ..self }
    }

    /// Ends what would stay open for as long as a client wants: the streams and sessions of MCP.
    pub fn close(&self) {
        self.mcp.ended.cancel();
    }

    fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    fn router(&self) -> &Router {
        &self.router
    }

    /// Room for a body among all that this host holds.
    async fn room(&self, units: usize, wait: Duration) -> Result<OwnedSemaphorePermit, Fault> {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let room = tokio::time::timeout(wait, self.room.clone().acquire_many_owned(units)).await;
        let full = || Fault::overloaded("too many large requests are under way: try again later");
        room.map_err(|_| full())?.map_err(|_| full())
    }
}
