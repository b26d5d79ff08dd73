//! Events over the WebSocket: to each what is theirs, to nobody more than they take.

use crate::ground::{Ground, PATIENCE, TOKEN};
use crate::keys::make;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use skep_api::EventTimes;
use skep_router::{LISTENERS_MAX, PATTERNS_MAX};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Somebody who listens.
pub(crate) struct Client(WebSocketStream<Box<dyn Stream>>);

impl Client {
    /// The local user, an operator.
    async fn local(ground: &Ground) -> Self {
        let stream: Box<dyn Stream> = Box::new(UnixStream::connect(ground.socket()).await.unwrap());
        Self(client_async("ws://skep/v1/events", stream).await.unwrap().0)
    }

    /// Somebody who came by TCP with these headers; or the status of the refusal.
    async fn tcp(ground: &Ground, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}/v1/events", ground.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream: Box<dyn Stream> = Box::new(TcpStream::connect(ground.address).await.unwrap());
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(refused)) => Err(refused.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn bearing(ground: &Ground, bearer: &str) -> Self {
        Self::tcp(ground, &[("authorization", &format!("Bearer {bearer}"))]).await.unwrap()
    }

    pub(crate) async fn say(&mut self, word: Value) {
        self.0.send(Message::text(word.to_string())).await.unwrap();
    }

    /// The next word, past pings; the code of the close frame at the end.
    pub(crate) async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap().unwrap() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => return Err(frame.unwrap().code.into()),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn wants(mut self, patterns: &[&str]) -> Self {
        self.say(json!({ "subscribe": patterns })).await;
        assert_eq!(self.next().await.unwrap(), json!({ "subscribed": patterns }));
        self
    }

    /// Reads to the end; gives the last word and the code.
    async fn end(&mut self) -> (Value, u16) {
        let mut last = Value::Null;
        loop {
            match self.next().await {
                Ok(word) => last = word,
                Err(code) => return (last, code),
            }
        }
    }

    /// Fails unless the connection is closed so, with a word before that says why.
    async fn closed_with(&mut self, code: u16) {
        let (last, closed) = self.end().await;
        assert_eq!((closed, &last["closing"]["code"]), (code, &json!(code)), "{last}");
        assert!(!last["closing"]["reason"].as_str().unwrap().is_empty());
    }
}

fn kind_and<'a>(event: &'a Value, field: &str) -> (&'a str, &'a Value) {
    (event["topic"].as_str().unwrap_or_else(|| panic!("no event: {event}")), &event[field])
}

