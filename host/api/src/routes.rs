//! Every resource there is, and whom it is for.

use crate::auth::Class;
use crate::error::Refusal;
use crate::{Api, audit, auth, calls, config, grants, health, skills};
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post};
use skep_core::Fault;

impl Api {
    /// The routes. They answer only what [`serve`](crate::serve) brings, which notes the entrance.
    pub(crate) fn routes(&self) -> Router {
        let v1 = Router::new()
            .merge(seen())
            .merge(called())
            .merge(audited())
            .merge(operated())
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

/// A group of routes, for those of a class. What their path names as `{skill}`, and `?domain=`, must be
/// within the reach of who asks.
fn group(class: Class, routes: Router<Api>) -> Router<Api> {
    routes.layer(from_fn_with_state(class, auth::hold))
}

/// What everybody may ask for who came in: lists show what they see, callers no more than they need.
fn seen() -> Router<Api> {
    let routes =
        Router::new().route("/skills", get(skills::list)).route("/skills/{skill}", get(skills::inspect));
    group(Class::Anyone, routes)
}

fn called() -> Router<Api> {
    let routes = Router::new().route("/skills/{skill}/tools/{tool}/call", post(calls::call));
    group(Class::Callers, routes)
}

fn audited() -> Router<Api> {
    let own = Router::new()
        .route("/skills/{skill}/grants", get(grants::list))
        .route("/skills/{skill}/config", get(config::show))
        .route("/audit", get(audit::list));
    let all = Router::new().route("/audit/verify", post(audit::verify));
    group(Class::Auditors, own).merge(group(Class::AuditorsOfAll, all))
}

fn operated() -> Router<Api> {
    let routes = Router::new()
        .route("/skills", post(skills::install))
        .route("/skills/{skill}", delete(skills::remove))
        .route("/skills/{skill}/approve", post(grants::approve))
        .route("/skills/{skill}/grants", post(grants::add).delete(grants::revoke))
        .route("/skills/{skill}/config", patch(config::patch));
    group(Class::Operators, routes)
}

async fn unknown(uri: Uri) -> Refusal {
    let fault = Fault::invalid_input(format!("nothing is at `{}`: everything is below `/v1`", uri.path()));
    Refusal::new(StatusCode::NOT_FOUND, fault)
}

async fn not_allowed(method: Method, uri: Uri) -> Refusal {
    let fault = Fault::invalid_input(format!("`{}` doesn't take {method}", uri.path()));
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, fault)
}
