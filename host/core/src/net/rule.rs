//! A rule of the network, and the origins that it covers.

use super::{Host, HostPattern};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, str::FromStr};

/// A rule or an origin that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no place on the network: {why}; write SCHEME://HOST[:PORT], as in `https://api.example.com`"
)]
pub struct NetError {
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// How a host is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The scheme of a URL.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What a request goes to: a scheme, one host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// How.
    pub scheme: Scheme,
    /// To whom.
    pub host: Host,
    /// To which port.
    pub port: u16,
}

impl Origin {
    /// Reads `HOST[:PORT]`. User info, spellings of addresses that only some read, and whatever else
    /// could be read in two ways is refused.
    pub fn new(scheme: Scheme, authority: &str) -> Result<Self, NetError> {
        let error = |why| NetError { text: format!("{}://{authority}", scheme.as_str()), why };
        let (host, port) = split(authority).map_err(error)?;
        let port = port.map_or(Ok(scheme.port()), port_parse).map_err(error)?;
        Ok(Self { scheme, host: Host::parse(host).map_err(error)?, port })
    }

    /// Its host, and its port unless it is the scheme's: what a request calls `Host`.
    pub fn authority(&self) -> String {
        match self.port {
            port if port == self.scheme.port() => self.host.to_string(),
            port => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.scheme, &self.host, Some(self.port))
    }
}

/// What may be reached: `https://api.example.com`, `https://*.example.com:8443`, `http://127.0.0.1:8080`.
/// Without a port it is the scheme's; `*` stands for every host or every port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NetRule {
    scheme: Scheme,
    host: HostPattern,
    /// Every port if absent.
    port: Option<u16>,
}

impl NetRule {
    /// How it may be reached.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Who may be reached.
    pub fn host(&self) -> &HostPattern {
        &self.host
    }

    /// Whether a request may go to `origin`. Where its name leads to is another question.
    pub fn covers(&self, origin: &Origin) -> bool {
        self.scheme == origin.scheme && self.takes(origin.port) && self.host.covers(&origin.host)
    }

    /// Whether it means this very address, which may then be one that isn't public: by the address, or
    /// by `localhost`.
    pub fn names(&self, origin: &Origin, address: IpAddr) -> bool {
        let HostPattern::Is(host) = &self.host else { return false };
        let named = match host {
            Host::Ip(own) => *own == address,
            Host::Name(name) => name == "localhost" && *host == origin.host && address.is_loopback(),
        };
        named && self.scheme == origin.scheme && self.takes(origin.port)
    }

    /// The rule that covers what both cover.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let port = match (self.port, other.port) {
            (None, port) | (port, None) => port,
            (port, other) if port == other => port,
            _ => return None,
        };
        let host = self.host.meet(&other.host).filter(|_| self.scheme == other.scheme)?;
        Some(Self { scheme: self.scheme, host, port })
    }

    /// Whether `other` covers all that this covers.
    pub fn within(&self, other: &Self) -> bool {
        self.meet(other).as_ref() == Some(self)
    }

    fn takes(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for NetRule {
    type Err = NetError;
    fn from_str(text: &str) -> Result<Self, NetError> {
        let error = |why| NetError { text: text.to_owned(), why };
        let (scheme, authority) = text.split_once("://").ok_or_else(|| error("it names no scheme"))?;
        let scheme = Scheme::parse(scheme).ok_or_else(|| error("the scheme is http or https"))?;
        if authority.contains(['/', '?', '#', '\\', '@']) {
            return Err(error("it has nothing but a host and a port"));
        }
        let (host, port) = split(authority).map_err(error)?;
        let port = match port {
            Some("*") => None,
            Some(port) => Some(port_parse(port).map_err(error)?),
            None => Some(scheme.port()),
        };
        Ok(Self { scheme, host: HostPattern::parse(host).map_err(error)?, port })
    }
}

impl TryFrom<String> for NetRule {
    type Error = NetError;
    fn try_from(text: String) -> Result<Self, NetError> {
        text.parse()
    }
}

impl From<NetRule> for String {
    fn from(rule: NetRule) -> String {
        rule.to_string()
    }
}

impl From<&Origin> for NetRule {
    fn from(origin: &Origin) -> Self {
        let host = HostPattern::Is(origin.host.clone());
        Self { scheme: origin.scheme, host, port: Some(origin.port) }
    }
}

impl fmt::Display for NetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.scheme, &self.host, self.port)
    }
}

fn write(
    f: &mut fmt::Formatter<'_>,
    scheme: Scheme,
    host: &dyn fmt::Display,
    port: Option<u16>,
) -> fmt::Result {
    write!(f, "{}://{host}", scheme.as_str())?;
    match port {
        None => f.write_str(":*"),
        Some(port) if port == scheme.port() => Ok(()),
        Some(port) => write!(f, ":{port}"),
    }
}

/// The host and what is behind its colon. The colons of an IPv6 address are in brackets.
fn split(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    let end = authority.find(']').map_or(0, |at| at + 1);
    match authority[end..].split_once(':') {
        Some((rest, port)) => Ok((&authority[..end + rest.len()], Some(port))),
        None if authority.is_empty() => Err("it names no host"),
        None => Ok((authority, None)),
    }
}

fn port_parse(text: &str) -> Result<u16, &'static str> {
    let plain = text.starts_with(|c: char| matches!(c, '1'..='9'));
    let port = text.parse().ok().filter(|_| plain);
    port.ok_or("the port is a number from 1 to 65535")
}