#[tokio::test]
async fn a_skill_that_is_left_alone_is_told_of() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let mut client = Client::local(&ground).await.wants(&["main.probe.skill"]).await;
    for _ in 0..10 {
        ground.call("probe", "panic", json!({})).await;
    }
    assert_eq!(client.next().await.unwrap()["change"], "tripped");
    ground.send("POST", "/v1/skills/probe/breaker/reset", json!({})).await.ok();
    assert_eq!(client.next().await.unwrap()["change"], "recovered");
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    let ground = Ground::new().await;
    let mut client = Client::local(&ground).await.wants(&["main.*.*"]).await;
    ground.install("probe").await;
    assert_eq!(kind_and(&client.next().await.unwrap(), "change"), ("main.probe.skill", &json!("published")));
    let grant = json!({ "env": { "A": "secret" } });
    ground.send("POST", "/v1/skills/probe/grants", grant).await.ok();
    let granted = client.next().await.unwrap();
    assert_eq!(kind_and(&granted, "grants"), ("main.probe.grant", &json!("--env A")));
    assert!(!granted.to_string().contains("secret"));

    let input = json!({ "level": "warn", "context": "deep", "message": "hello", "times": 1 });
    let called = ground.call("probe", "say", input).await.ok();
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(client.next().await.unwrap());
        assert_eq!(told.last().unwrap()["call"], called["id"]);
    }
    let said = told.iter().position(|event| event["kind"] == "log").unwrap();
    let line = told.remove(said);
    assert_eq!(
        (&line["text"], &line["source"], &line["level"]),
        (&json!("hello"), &json!("deep"), &json!("warn"))
    );
    let stages: Vec<_> = told.iter().map(|event| event["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["accepted", "started", "ended"]);
    assert!(told[2]["code"].is_null() && told[2]["duration_us"].is_u64(), "{}", told[2]);

    client.say(json!({ "unsubscribe": ["main.*.*"] })).await;
    assert_eq!(client.next().await.unwrap(), json!({ "subscribed": [] }));
    let mut client = client.wants(&["main.probe.progress", "*.*.skill"]).await;
    ground.call("probe", "progress", json!({ "steps": 2 })).await.ok();
    assert_eq!(kind_and(&client.next().await.unwrap(), "total"), ("main.probe.progress", &json!(2)));
    ground.send("DELETE", "/v1/skills/probe", json!({})).await.ok();
    loop {
        let event = client.next().await.unwrap();
        if event["kind"] == "skill" {
            assert_eq!(kind_and(&event, "change"), ("main.probe.skill", &json!("removed")));
            break;
        }
    }
}

#[tokio::test]
async fn each_hears_what_is_theirs_and_not_that_there_is_more() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    ground.install("echo-typed").await;
    let (own, _) = make(&ground, json!({ "skills": ["versioned"] })).await;
    let (other, _) = make(&ground, json!({ "skills": ["versioned"] })).await;
    let (auditor, _) = make(&ground, json!({ "role": "auditor", "skills": ["versioned"] })).await;
    let mut caller = Client::bearing(&ground, &own).await.wants(&["*.*.*"]).await;
    let mut audit = Client::bearing(&ground, &auditor).await.wants(&["*.*.*", "main.echo-typed.*"]).await;
    let call = async |key: &str| {
        let path = "/v1/skills/versioned/tools/-/call";
        ground.as_bearer(key, "POST", path, Some(json!({}))).await.ok()
    };
    ground.call("echo-typed", "greet", json!({ "name": "Ann" })).await.ok();
    ground.send("POST", "/v1/skills/echo-typed/grants", json!({ "env": { "A": "b" } })).await.ok();
    ground.send("DELETE", "/v1/skills/echo-typed", json!({})).await.ok();
    let foreign = call(&other).await;
    let mine = call(&own).await;
    for (client, calls) in [(&mut caller, vec![&mine]), (&mut audit, vec![&foreign, &mine])] {
        for called in calls {
            for stage in ["accepted", "started", "ended"] {
                let event = client.next().await.unwrap();
                assert_eq!(kind_and(&event, "stage"), ("main.versioned.call", &json!(stage)), "{event}");
                assert_eq!(event["call"], called["id"]);
            }
        }
    }
    ground.send("DELETE", "/v1/skills/versioned", json!({})).await.ok();
    for client in [&mut caller, &mut audit] {
        assert_eq!(kind_and(&client.next().await.unwrap(), "change").1, &json!("removed"));
    }
}

#[tokio::test]
async fn who_comes_says_who_it_is_by_header_or_first_frame() {
    let ground = Ground::new().await;
    assert_eq!(Client::tcp(&ground, &[("authorization", "Bearer wrong")]).await.err(), Some(401));
    for origin in ["https://evil.example", "null"] {
        let headers = [("origin", origin), ("authorization", &format!("Bearer {TOKEN}"))];
        assert_eq!(Client::tcp(&ground, &headers).await.err(), Some(403), "{origin}");
        assert_eq!(Client::tcp(&ground, &headers[..1]).await.err(), Some(403), "{origin}");
    }
    let page = [("origin", "https://tools.example")];
    let mut client = Client::tcp(&ground, &page).await.unwrap();
    client.say(json!({ "authenticate": TOKEN })).await;
    let mut client = client.wants(&["*.*.*"]).await;
    client.say(json!({ "authenticate": TOKEN })).await;
    assert_eq!(client.next().await.unwrap()["problem"]["code"], "conflict");
    for first in
        [json!({ "authenticate": "wrong" }), json!({ "subscribe": ["*.*.*"] }), json!("x".repeat(9000))]
    {
        let mut client = Client::tcp(&ground, &page).await.unwrap();
        client.say(first).await;
        client.closed_with(4001).await;
    }
    let plain = ground.get("/v1/events").await;
    plain.refused(426, "invalid_input", "WebSocket");
}

#[tokio::test]
async fn who_says_nothing_or_answers_nothing_is_let_go() {
    let brief = Duration::from_secs(1);
    let times = EventTimes {
        first_frame: brief,
        ping_every: Duration::from_millis(100),
        silence: brief,
        ..EventTimes::default()
    };
    let ground = Ground::with_times(times).await;
    Client::tcp(&ground, &[]).await.unwrap().closed_with(4001).await;
    // Who reads answers pings, and stays.
    let mut there = Client::bearing(&ground, TOKEN).await.wants(&["main.*.skill"]).await;
    assert!(timeout(brief * 3, there.next()).await.is_err(), "something came to who was there");
    let (_, told) = tokio::join!(ground.install("versioned"), there.next());
    assert_eq!(told.unwrap()["change"], "published");
    // Who doesn't is gone.
    let mut away = Client::bearing(&ground, TOKEN).await.wants(&["main.*.skill"]).await;
    tokio::time::sleep(brief * 3).await;
    away.closed_with(4003).await;
}

