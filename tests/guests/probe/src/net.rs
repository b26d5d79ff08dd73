//! Reaching out, through the bindings themselves, so that the host's typed error is what is reported.

use std::net::SocketAddrV4;

use serde_json::{Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{refused, text, worked},
    wasi::{
        http::{
            outgoing_handler,
            types::{Fields, OutgoingRequest, Scheme},
        },
        sockets::{
            instance_network::instance_network,
            ip_name_lookup::resolve_addresses,
            network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress},
            tcp_create_socket::create_tcp_socket,
            udp_create_socket::create_udp_socket,
        },
    },
};

/// `{"ok": status}`, or `{"error": …}` with the `error-code` of wasi:http, as in `HttpRequestDenied`.
pub fn http(input: &Value) -> Result<Value, Error> {
    let request = request_for(text(input, "url")?)?;
    let status = outgoing_handler::handle(request, None).and_then(|response| {
        response.subscribe().block();
        let answer = response.get().and_then(Result::ok);
        answer.unwrap_or(Err(outgoing_handler::ErrorCode::InternalError(None))).map(|answer| answer.status())
    });
    Ok(status.map_or_else(|code| refused(format!("{code:?}").trim_start_matches("ErrorCode::")), worked))
}

fn request_for(url: &str) -> Result<OutgoingRequest, Error> {
    let bad = || Error::InvalidInput(format!("url: can't use {url}"));
    let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&scheme)).map_err(|()| bad())?;
    request.set_authority(Some(authority)).map_err(|()| bad())?;
    request.set_path_with_query(Some(path)).map_err(|()| bad())?;
    Ok(request)
}

/// `{"ok": address}`, or `{"error": …, "step": …}`: which step was refused and how, as in `access-denied`.
pub fn tcp(input: &Value) -> Result<Value, Error> {
    let address = text(input, "address")?;
    let parsed: SocketAddrV4 = address.parse().map_err(|e| Error::InvalidInput(format!("address: {e}")))?;
    let [a, b, c, d] = parsed.ip().octets();
    let remote = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: parsed.port(), address: (a, b, c, d) });
    let stopped = |step: &str, code: ErrorCode| json!({ "error": code.name(), "step": step });
    let socket = match create_tcp_socket(IpAddressFamily::Ipv4) {
        Ok(socket) => socket,
        Err(code) => return Ok(stopped("create", code)),
    };
    if let Err(code) = socket.start_connect(&instance_network(), remote) {
        return Ok(stopped("start-connect", code));
    }
    socket.subscribe().block();
    Ok(socket.finish_connect().map_or_else(|code| stopped("finish-connect", code), |_| worked(address)))
}

pub fn udp(_: &Value) -> Result<Value, Error> {
    let socket = create_udp_socket(IpAddressFamily::Ipv4);
    Ok(socket.map_or_else(|code| refused(code.name()), |_| worked(true)))
}

pub fn resolve(input: &Value) -> Result<Value, Error> {
    let stream = match resolve_addresses(&instance_network(), text(input, "name")?) {
        Ok(stream) => stream,
        Err(code) => return Ok(refused(code.name())),
    };
    stream.subscribe().block();
    let first = stream.resolve_next_address();
    Ok(first.map_or_else(|code| refused(code.name()), |found| worked(format!("{found:?}"))))
}
