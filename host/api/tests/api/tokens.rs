//! Tokens of issuers: those that hold, and all the ways in which one may not.

use crate::ground::{Ground, PATIENCE};
use crate::mint::Mint;
use serde_json::{Map, Value, json};
use skep_api::Issuer;
use skep_core::UnixMs;
use std::net::TcpListener;
use std::sync::atomic::Ordering;

const ISSUER: &str = "https://id.example";

fn now() -> u64 {
    UnixMs::now().0 / 1000
}

/// Claims that hold, with some of them changed; null takes one away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({ "iss": ISSUER, "aud": "skep", "sub": "ann", "exp": now() + 300 });
    merge(&mut claims, changes);
    claims
}

fn merge(into: &mut Value, changes: Value) {
    let fields: &mut Map<_, _> = into.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    fields.retain(|_, value| !value.is_null());
}

/// A trusted issuer whose keys are in a file.
fn trusted(dir: &std::path::Path, name: &str, issuer: &str, keys: &[Value], more: Value) -> Issuer {
    let file = dir.join(format!("{name}.json"));
    std::fs::write(&file, json!({ "keys": keys }).to_string()).unwrap();
    let mut all = json!({ "name": name, "issuer": issuer, "audience": "skep", "jwks": file });
    merge(&mut all, more);
    serde_json::from_value(all).unwrap()
}

async fn status(ground: &Ground, token: &str) -> u16 {
    ground.as_bearer(token, "GET", "/v1/skills", None).await.status
}

#[tokio::test]
async fn tokens_of_each_algorithm_let_their_subject_in() {
    let dir = tempfile::tempdir().unwrap();
    let mints = [Mint::rsa(), Mint::ec(), Mint::ed()];
    let keys: Vec<_> = mints.iter().map(|mint| mint.jwk()).collect();
    let ground = Ground::trusting(vec![trusted(dir.path(), "corp", ISSUER, &keys, json!({}))]).await;
    for mint in &mints {
        let token = mint.token(json!({}), &claims(json!({ "aud": ["skep", "else"], "nbf": now() })));
        assert_eq!(status(&ground, &token).await, 200, "{}", mint.algorithm());
    }
    let token = mints[0].token(json!({}), &claims(json!({})));
    let call = ground.as_bearer(&token, "POST", "/v1/skills/nobody/tools/-/call", Some(json!({}))).await;
    call.refused(404, "unknown_skill", "nobody");
    skep_harness::eventually(PATIENCE, async || {
        let page = ground.get("/v1/audit?skill=nobody").await.ok();
        page["records"][0]["chain"] == json!(["agent:ann@corp"])
    })
    .await;
    // Its role is the one that the issuer has here, whatever it says.
    let claiming = mints[0].token(json!({}), &claims(json!({ "role": "operator" })));
    ground.as_bearer(&claiming, "GET", "/v1/keys", None).await.refused(403, "denied", "caller");
}

