//! Rules of the network: one spelling each, and a rule covers what it says and nothing else.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use proptest::prelude::*;
use skep_core::{Host, NetRule, Origin, Scheme};

fn host() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a.b.c", "x.a.b.c", "b.c", "c", "zb.c", "1.2.3.4", "[::1]", "localhost"])
}

fn pattern() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["*", "*.b.c", "*.c", "*.a.b.c", "b.c", "a.b.c", "1.2.3.4", "[::1]"])
}

fn port() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", ":80", ":443", ":8080"])
}

fn origin() -> impl Strategy<Value = Origin> {
    let scheme = prop::sample::select(vec![Scheme::Http, Scheme::Https]);
    (scheme, host(), port()).prop_map(|(s, host, port)| Origin::new(s, &format!("{host}{port}")).unwrap())
}

fn rule() -> impl Strategy<Value = NetRule> {
    let port = prop_oneof![port(), Just(":*")];
    ("https?", pattern(), port).prop_map(|(s, host, port)| format!("{s}://{host}{port}").parse().unwrap())
}

proptest! {
    #[test]
    fn what_two_rules_have_in_common_is_what_both_cover(a in rule(), b in rule(), origin in origin()) {
        let both = a.meet(&b).is_some_and(|rule| rule.covers(&origin));
        prop_assert_eq!(both, a.covers(&origin) && b.covers(&origin));
        prop_assert_eq!(a.meet(&b), b.meet(&a));
        prop_assert!(!a.within(&b) || !a.covers(&origin) || b.covers(&origin));
    }

    #[test]
    fn the_text_of_a_rule_is_the_rule(rule in rule(), origin in origin()) {
        prop_assert_eq!(&rule.to_string().parse::<NetRule>().unwrap(), &rule);
        let exact = NetRule::from(&origin);
        prop_assert!(exact.covers(&origin) && exact.to_string() == origin.to_string());
        prop_assert_eq!(rule.covers(&origin), exact.within(&rule));
    }

    #[test]
    fn no_text_is_read_as_an_address_that_it_does_not_spell(text in "[0-9a-fx.:\\[\\]%@]{1,20}") {
        if let Ok(Origin { host: Host::Ip(address), .. }) = Origin::new(Scheme::Http, &text) {
            let spelled = Host::Ip(address).to_string();
            let same = text == spelled || text.starts_with(&format!("{spelled}:")) || text.starts_with('[');
            prop_assert!(same, "{} was read as {}", text, spelled);
        }
    }
}

#[test]
fn rules_have_one_form() {
    let check = |text: &str, canonical: &str| {
        assert_eq!(text.parse::<NetRule>().unwrap().to_string(), canonical, "{text}");
    };
    check("https://api.example.com", "https://api.example.com");
    check("HTTPS://API.Example.COM.:443", "https://api.example.com");
    check("http://localhost:80", "http://localhost");
    check("http://localhost:443", "http://localhost:443");
    check("https://*.Example.com:8443", "https://*.example.com:8443");
    check("https://*", "https://*");
    check("http://*:*", "http://*:*");
    check("http://127.0.0.1:8080", "http://127.0.0.1:8080");
    check("https://[0:0:0:0:0:0:0:1]", "https://[::1]");
    check("https://xn--bcher-kva.example", "https://xn--bcher-kva.example");
}

#[test]
fn what_is_no_rule_says_why() {
    let check = |text: &str, says: &str| {
        let error = text.parse::<NetRule>().unwrap_err().to_string();
        assert!(error.contains(says) && error.contains(text), "{error}");
    };
    check("", "no scheme");
    check("example.com", "no scheme");
    check("ftp://example.com", "http or https");
    check("https://", "no host");
    check("https://example.com/", "nothing but a host");
    check("https://example.com?x", "nothing but a host");
    check("https://user@example.com", "nothing but a host");
    check("https://example.com:0", "1 to 65535");
    check("https://example.com:+80", "1 to 65535");
    check("https://example.com:65536", "1 to 65535");
    check("https://a*.example.com", "stands alone");
    check("https://*.127.0.0.1", "in full");
    check("https://b\u{fc}cher.example", "ASCII form");
    check("https://[fe80::1%eth0]", "no IPv6 address");
    check("https://::1", "1 to 65535");
    check("https://a..b", "no name");
    check("https://-a.example", "no name");
    for number in ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "a.0x1", "1.2.3.4.5"] {
        check(&format!("http://{number}"), "in full");
    }
}
