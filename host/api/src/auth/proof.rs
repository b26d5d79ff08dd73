//! What a request proves of who sent it: when it comes, and for as long as it lasts.

use super::{BEARER_BYTES_MAX, Entrance, bearer, entrance, known, unknown};
use crate::Api;
use crate::error::Refusal;
use axum::extract::Request;
use skep_core::{Fault, Identity};
use std::time::Duration;

/// How old a proof may get in a request that lasts.
const PROOF_AGE_MAX: Duration = Duration::from_secs(30);

/// Where a request came in, and what it bears.
pub(crate) struct Proof {
    entrance: Entrance,
    given: Option<String>,
}

impl Proof {
    pub(crate) fn of(request: &Request) -> Result<Self, Refusal> {
        Ok(Self { entrance: entrance(request)?.clone(), given: bearer(request.headers()) })
    }

    /// It bears this, as was said later.
    pub(crate) fn given(&mut self, given: String) {
        self.given = (given.len() <= BEARER_BYTES_MAX).then_some(given);
    }

    /// Who that is, as of now, if anybody is known by it.
    pub(crate) async fn look_up(&self, api: &Api) -> Result<Option<Identity>, Fault> {
        match &self.entrance {
            Entrance::Unix(principal) => Ok(Some(Identity::operator(principal.clone()))),
            Entrance::Tcp(access, _) => known(api, access, self.given.as_deref()).await,
        }
    }

    /// The same, refused if nobody is known.
    pub(super) async fn identity(&self, api: &Api) -> Result<Identity, Refusal> {
        self.look_up(api).await?.ok_or_else(unknown)
    }

    /// Waits until nobody is known by it any more.
    pub(crate) async fn lapsed(&self, api: &Api) {
        let mut revisions = api.router().registry().revisions().subscribe();
        loop {
            // A key that is revoked makes a revision; what expires by itself doesn't.
            let _ = tokio::time::timeout(PROOF_AGE_MAX, revisions.changed()).await;
            if matches!(self.look_up(api).await, Ok(None)) {
                return;
            }
        }
    }
}
