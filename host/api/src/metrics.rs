//! `GET /metrics`: what the host counts and how it stands, as Prometheus reads it (OpenMetrics text).
//! No label holds a text of a caller's.

mod gauges;
mod process;

use crate::Api;
use crate::error::Refusal;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use skep_core::Fault;
use std::time::Instant;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Stands for the route of a request that goes nowhere, and for methods that HTTP doesn't define.
const OTHER: &str = "other";
/// Bounds of the buckets of how long requests take, in seconds.
const LATENCIES: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// What is counted of requests. Clones share it.
#[derive(Clone)]
pub(crate) struct Requests {
    answered: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

impl Requests {
    pub(crate) fn new() -> Self {
        Self {
            answered: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(LATENCIES)),
        }
    }

    fn answered(&self, method: &Method, route: &str, status: StatusCode, seconds: f64) {
        let (method, route, status) = (known(method).to_owned(), route.to_owned(), status.as_u16());
        self.seconds.get_or_create(&RouteLabels { route: route.clone() }).observe(seconds);
        self.answered.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("skep_http_requests", "Requests that were answered", self.answered.clone());
        let help = "From the head of a request to the head of its answer";
        registry.register("skep_http_request_seconds", help, self.seconds.clone());
    }
}

fn known(method: &Method) -> &str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
    ];
    if KNOWN.contains(method) { method.as_str() } else { OTHER }
}

/// Counts a request, under the route that it matched.
pub(crate) async fn count(
    State(api): State<Api>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let (method, begun) = (request.method().clone(), Instant::now());
    let response = next.run(request).await;
    let route = route.as_ref().map_or(OTHER, MatchedPath::as_str);
    api.requests.answered(&method, route, response.status(), begun.elapsed().as_secs_f64());
    response
}

/// Tells what the host counts and how it stands, as Prometheus reads it.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "health",
    responses((status = OK, description = "Metrics in OpenMetrics text", content_type = "application/openmetrics-text", body = String)))]
pub(crate) async fn show(State(api): State<Api>) -> Result<Response, Refusal> {
    let (health, activity) = tokio::join!(api.router().health(), api.router().activity());
    let mut registry = Registry::default();
    api.router().register(&mut registry);
    api.requests.register(&mut registry);
    gauges::of_health(&mut registry, &health);
    gauges::of_activity(&mut registry, &activity);
    process::register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|e| Fault::internal(format!("metrics can't be written: {e}")))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_bounded() {
        assert_eq!(known(&Method::GET), "GET");
        assert_eq!(known(&"FROBNICATE".parse().unwrap()), OTHER);
    }
}
