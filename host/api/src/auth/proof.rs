//! What a request proves of who sent it: when it comes, and for as long as it lasts.

use super::{Entrance, bearer, entrance, known};
use crate::Api;
use crate::error::Refusal;
use axum::extract::Request;
use skep_core::Identity;
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

    /// Who that is, as of now.
    pub(super) async fn identity(&self, api: &Api) -> Result<Identity, Refusal> {
        match &self.entrance {
            Entrance::Unix(principal) => Ok(Identity::operator(principal.clone())),
            Entrance::Tcp(access, _) => known(api, access, self.given.as_deref()).await,
        }
    }

    /// Waits until nobody is known by it any more.
    pub(crate) async fn lapsed(&self, api: &Api) {
        let mut revisions = api.router().registry().revisions().subscribe();
        loop {
            // A key that is revoked makes a revision; what expires by itself doesn't.
            let _ = tokio::time::timeout(PROOF_AGE_MAX, revisions.changed()).await;
            if self.identity(api).await.is_err_and(|refusal| refusal.is_unknown()) {
                return;
            }
        }
    }
}
