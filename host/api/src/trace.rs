//! Requests as steps of a trace: the caller's, or one that begins here.

use crate::Api;
use crate::types::{HEADER_TRACE, HEADER_TRACE_ANSWER, HEADER_TRACE_STATE};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use skep_core::{Step, Trace};
use std::convert::Infallible;
use tracing::{Instrument, Span, field};

/// Where the request is in its trace, if it is traced.
#[derive(Clone)]
pub(crate) struct Traced(pub(crate) Option<Trace>);

impl<S: Sync> FromRequestParts<S> for Traced {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Self(None)))
    }
}

/// Makes a request a step of its trace, and tells its caller which.
pub(crate) async fn follow(
    State(api): State<Api>,
    route: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let step = api.router().step(caller(request.headers()).as_ref());
    let span = match &step {
        Some(step) if step.here.sampled() => span(step, &request, route.as_ref()),
        _ => Span::none(),
    };
    let trace = step.map(|step| step.here);
    let told = trace.as_ref().and_then(|trace| HeaderValue::from_str(&trace.parent()).ok());
    request.extensions_mut().insert(Traced(trace));
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("fault", status.as_str());
    }
    if let Some(told) = told {
        response.headers_mut().insert(HEADER_TRACE_ANSWER, told);
    }
    response
}

/// Of the path only what the route says: the rest is the caller's.
fn span(step: &Step, request: &Request, route: Option<&MatchedPath>) -> Span {
    tracing::info_span!(
        "request",
        trace = %step.here,
        below = step.below.map(field::display),
        fault = field::Empty,
        http.request.method = %request.method(),
        http.route = route.map(MatchedPath::as_str),
        http.response.status_code = field::Empty,
    )
}

/// What isn't W3C's is no mistake: it is left out.
fn caller(headers: &HeaderMap) -> Option<Trace> {
    let mut parents = headers.get_all(HEADER_TRACE).iter();
    let (Some(parent), None) = (parents.next(), parents.next()) else { return None };
    let states: Vec<&str> =
        headers.get_all(HEADER_TRACE_STATE).iter().filter_map(|state| state.to_str().ok()).collect();
    Trace::of_caller(parent.to_str().ok()?, Some(&states.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn read(headers: &[(&'static str, &str)]) -> Option<String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value): (axum::http::HeaderName, _)| {
            map.append(name, value);
        });
        caller(&map).map(|trace| trace.to_string())
    }

    #[test]
    fn callers_say_where_they_are_or_nothing() {
        assert_eq!(read(&[("traceparent", PARENT)]).as_deref(), Some(PARENT));
        let states = [("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2")];
        assert_eq!(read(&states), Some(format!("{PARENT} a=1,b=2")));
        for none in
            [&[][..], &[("traceparent", "00-x")], &[("traceparent", PARENT); 2], &[("tracestate", "a=1")]]
        {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
