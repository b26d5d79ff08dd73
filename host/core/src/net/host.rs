//! A host as it is written in a rule or a request. One spelling each: what is odd is no host.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name of a host, in bytes.
const NAME_BYTES_MAX: usize = 253;
/// Longest part of it between two dots.
const LABEL_BYTES_MAX: usize = 63;

/// A host: a name in lower case, without the dot at its end, or an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name in its ASCII form.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

impl Host {
    /// Reads a host; if it isn't one, says why. Only `127.0.0.1` and `[::1]` are addresses: resolvers take
    /// `127.1`, `0x7f000001` or `2130706433` for one too, so such names are refused.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let address: Ipv6Addr = inner.parse().map_err(|_| "what is in brackets is no IPv6 address")?;
            return Ok(Self::Ip(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Ip(address.into()));
        }
        name(text).map(Self::Name)
    }
}

fn name(text: &str) -> Result<String, &'static str> {
    if !text.is_ascii() {
        return Err("a host is written in its ASCII form, as in `xn--bcher-kva.example`");
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.split('.').all(is_label) {
        return Err("the host is no name, no IPv4 address and no IPv6 address in brackets");
    }
    if name.rsplit('.').next().is_some_and(is_number) {
        return Err("an address is written in full, as in `127.0.0.1` or `[::1]`");
    }
    Ok(name)
}

fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A name whose last label is a number is taken for an address by some resolver.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(hex) => hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => label.bytes().all(|b| b.is_ascii_digit()),
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// The hosts that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// `*`: every host.
    Any,
    /// `*.example.com`: every name below `example.com`, at any depth, but not itself.
    Below(String),
    /// One host.
    Is(Host),
}

impl HostPattern {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Any);
        }
        match text.strip_prefix("*.") {
            Some(suffix) => name(suffix).map(Self::Below),
            None if text.contains('*') => Err("`*` stands alone or in front, as in `*.example.com`"),
            None => Host::parse(text).map(Self::Is),
        }
    }

    /// Whether `host` is one of them.
    pub fn covers(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Below(suffix), Host::Name(name)) => is_below(name, suffix),
            (Self::Below(_), Host::Ip(_)) => false,
            (Self::Is(own), host) => own == host,
        }
    }

    /// The hosts that both speak of.
    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        if self.includes(other) {
            return Some(other.clone());
        }
        other.includes(self).then(|| self.clone())
    }

    fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::Any) => false,
            (Self::Below(own), Self::Below(other)) => own == other || is_below(other, own),
            (_, Self::Below(_)) => false,
            (_, Self::Is(host)) => self.covers(host),
        }
    }
}

fn is_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Below(suffix) => write!(f, "*.{suffix}"),
            Self::Is(host) => write!(f, "{host}"),
        }
    }
}
