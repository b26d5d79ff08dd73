//! Addresses that must not be reached, however they are written, though every place is granted.

use super::place::Place;
use super::scene::{Names, Scene};
use serde_json::json;

/// What a guest may have at most.
const EVERYTHING: &[&str] = &["http://*:*", "https://*:*"];

/// Spellings of places that aren't public. Of names, the resolver says that they are 127.0.0.1.
const SPELLINGS: &[&str] = &[
    // Loopback, in every notation that some resolver reads.
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "127.000.000.001",
    "0177.0.0.1",
    "0177.0.0.01",
    "00000177.0.0.1",
    "017700000001",
    "2130706433",
    "02130706433",
    "0x7f000001",
    "0X7F000001",
    "0x7f.0x0.0x0.0x1",
    "0x7f.1",
    "0x7f.0.0.1",
    "127.0.0x1",
    "127.0.0.1.",
    "127.0.0.1..",
    "127..0.1",
    "127.0.0.1.0",
    "0",
    "0.0.0.0",
    "0.0.0.1",
    "00.00.00.00",
    "0x0",
    "0.1",
    "3232235777",
    "0xc0a80101",
    // IPv6, and IPv4 inside of it.
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:127.0.0.1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[2001::80ff:fffe]",
    "[::1%25lo]",
    "[::1%lo]",
    "[fe80::1%25eth0]",
    "::1",
    // Private, link-local, metadata, and other ranges that are not the network's.
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "169.254.1.1",
    "2852039166",
    "0xa9fea9fe",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[4000::1]",
    // Names, and what only looks like another host.
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "loopback.example",
    "LoopBack.Example.",
    "127.0.0.1.example",
    "xn--1-zp0a.example",
    "metadata.google.internal",
    "public.example@127.0.0.1",
    "public.example:80@127.0.0.1",
    "127.0.0.1%00.example",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127。0。0。1",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127.0.0.1\\@public.example",
    "127.0.0.1#.example",
    "127.0.0.1?.example",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1\t",
    "[127.0.0.1]",
    "[::1].example",
    "[localhost]",
    "127.0.0.1:80",
    "",
];

#[tokio::test]
async fn no_spelling_of_a_forbidden_address_is_connected_to() {
    let place = Place::open().await;
    let scene = Scene::with(Names::all("127.0.0.1"), Vec::new()).await;
    assert!(SPELLINGS.len() >= 60);
    for (spelling, scheme) in SPELLINGS.iter().flat_map(|spelling| [(spelling, "http"), (spelling, "https")])
    {
        let url = format!("{scheme}://{spelling}:{}/", place.port);
        let report = scene.run(EVERYTHING, "fetch", json!({ "url": url }), &crate::kit::limits()).await;
        // Some are no authority at all: then the guest itself can't write them down.
        let refused = match &report.outcome {
            Ok(output) => output.value().unwrap()["error"].is_string(),
            Err(fault) => fault.message.contains("can't use"),
        };
        assert!(refused, "{url}: {:?}", report.outcome);
        assert_eq!(place.came(), 0, "{url} was connected to");
    }
    let control = format!("http://127.0.0.1:{}", place.port);
    assert_eq!(scene.get(&[&control], &control).await["status"], 200);
    assert_eq!(place.came(), 1, "the place counts");
}

#[tokio::test]
async fn one_bad_address_spoils_all_and_a_name_is_asked_once() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    let url = format!("http://fickle.example:{}/", place.port);
    // 3ffe::/16 was given back: public by its number, and nobody is there.
    for mixed in [&["3ffe::1", "127.0.0.1"][..], &["127.0.0.1", "3ffe::1"], &["3ffe::1", "::ffff:10.0.0.1"]] {
        scene.names.set("fickle.example", &[mixed]);
        assert_eq!(scene.get(EVERYTHING, &url).await["error"], "DestinationIpProhibited", "{mixed:?}");
    }
    scene.names.set("fickle.example", &[&["3ffe::1"], &["127.0.0.1"]]);
    let before = scene.names.asked();
    assert!(scene.get(EVERYTHING, &url).await["error"].is_string());
    assert_eq!(scene.names.asked(), before + 1, "the name was asked again between check and connection");
    assert_eq!(scene.get(EVERYTHING, &url).await["error"], "DestinationIpProhibited");
    scene.names.set("fickle.example", &[&[]]);
    assert_eq!(scene.get(EVERYTHING, &url).await["error"], "DestinationNotFound");
    assert_eq!(place.came(), 0);
}
