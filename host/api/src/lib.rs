//! Floor 4: the HTTP API, on a Unix socket and on TCP. The only crate that knows HTTP servers.
//!
//! What there is stands in `routes.rs`, who may come in stands in `auth.rs`, and the types of the wire,
//! which clients use too, stand in [`types`].

mod asks;
mod audit;
mod auth;
mod base64_bytes;
mod calls;
mod config;
mod docs;
mod error;
mod etag;
mod grants;
mod health;
mod metrics;
mod openapi;
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

pub use auth::{TcpAccess, Token, TokenError};
pub use error::status_of;
pub use serve::{Entry, serve};

use skep_core::Fault;
use skep_router::Router;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The API of one host, for any number of listeners. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    router: Router,
    requests: metrics::Requests,
    room: Arc<Semaphore>,
}

impl Api {
    /// The API to what `router` does.
    pub fn new(router: Router) -> Self {
        let room = Arc::new(Semaphore::new(request::ROOM_UNITS));
        Self { router, requests: metrics::Requests::new(), room }
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
