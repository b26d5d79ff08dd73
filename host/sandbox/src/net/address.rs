//! Addresses that lead to the machine, its network, or nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses: its first, how many bits they share, and what it is.
type Range<T> = (T, u32, &'static str);

const fn v4(a: u8, b: u8, c: u8, bits: u32, what: &'static str) -> Range<Ipv4Addr> {
    (Ipv4Addr::new(a, b, c, 0), bits, what)
}

const fn v6(a: u16, b: u16, c: u16, bits: u32, what: &'static str) -> Range<Ipv6Addr> {
    (Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits, what)
}

/// What isn't public in IPv4.
const V4: &[Range<Ipv4Addr>] = &[
    v4(0, 0, 0, 8, "this machine"),
    v4(10, 0, 0, 8, "private"),
    v4(100, 64, 0, 10, "shared by a provider"),
    v4(127, 0, 0, 8, "loopback"),
    v4(169, 254, 0, 16, "link-local or metadata"),
    v4(172, 16, 0, 12, "private"),
    v4(192, 0, 0, 24, "reserved"),
    v4(192, 0, 2, 24, "for documentation"),
    v4(192, 88, 99, 24, "a tunnel"),
    v4(192, 168, 0, 16, "private"),
    v4(198, 18, 0, 15, "for benchmarks"),
    v4(198, 51, 100, 24, "for documentation"),
    v4(203, 0, 113, 24, "for documentation"),
    v4(224, 0, 0, 4, "multicast"),
    v4(240, 0, 0, 4, "reserved"),
];

/// What isn't public within 2000::/3, the only part of IPv6 that is.
const V6: &[Range<Ipv6Addr>] = &[
    v6(0x2001, 0, 0, 23, "a tunnel or reserved"),
    v6(0x2001, 0xdb8, 0, 32, "for documentation"),
    v6(0x2002, 0, 0, 16, "a tunnel"),
    v6(0x3fff, 0, 0, 20, "for documentation"),
];

/// Ranges whose last 32 bits are an IPv4 address that they lead to.
const V4_WITHIN: &[Ipv6Addr] =
    &[Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0)];

/// Why `address` isn't public, if it isn't.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => v4_not_public(address),
        IpAddr::V6(address) => v6_not_public(address),
    }
}

fn v4_not_public(address: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(address);
    let found = V4.iter().find(|(first, shared, _)| (bits ^ u32::from(*first)) >> (32 - shared) == 0);
    found.map(|(_, _, what)| *what)
}

fn v6_not_public(address: Ipv6Addr) -> Option<&'static str> {
    let bits = u128::from(address);
    if V4_WITHIN.iter().any(|first| (bits ^ u128::from(*first)) >> 32 == 0) {
        let [.., a, b, c, d] = address.octets();
        return v4_not_public(Ipv4Addr::new(a, b, c, d));
    }
    if bits >> 125 != 1 {
        return Some(if address.is_loopback() { "loopback" } else { "private or reserved" });
    }
    let found = V6.iter().find(|(first, shared, _)| (bits ^ u128::from(*first)) >> (128 - shared) == 0);
    found.map(|(_, _, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(addresses: &[&str], public: bool) {
        for address in addresses {
            assert_eq!(not_public(address.parse().unwrap()).is_none(), public, "{address}");
        }
    }

    #[test]
    fn what_is_public() {
        check(&["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1"], true);
        check(&["192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "11.0.0.0"], true);
        check(&["2606:4700::1111", "2001:4860:4860::8888", "2a00::1", "3ffe::1"], true);
        check(&["::ffff:1.1.1.1", "64:ff9b::1.1.1.1"], true);
    }

    #[test]
    fn what_is_not() {
        check(&["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1"], false);
        check(&["127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1"], false);
        check(&["192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255"], false);
        check(&["198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"], false);
        check(&["255.255.255.255", "::", "::1", "::127.0.0.1", "::1.1.1.1", "::ffff:127.0.0.1"], false);
        check(
            &["::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1.1.1.1", "2002:7f00:1::1"],
            false,
        );
        check(&["2002:101:101::1", "2001::1", "2001:2::1", "2001:10::1", "2001:1ff::1"], false);
        check(&["2001:db8::1", "3fff:fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1"], false);
        check(&["ff02::1", "100::1", "4000::1", "::ffff:0:127.0.0.1"], false);
    }
}
