//! Entity tags: whoever changes what others change too can say what they have seen of it.

use crate::Api;
use crate::error::Refusal;
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use skep_core::{Digest, Fault, FaultCode};
use utoipa::IntoParams;

/// Hex digits of a tag.
const TAG_CHARS: usize = 32;

/// The condition of a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read as `Conditions`; described here")]
pub(crate) struct IfMatch {
    /// The `ETag` of what was seen, or several: only if it is still one of them, it is changed. `*` is anything.
    #[param(rename = "if-match")]
    value: Option<String>,
}

/// The condition of a read.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read as `Conditions`; described here")]
pub(crate) struct IfNoneMatch {
    /// The `ETag` of what is there already: if it is still that, it isn't sent again.
    #[param(rename = "if-none-match")]
    value: Option<String>,
}

/// The tags that a request names.
#[derive(Debug)]
pub(crate) struct Conditions {
    matching: Option<String>,
    none_matching: Option<String>,
}

impl FromRequestParts<Api> for Conditions {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        let headers = &parts.headers;
        let matching = named(headers, &header::IF_MATCH)?;
        Ok(Self { matching, none_matching: named(headers, &header::IF_NONE_MATCH)? })
    }
}

/// All tags that headers of a name hold.
fn named(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Fault> {
    let texts: Result<Vec<_>, _> = headers.get_all(name).iter().map(HeaderValue::to_str).collect();
    let texts =
        texts.map_err(|_| Fault::invalid_input(format!("header `{name}` is no visible ASCII text")))?;
    Ok((!texts.is_empty()).then(|| texts.join(",")))
}

/// Whether one of the tags is `tag`, or stands for anything.
fn holds(tags: &str, tag: &str) -> bool {
    tags.split(',').map(str::trim).any(|named| named == "*" || named == tag)
}

impl Conditions {
    /// Whether a change of what is `now` is still wanted.
    pub(crate) fn allow(&self, now: &impl Serialize) -> bool {
        match &self.matching {
            None => true,
            Some(tags) => body(now).is_ok_and(|(_, tag)| holds(tags, &tag)),
        }
    }

    /// The answer to a read, which is short if the client has it already.
    pub(crate) fn answer(&self, value: &impl Serialize) -> Result<Response, Refusal> {
        let (body, tag) = body(value)?;
        // Among these, weak tags count too.
        if self.none_matching.as_ref().is_some_and(|tags| holds(&tags.replace("W/", ""), &tag)) {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
        }
        Ok(tagged(body, tag))
    }

    /// The answer to a change, or why it wasn't made.
    pub(crate) fn changed<T: Serialize>(&self, done: Result<T, Fault>) -> Result<Response, Refusal> {
        match done {
            Ok(value) => {
                let (body, tag) = body(&value)?;
                Ok(tagged(body, tag))
            }
            Err(fault) if fault.code == FaultCode::Conflict && self.matching.is_some() => {
                Err(Refusal::new(StatusCode::PRECONDITION_FAILED, fault))
            }
            Err(fault) => Err(fault.into()),
        }
    }
}

fn tagged(body: Vec<u8>, tag: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, tag)], body).into_response()
}

/// A value as it is sent, and the strong tag of that.
fn body(value: &impl Serialize) -> Result<(Vec<u8>, String), Fault> {
    let body = serde_json::to_vec(value);
    let body = body.map_err(|e| Fault::internal(format!("an answer can't be written: {e}")))?;
    let tag = format!("\"{:.TAG_CHARS$}\"", Digest::of(&body).hex());
    Ok((body, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_need_a_strong_match_and_reads_a_weak_one() {
        let (_, tag) = body(&"seen").unwrap();
        let check = |tags: &str, change: bool, unchanged: bool| {
            let tags = Some(tags.to_owned());
            let conditions = Conditions { matching: tags.clone(), none_matching: tags };
            assert_eq!(conditions.allow(&"seen"), change, "{conditions:?}");
            let status = conditions.answer(&"seen").unwrap().status();
            assert_eq!(status == StatusCode::NOT_MODIFIED, unchanged, "{conditions:?}");
        };
        check(&tag, true, true);
        check("*", true, true);
        check(&format!("\"other\", {tag}"), true, true);
        check(&format!("W/{tag}"), false, true);
        check("\"other\"", false, false);
        check("", false, false);
        assert!(Conditions { matching: None, none_matching: None }.allow(&"anything"));
    }
}
