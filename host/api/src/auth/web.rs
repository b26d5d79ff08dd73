//! What a web page may have sent: refused by the name it came under and by the page's origin.

use super::{Entrance, TcpAccess, entrance};
use crate::error::Refusal;
use axum::extract::Request;
use axum::http::{HeaderMap, header, uri::Authority};
use axum::middleware::Next;
use axum::response::Response;
use skep_core::Fault;
use std::net::IpAddr;

/// Refuses what a web page may have sent, before anything else is looked at.
pub(crate) async fn guard(request: Request, next: Next) -> Result<Response, Refusal> {
    if let Entrance::Tcp(access, local) = entrance(&request)? {
        let authority = request.uri().authority();
        host_allowed(request.headers(), authority, access, *local)?;
        origin_allowed(request.headers(), access)?;
    }
    Ok(next.run(request).await)
}

fn host_allowed(
    headers: &HeaderMap,
    authority: Option<&Authority>,
    access: &TcpAccess,
    local: IpAddr,
) -> Result<(), Refusal> {
    let mut named = headers.get_all(header::HOST).iter().map(|v| v.to_str().ok()?.parse().ok());
    let (first, second) = (named.next().flatten(), named.next());
    let ok = |authority: &Authority| {
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        let own = name.parse::<IpAddr>().is_ok_and(|ip| ip == local);
        own || name.eq_ignore_ascii_case("localhost")
            || access.hosts.iter().any(|h| h.eq_ignore_ascii_case(name))
    };
    if second.is_none() && first.as_ref().is_some_and(ok) && authority.is_none_or(ok) {
        return Ok(());
    }
    let name = first.as_ref().map_or("none or several", Authority::as_str);
    Err(Fault::denied(format!("this host isn't called `{name}`: allow the name in its configuration")).into())
}

fn origin_allowed(headers: &HeaderMap, access: &TcpAccess) -> Result<(), Refusal> {
    for origin in headers.get_all(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or("of no readable name");
        if !access.origins.iter().any(|o| o.eq_ignore_ascii_case(origin)) {
            let why = format!(
                "web pages of origin `{origin}` may not call this host: allow it in its configuration"
            );
            return Err(Fault::denied(why).into());
        }
    }
    Ok(())
}
