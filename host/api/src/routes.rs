//! Every resource there is, and whom it is for.

use crate::auth::Class;
use crate::error::Refusal;
use crate::{
    Api, asks, audit, auth, breaker, calls, config, docs, domains, events, grants, health, jobs, keys, mcp,
    metrics, openapi, secrets, sessions, skills, state, trace, versions,
};
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, post};
use skep_core::Fault;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

impl Api {
    /// The routes. They answer only what [`serve`](crate::serve) brings, which notes the entrance.
    pub(crate) fn routes(&self) -> Router {
        let v1 = OpenApiRouter::new().merge(seen()).merge(called()).merge(audited()).merge(operated());
        let (v1, v1_words) = v1.split_for_parts();
        let v1 =
            v1.fallback(unknown).method_not_allowed_fallback(not_allowed).layer(from_fn(openapi::acceptable));
        let (told, told_words) = told().split_for_parts();
        let v1 = self.followed(v1).merge(told.layer(from_fn_with_state(self.clone(), trace::follow)));
        let (open, open_words) = open().split_for_parts();
        let (watched, watched_words) = watched().split_for_parts();
        let document =
            openapi::document(v1_words.merge_from(told_words), open_words.merge_from(watched_words));
        open.nest("/v1", v1)
            .nest("/mcp", self.followed(talked()))
            .merge(watched.layer(from_fn_with_state(self.clone(), auth::admit)))
            .merge(docs::routes(&document))
            .fallback(unknown)
            .method_not_allowed_fallback(not_allowed)
            .layer(from_fn(auth::guard))
            .layer(from_fn_with_state(self.clone(), metrics::count))
            .with_state(self.clone())
    }

    /// For those who are let in, in the trace that they name.
    fn followed(&self, routes: Router<Self>) -> Router<Self> {
        let admitted = routes.layer(from_fn_with_state(self.clone(), auth::admit));
        admitted.layer(from_fn_with_state(self.clone(), trace::follow))
    }
}

/// A group of routes, for those of a class. What their path names as `{skill}`, and `?domain=`, must be
/// within the reach of who asks. The document says of each what it takes.
fn group(class: Class, mut routes: OpenApiRouter<Api>) -> OpenApiRouter<Api> {
    openapi::note_class(routes.get_openapi_mut(), class);
    routes.layer(from_fn_with_state(class, auth::hold))
}

/// What everybody may ask for who came in: lists show what they see, callers no more than they need.
fn seen() -> OpenApiRouter<Api> {
    let routes = OpenApiRouter::new()
        .routes(routes!(skills::list))
        .routes(routes!(skills::inspect))
        .routes(routes!(versions::list))
        .routes(routes!(asks::list))
        .routes(routes!(asks::show))
        .routes(routes!(domains::list))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::events));
    group(Class::Anyone, routes)
}

fn called() -> OpenApiRouter<Api> {
    let routes = OpenApiRouter::new()
        .routes(routes!(calls::call))
        .routes(routes!(asks::make))
        .routes(routes!(jobs::submit))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry));
    group(Class::Callers, routes)
}

fn audited() -> OpenApiRouter<Api> {
    let own = OpenApiRouter::new()
        .routes(routes!(grants::list))
        .routes(routes!(config::show))
        .routes(routes!(sessions::list))
        .routes(routes!(audit::list));
    let all = OpenApiRouter::new().routes(routes!(audit::verify));
    group(Class::Auditors, own).merge(group(Class::AuditorsOfAll, all))
}

fn operated() -> OpenApiRouter<Api> {
    let routes = OpenApiRouter::new()
        .routes(routes!(skills::install))
        .routes(routes!(skills::remove))
        .routes(routes!(breaker::reset))
        .routes(routes!(grants::approve))
        .routes(routes!(grants::add, grants::revoke))
        .routes(routes!(config::patch))
        .routes(routes!(versions::activate))
        .routes(routes!(versions::remove))
        .routes(routes!(asks::approve))
        .routes(routes!(asks::deny))
        .routes(routes!(sessions::end))
        .routes(routes!(state::keys))
        .routes(routes!(state::show, state::set, state::delete))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke));
    let domain =
        OpenApiRouter::new().routes(routes!(secrets::list)).routes(routes!(secrets::set, secrets::delete));
    let all = OpenApiRouter::new().routes(routes!(domains::add)).routes(routes!(domains::remove));
    let (domain, all) = (group(Class::OperatorsOfDomain, domain), group(Class::OperatorsOfAll, all));
    group(Class::Operators, routes).merge(domain).merge(all)
}

/// MCP, which tells by its own rules what it takes.
fn talked() -> Router<Api> {
    let routes = Router::new().route("/", any(mcp::handle)).route("/stdio", post(mcp::pipe));
    routes.layer(from_fn_with_state(Class::Anyone, auth::hold))
}

/// What lets in by itself: a browser says who it is over the connection that it opens.
fn told() -> OpenApiRouter<Api> {
    let mut routes = OpenApiRouter::new().routes(routes!(events::listen));
    openapi::note_class(routes.get_openapi_mut(), Class::Anyone);
    routes
}

/// What anyone who can reach the host may read.
fn open() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(health::alive)).routes(routes!(health::ready))
}

/// What Prometheus reads, for those who may see all of the host.
fn watched() -> OpenApiRouter<Api> {
    group(Class::AuditorsOfAll, OpenApiRouter::new().routes(routes!(metrics::show)))
}

async fn unknown(uri: Uri) -> Refusal {
    let fault = Fault::invalid_input(format!(
        "nothing is at `{}`: everything is below `/v1`, and `/docs` shows it",
        uri.path()
    ));
    Refusal::new(StatusCode::NOT_FOUND, fault)
}

async fn not_allowed(method: Method, uri: Uri) -> Refusal {
    let fault = Fault::invalid_input(format!("`{}` doesn't take {method}", uri.path()));
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, fault)
}
