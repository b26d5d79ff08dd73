//! Who may come in: by the kernel's word on the Unix socket, by a token on TCP.

mod class;
mod web;

pub(crate) use class::{Class, Who, hold};
pub(crate) use web::guard;

use crate::error::Refusal;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use skep_core::{Fault, Identity, Principal};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Fewest characters of a token.
const TOKEN_CHARS_MIN: usize = 32;

/// The secret that opens the TCP listener.
#[derive(Clone)]
pub struct Token(String);

/// A text that is too weak for a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the API token must have at least {TOKEN_CHARS_MIN} visible ASCII characters: make one with `openssl rand -hex 32`"
)]
pub struct TokenError;

impl Token {
    /// Takes at least 32 visible ASCII characters; that they are random is up to the operator.
    pub fn new(text: String) -> Result<Self, TokenError> {
        let strong = text.len() >= TOKEN_CHARS_MIN && text.bytes().all(|b| b.is_ascii_graphic());
        if strong { Ok(Self(text)) } else { Err(TokenError) }
    }

    fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Who may come in by TCP.
#[derive(Debug, Clone)]
pub struct TcpAccess {
    /// What every request must bear.
    pub token: Token,
    /// Names that a request may call this host by, besides `localhost` and the address it came to.
    /// Without this check a web page could reach the host under a name of its own (DNS rebinding).
    pub hosts: Vec<String>,
    /// Web origins that may send requests, as in `https://tools.example.com`. Others are refused.
    pub origins: Vec<String>,
}

/// Where a connection came in, and what that proves.
#[derive(Debug, Clone)]
pub(crate) enum Entrance {
    /// The Unix socket: the kernel says who it is.
    Unix(Principal),
    /// TCP, at this address: each request must prove itself.
    Tcp(Arc<TcpAccess>, IpAddr),
}

/// Lets in who is known, and notes the identity for what comes after.
pub(crate) async fn admit(mut request: Request, next: Next) -> Result<Response, Refusal> {
    let principal = match entrance(&request)? {
        Entrance::Unix(principal) => principal.clone(),
        Entrance::Tcp(access, _) => {
            token_given(request.headers(), &access.token)?;
            Principal::Operator("token".to_owned())
        }
    };
    request.extensions_mut().insert(Identity::operator(principal));
    Ok(next.run(request).await)
}

fn entrance(request: &Request) -> Result<&Entrance, Refusal> {
    let entrance = request.extensions().get::<Entrance>();
    // `serve` notes it for each connection.
    entrance.ok_or_else(|| Fault::internal("a request came in without an entrance").into())
}

fn token_given(headers: &HeaderMap, token: &Token) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(bearer);
    if given.is_some_and(|given| token.matches(given)) {
        return Ok(());
    }
    let way_out =
        "send the host's token as `Authorization: Bearer …` (the command line: --token or SKEP_TOKEN)";
    Err(Refusal::new(StatusCode::UNAUTHORIZED, Fault::denied(way_out)))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The principal of a local user: by name, or by number where the user has none here.
pub(crate) fn local_user(uid: u32) -> Principal {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Principal::Operator(user_name(&accounts, uid).unwrap_or_else(|| uid.to_string()))
}

fn user_name(accounts: &str, uid: u32) -> Option<String> {
    let named = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then_some(name)
    });
    named.filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_tokens_are_refused_and_strong_ones_compare_whole() {
        for weak in ["", "short", &"x".repeat(31), &"x y".repeat(20), &"ä".repeat(32)] {
            assert!(Token::new(weak.to_owned()).is_err(), "{weak}");
        }
        let token = Token::new("0123456789abcdef0123456789abcdef".into()).unwrap();
        assert!(token.matches("0123456789abcdef0123456789abcdef"));
        for wrong in ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdeg"] {
            assert!(!token.matches(wrong), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn users_are_found_by_number() {
        let accounts = "root:x:0:0::/root:/bin/sh\nbroken\nann:x:1000:1000::/:/bin/sh\n";
        assert_eq!(user_name(accounts, 1000).as_deref(), Some("ann"));
        assert_eq!(user_name(accounts, 7), None);
    }
}
