//! The TCP listener: who can reach it, whether what is said there is in clear, and under which names.

use super::finding::Finding;
use super::ground::Ground;
use skep_api::TcpAccess;
use std::net::SocketAddr;

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let Ok(settings) = &ground.settings else { return Vec::new() };
    let Some((at, TcpAccess { hosts, .. })) = &settings.tcp else {
        return vec![Finding::ok("the Unix socket alone")];
    };
    let token = ground.place.token.is_none().then(|| {
        Finding::information("SKEP_TOKEN isn't set here; a host needs it to listen, and who calls it as well")
    });
    exposure(*at, hosts).into_iter().chain(token).collect()
}

fn exposure(at: SocketAddr, hosts: &[String]) -> Vec<Finding> {
    if at.ip().is_loopback() {
        return vec![Finding::ok(format!("{at} is reached from this machine alone"))];
    }
    let mut findings = vec![Finding::warning(
        format!("{at} is reached from other machines, and what is said there, tokens too, is in clear"),
        "listen on 127.0.0.1, behind a proxy that speaks TLS",
    )];
    if hosts.is_empty() {
        findings.push(Finding::warning(
            "`hosts` is empty: what calls this host by a name is refused",
            "hosts = [\"skep.example.com\"], with each name that it is called by",
        ));
    }
    findings
}
