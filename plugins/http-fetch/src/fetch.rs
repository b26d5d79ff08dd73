//! `fetch`: a request in, the answer out.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::Error;

use crate::bindings::wasi::http::types::ErrorCode;
use crate::exchange::{Answer, exchange, request};
use crate::url::Url;

const BYTES_MAX: usize = 1 << 20;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchRequest {
    /// As in https://api.example.com/v1/rates?base=EUR
    url: String,
    #[serde(default)]
    method: HttpMethod,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Text, or base64 if `body_base64` is set
    #[serde(default)]
    body: String,
    #[serde(default)]
    body_base64: bool,
    /// Most that is kept of the answer's body
    #[serde(default = "bytes_max")]
    #[schemars(range(min = 1, max = BYTES_MAX))]
    max_bytes: usize,
}

fn bytes_max() -> usize {
    BYTES_MAX
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum HttpMethod {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl HttpMethod {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct FetchAnswer {
    status: u16,
    /// Names in lower case; several values of one name are joined by `, `
    headers: BTreeMap<String, String>,
    body: String,
    encoding: Encoding,
    /// Whether there was more than `max_bytes`
    truncated: bool,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "base64")]
    Base64,
}

/// Sends an HTTP request to a place that was granted. Redirects aren't followed: see the header `location`.
#[skep::tool]
pub fn fetch(asked: FetchRequest) -> Result<FetchAnswer, Error> {
    let whole = || Error::InvalidInput(format!("url: `{}` is no URL: write https://HOST/PATH", asked.url));
    let url = Url::parse(&asked.url).ok_or_else(whole)?;
    let body = body(&asked)?;
    let headers = asked.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    let request = request(asked.method.name(), &url, headers).map_err(Error::InvalidInput)?;
    let answer = exchange(request, &body, asked.max_bytes.min(BYTES_MAX));
    answer.map(FetchAnswer::from).map_err(|code| Error::Failed(why(&code, &url)))
}

fn body(asked: &FetchRequest) -> Result<Vec<u8>, Error> {
    if !asked.body_base64 {
        return Ok(asked.body.clone().into_bytes());
    }
    let decoded = BASE64_STANDARD.decode(&asked.body);
    decoded.map_err(|error| Error::InvalidInput(format!("body: no base64: {error}")))
}

fn why(code: &ErrorCode, url: &Url<'_>) -> String {
    let origin = url.origin();
    match code {
        ErrorCode::HttpRequestDenied => format!(
            "{origin} wasn't granted: the operator can allow it with `skep grant http-fetch --net {origin}`"
        ),
        ErrorCode::DestinationIpProhibited => {
            format!("{origin} leads to an address that is not public, and wasn't granted by that address")
        }
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => format!("{origin}: no such host"),
        other => format!("{origin}: {}", format!("{other:?}").trim_start_matches("ErrorCode::")),
    }
}

impl From<Answer> for FetchAnswer {
    fn from(answer: Answer) -> Self {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in answer.headers {
            let joined = headers.entry(name).or_default();
            *joined = if joined.is_empty() { value } else { format!("{joined}, {value}") };
        }
        let (body, encoding) = text(answer.body, answer.truncated);
        Self { status: answer.status, headers, body, encoding, truncated: answer.truncated }
    }
}

/// Text where it is UTF-8, though cut within a character, else base64.
fn text(mut body: Vec<u8>, cut: bool) -> (String, Encoding) {
    let broken = std::str::from_utf8(&body).err().filter(|error| cut && error.error_len().is_none());
    if let Some(error) = broken {
        body.truncate(error.valid_up_to());
    }
    match String::from_utf8(body) {
        Ok(text) => (text, Encoding::Utf8),
        Err(error) => (BASE64_STANDARD.encode(error.as_bytes()), Encoding::Base64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_the_rest_is_base64() {
        assert_eq!(text(b"plain".to_vec(), false), ("plain".to_owned(), Encoding::Utf8));
        assert_eq!(text("zwö".as_bytes()[..3].to_vec(), true), ("zw".to_owned(), Encoding::Utf8));
        assert_eq!(text(vec![0xff, 0xfe], false), ("//4=".to_owned(), Encoding::Base64));
    }
}