#[tokio::test]
async fn a_key_that_is_revoked_hears_no_more() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    let (key, id) = make(&ground, json!({ "role": "auditor" })).await;
    let mut client = Client::bearing(&ground, &key).await.wants(&["*.*.*"]).await;
    ground.send("DELETE", &format!("/v1/keys/{id}"), json!({})).await.ok();
    client.closed_with(4002).await;
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_with_a_reason_while_calls_and_others_go_on() {
    const SLOW: usize = 100;
    let ground = Ground::new().await;
    ground.install("probe").await;
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(Client::local(&ground).await.wants(&["*.*.*"]).await);
    }
    let mut quick = Client::local(&ground).await.wants(&["*.*.call"]).await;
    let input = json!({ "level": "info", "context": "flood", "message": "x".repeat(8000), "times": 7 });
    // Far more than what a socket and a queue hold.
    for _ in 0..60 {
        let called = ground.call("probe", "say", input.clone()).await.ok();
        for _ in 0..3 {
            assert_eq!(quick.next().await.unwrap()["call"], called["id"]);
        }
    }
    for client in &mut slow {
        client.closed_with(4000).await;
    }
    // Their places are free again.
    Client::local(&ground).await.wants(&["*.*.*"]).await;
}

#[tokio::test]
async fn connections_patterns_and_frames_have_bounds() {
    let ground = Ground::new().await;
    let mut client = Client::local(&ground).await;
    for wrong in ["{", "7", "{\"shout\":1}", "{\"subscribe\":[\"main.*\"]}", "{\"subscribe\":\"*.*.*\"}"] {
        client.0.send(Message::text(wrong)).await.unwrap();
        assert_eq!(client.next().await.unwrap()["problem"]["code"], "invalid_input", "{wrong}");
    }
    client.0.send(Message::binary(&b"x"[..])).await.unwrap();
    assert_eq!(client.next().await.unwrap()["problem"]["code"], "invalid_input");
    client.say(json!({ "ping": [1, "a"] })).await;
    assert_eq!(client.next().await.unwrap(), json!({ "pong": [1, "a"] }));
    let patterns: Vec<_> = (0..=PATTERNS_MAX).map(|n| format!("main.skill-{n}.*")).collect();
    client.say(json!({ "subscribe": patterns })).await;
    let refused = client.next().await.unwrap();
    assert!(refused["problem"]["detail"].as_str().unwrap().contains("64"), "{refused}");
    let most: Vec<_> = patterns[..PATTERNS_MAX].iter().map(String::as_str).collect();
    let mut client = client.wants(&most).await;
    client.say(json!({ "ping": "x".repeat(17 << 10) })).await;
    client.closed_with(1009).await;
    drop(client);

    let mut all = Vec::new();
    for _ in 0..LISTENERS_MAX {
        all.push(Client::bearing(&ground, TOKEN).await);
    }
    let headers = [("authorization", &*format!("Bearer {TOKEN}"))];
    assert_eq!(Client::tcp(&ground, &headers).await.err(), Some(429));
    drop(all.pop());
    skep_harness::eventually(PATIENCE, async || Client::tcp(&ground, &headers).await.is_ok()).await;
}

#[tokio::test]
async fn a_host_that_stops_says_so() {
    let mut ground = Ground::new().await;
    let mut client = Client::local(&ground).await.wants(&["*.*.*"]).await;
    let mut nobody = Client::tcp(&ground, &[]).await.unwrap();
    ground.shutdown.cancel();
    client.closed_with(1001).await;
    nobody.closed_with(1001).await;
    drop((client, nobody));
    for serving in std::mem::take(&mut ground.serving) {
        timeout(PATIENCE, serving).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn those_who_audit_everything_learn_how_the_host_stands() {
    let ground = Ground::new().await;
    let (part, _) = make(&ground, json!({ "role": "auditor" })).await;
    let mut client = Client::local(&ground).await.wants(&["-.-.health", "main.*.skill"]).await;
    let mut bounded = Client::bearing(&ground, &part).await.wants(&["*.*.health", "main.*.skill"]).await;
    let stands = client.next().await.unwrap();
    assert_eq!(kind_and(&stands, "ready"), ("-.-.health", &json!(true)));
    ground.install("versioned").await;
    for client in [&mut client, &mut bounded] {
        assert_eq!(kind_and(&client.next().await.unwrap(), "change").1, &json!("published"));
    }
    ground.router.drain().await;
    let stops = client.next().await.unwrap();
    assert_eq!(kind_and(&stops, "ready"), ("-.-.health", &json!(false)), "{stops}");
}