#[tokio::test]
async fn claims_that_do_not_hold_let_nobody_in() {
    let dir = tempfile::tempdir().unwrap();
    let mint = Mint::ed();
    let ground = Ground::trusting(vec![trusted(dir.path(), "corp", ISSUER, &[mint.jwk()], json!({}))]).await;
    let rows = [
        json!({ "exp": now() - 60 }),
        json!({ "exp": null }),
        json!({ "exp": "soon" }),
        json!({ "nbf": now() + 120 }),
        json!({ "nbf": "later" }),
        json!({ "aud": "else" }),
        json!({ "aud": ["else"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": null }),
        json!({ "iss": [ISSUER] }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "a\nb" }),
    ];
    for row in rows {
        assert_eq!(status(&ground, &mint.token(json!({}), &claims(row.clone()))).await, 401, "{row}");
    }
    let large = mint.token(json!({}), &claims(json!({ "pad": "x".repeat(8 << 10) })));
    assert_eq!(status(&ground, &large).await, 401, "{} bytes", large.len());
    assert_eq!(status(&ground, &mint.token(json!({}), &claims(json!({})))).await, 200);
}

#[tokio::test]
async fn signatures_that_do_not_hold_let_nobody_in() {
    let dir = tempfile::tempdir().unwrap();
    let (rsa, ec, other) = (Mint::rsa(), Mint::ec(), Mint::ed());
    let evil = Mint::ed();
    let issuers = vec![
        trusted(dir.path(), "corp", ISSUER, &[rsa.jwk(), ec.jwk()], json!({})),
        trusted(dir.path(), "other", "https://other.example", &[other.jwk()], json!({})),
        trusted(
            dir.path(),
            "strict",
            "https://strict.example",
            &[ec.jwk()],
            json!({ "algorithms": ["RS256"] }),
        ),
    ];
    let ground = Ground::trusting(issuers).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let lure = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let good = rsa.token(json!({}), &claims(json!({})));
    let unsigned = good.rsplit_once('.').unwrap().0;
    let (corp, strict) = (claims(json!({})), claims(json!({ "iss": "https://strict.example" })));
    let none = |alg: &str| Mint::unsigned(&json!({ "alg": alg, "typ": "JWT" }), &corp);
    let mut rows = vec![
        ("the signature is stripped", format!("{unsigned}.")),
        ("there is no signature", unsigned.to_owned()),
        (
            "of another's token",
            format!("{unsigned}.{}", other.token(json!({}), &corp).rsplit('.').next().unwrap()),
        ),
        ("none", none("none")),
        ("NONE", none("NONE")),
        ("an algorithm that isn't", none("RS255")),
        ("a key of another issuer", other.token(json!({}), &corp)),
        ("a key of nobody", evil.token(json!({}), &corp)),
        ("a known key's name", evil.token(json!({ "kid": rsa.id() }), &corp)),
        ("no key named, of two", rsa.token(json!({ "kid": null }), &corp)),
        ("the algorithm of another kind of key", rsa.token(json!({ "alg": "ES256" }), &corp)),
        ("a stronger hash than is taken", rsa.token(json!({ "alg": "RS512" }), &corp)),
        ("an algorithm that its issuer doesn't use", ec.token(json!({}), &strict)),
        ("extensions", rsa.token(json!({ "crit": ["b64"], "b64": false }), &corp)),
        ("a key that it brings along", evil.token(json!({ "jwk": evil.jwk() }), &corp)),
        ("a brought key under a known name", evil.token(json!({ "jwk": evil.jwk(), "kid": ec.id() }), &corp)),
        ("an address of keys", evil.token(json!({ "jku": lure }), &corp)),
        ("an address of certificates", evil.token(json!({ "x5u": lure, "kid": rsa.id() }), &corp)),
    ];
    // Key confusion: the public key, in all its spellings, as the secret of a MAC.
    for (at, secret) in rsa.public_spellings().iter().enumerate() {
        for (alg, kid) in [("HS256", rsa.id()), ("HS512", rsa.id())] {
            let header = json!({ "alg": alg, "typ": "JWT", "kid": kid });
            rows.push((["n", "der", "pem", "jwk"][at], Mint::mac(&header, &corp, secret)));
        }
    }
    for (what, token) in rows {
        assert_eq!(status(&ground, &token).await, 401, "{what}: {token}");
    }
    for token in
        [good, ec.token(json!({}), &corp), rsa.token(json!({ "jwk": evil.jwk(), "jku": lure }), &corp)]
    {
        assert_eq!(status(&ground, &token).await, 200, "{token}");
    }
    let came = listener.accept();
    assert_eq!(came.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "no address of a token is asked");
}

#[tokio::test]
async fn keys_are_fetched_seldom_and_their_absence_lets_nobody_in() {
    let mint = Mint::ec();
    let (address, served) = mint.publish().await;
    let issuer = |name: &str, issuer: &str, jwks: String| {
        let all = json!({ "name": name, "issuer": issuer, "audience": "skep", "jwks": jwks });
        serde_json::from_value::<Issuer>(all).unwrap()
    };
    // A port that nothing listens on any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let issuers = vec![
        issuer("corp", ISSUER, format!("http://{address}/keys")),
        issuer("away", "https://away.example", format!("http://{gone}/keys")),
    ];
    let ground = Ground::trusting(issuers).await;
    let begun = std::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(status(&ground, &mint.token(json!({}), &claims(json!({})))).await, 200);
    }
    assert_eq!(served.load(Ordering::SeqCst), 1);
    for kid in 0..20 {
        let unknown = mint.token(json!({ "kid": format!("unknown-{kid}") }), &claims(json!({})));
        assert_eq!(status(&ground, &unknown).await, 401);
    }
    // However many unknown keys are named, the issuer is asked once in a while.
    let looks = served.load(Ordering::SeqCst) as u64;
    assert!(looks <= 2 + begun.elapsed().as_secs() / 10, "{looks} fetches");
    let away = mint.token(json!({}), &claims(json!({ "iss": "https://away.example" })));
    let answer = ground.as_bearer(&away, "GET", "/v1/skills", None).await;
    answer.refused(503, "unavailable", "issuer");
}
