//! What a rate leaves, in headers: RateLimit fields for HTTP, as of draft-ietf-httpapi-ratelimit-headers-10. Only
//! the rate of who asks is told; what others leave of a domain's is nobody's business.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use skep_core::RateLevel;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const MS_PER_SECOND: u64 = 1000;

/// The answer to a call, with what it leaves of the rate: `q` calls in `w` seconds; `r` calls remain, and all are
/// back in `t` seconds.
pub(crate) fn told(rate: Option<RateLevel>, mut answer: Response) -> Response {
    let Some(level) = rate else { return answer };
    let (calls, window) = (level.rate().calls(), seconds(level.rate().window_ms()));
    put(answer.headers_mut(), POLICY, &format!("\"principal\";q={calls};w={window}"));
    let (left, full_in) = (level.left(), seconds(level.full_in_ms()));
    put(answer.headers_mut(), LIMIT, &format!("\"principal\";r={left};t={full_in}"));
    answer
}

/// Whole seconds, so that nobody comes back too early.
pub(crate) fn seconds(ms: u64) -> u64 {
    ms.div_ceil(MS_PER_SECOND)
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Digits and plain words always are a header's value.
    headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn what_is_left_is_told_in_whole_seconds() {
        let told = |rate: &str, drawn: u64| {
            let level = RateLevel::new(rate.parse().unwrap(), drawn);
            let answer = told(Some(level), ().into_response());
            [POLICY, LIMIT].map(|name| answer.headers()[name].to_str().unwrap().to_owned())
        };
        let expect = |policy: &str, limit: &str| [policy.to_owned(), limit.to_owned()];
        assert_eq!(told("100/s", 0), expect("\"principal\";q=100;w=1", "\"principal\";r=100;t=0"));
        assert_eq!(told("60/m", 60_001), expect("\"principal\";q=60;w=60", "\"principal\";r=58;t=2"));
        assert!(super::told(None, ().into_response()).headers().is_empty());
    }
}
