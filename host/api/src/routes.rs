//! Every resource there is, and who guards it.

use crate::error::Refusal;
use crate::{Api, audit, auth, calls, config, grants, health, skills};
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use skep_core::Fault;

impl Api {
    /// The routes. They answer only what [`serve`](crate::serve) brings, which notes the entrance.
    pub(crate) fn routes(&self) -> Router {
        let skill = get(skills::inspect).delete(skills::remove);
        let grants = get(grants::list).post(grants::add).delete(grants::revoke);
        let v1 = Router::new()
            .route("/skills", get(skills::list).post(skills::install))
            .route("/skills/{skill}", skill)
            .route("/skills/{skill}/approve", post(grants::approve))
            .route("/skills/{skill}/grants", grants)
            .route("/skills/{skill}/config", get(config::show).patch(config::patch))
            .route("/skills/{skill}/tools/{tool}/call", post(calls::call))
            .route("/audit", get(audit::list))
            .route("/audit/verify", post(audit::verify))
            .fallback(unknown)
            .method_not_allowed_fallback(not_allowed)
            .layer(from_fn(auth::admit));
        Router::new()
            .nest("/v1", v1)
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .fallback(unknown)
            .method_not_allowed_fallback(not_allowed)
            .layer(from_fn(auth::guard))
            .with_state(self.clone())
    }
}

async fn unknown(uri: Uri) -> Refusal {
    let fault = Fault::invalid_input(format!("nothing is at `{}`: everything is below `/v1`", uri.path()));
    Refusal::new(StatusCode::NOT_FOUND, fault)
}

async fn not_allowed(method: Method, uri: Uri) -> Refusal {
    let fault = Fault::invalid_input(format!("`{}` doesn't take {method}", uri.path()));
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, fault)
}
