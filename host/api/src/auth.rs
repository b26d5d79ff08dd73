//! Who may come in: by the kernel's word on the Unix socket; on TCP by the host's token, an API key, or a
//! token of an issuer that the host trusts.

mod class;
mod issuer;
mod jwks;
mod jwt;
mod keyring;
mod proof;
mod signature;
mod token;
mod web;

pub(crate) use class::{Class, Who, hold};
pub use issuer::{Issuer, KeyPlace, SigningAlgorithm};
pub(crate) use jwt::Issuers;
pub(crate) use keyring::Keyring;
pub(crate) use proof::Proof;
pub use token::{Token, TokenError};
pub(crate) use web::guard;

use crate::Api;
use crate::error::Refusal;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use skep_core::{Allowance, ApiKey, Fault, Identity, Principal};
use std::net::IpAddr;
use std::sync::Arc;

/// Largest credential that is looked at.
const BEARER_BYTES_MAX: usize = 8 << 10;

/// Who may come in by TCP.
#[derive(Debug, Clone)]
pub struct TcpAccess {
    /// What opens everything. Other requests bear a key of their own.
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
pub(crate) async fn admit(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let identity = Proof::of(&request)?.identity(&api).await?;
    request.extensions_mut().insert(identity);
    Ok(next.run(request).await)
}

fn entrance(request: &Request) -> Result<&Entrance, Refusal> {
    let entrance = request.extensions().get::<Entrance>();
    // `serve` notes it for each connection.
    entrance.ok_or_else(|| Fault::internal("a request came in without an entrance").into())
}

/// What stands behind `Bearer`; nothing where it is too large to be looked at.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, given) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let fits = scheme.eq_ignore_ascii_case("bearer") && given.len() <= BEARER_BYTES_MAX;
    fits.then(|| given.trim().to_owned())
}

/// Whom the host knows by what a request bears: its token, an API key, or a token of an issuer.
async fn known(api: &Api, access: &TcpAccess, given: Option<&str>) -> Result<Option<Identity>, Fault> {
    match given {
        Some(given) if access.token.matches(given) => {
            // Whoever bears it may be anywhere.
            let identity = Identity::operator(Principal::Operator("token".to_owned()));
            Ok(Some(Identity { allowance: Allowance::default(), ..identity }))
        }
        Some(given) if ApiKey::resembles(given) => api.keyring().identify(api.router(), given).await,
        Some(given) => api.issuers().identify(given).await,
        None => Ok(None),
    }
}

/// What is answered to whom the host doesn't know.
pub(crate) fn unknown() -> Refusal {
    // Which of all it was isn't told: not to those who guess.
    let way_out = "nobody is known by what this request bears: send the host's token, an API key (`skep key create`) \
        or a token of an issuer that the host trusts as `Authorization: Bearer …` (the command line: --token or \
        SKEP_TOKEN); keys and tokens may be expired or revoked";
    Refusal::new(StatusCode::UNAUTHORIZED, Fault::denied(way_out))
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
    fn users_are_found_by_number() {
        let accounts = "root:x:0:0::/root:/bin/sh\nbroken\nann:x:1000:1000::/:/bin/sh\n";
        assert_eq!(user_name(accounts, 1000).as_deref(), Some("ann"));
        assert_eq!(user_name(accounts, 7), None);
    }
}
