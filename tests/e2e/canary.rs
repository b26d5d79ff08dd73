//! A canary among the secrets: it does its work, and is then found nowhere but where it was sent.

use crate::client::{Answer, Client};
use crate::collector::Collector;
use crate::deployment::{Host, said, skep};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use skep_harness::{MariaDb, Redis, eventually};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What passes the same ways, and must be found: else the search looks at nothing.
const CONTROL: &str = "control-4c1d7a90-no-secret";
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that was seen, by where.
#[derive(Default)]
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn note(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.to_owned(), bytes.into()));
    }

    fn answer(&mut self, answer: Answer) -> Value {
        self.note("answers", answer.body.to_string());
        answer.body
    }

    /// All files below a directory.
    fn files(&mut self, place: &str, dir: &Path) {
        let files = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
        for file in files.filter(|entry| entry.file_type().is_file()) {
            self.note(place, std::fs::read(file.path()).unwrap());
        }
    }

    fn places_of(&self, text: &str) -> Vec<&str> {
        let mut places: Vec<_> =
            self.0.iter().filter(|(_, bytes)| find(bytes, text)).map(|(place, _)| &**place).collect();
        places.dedup();
        places
    }
}

fn find(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The canary as it is, in hex, and in base64 wherever it may stand in a longer text.
fn dresses(canary: &str) -> Vec<String> {
    let within = |before: &str| {
        let longer = format!("{before}{canary}");
        [BASE64_STANDARD.encode(&longer), BASE64_URL_SAFE_NO_PAD.encode(&longer)]
            .map(|text| text[4..text.len() - 4].to_owned())
    };
    let base64 = ["", "a", "ab"].into_iter().flat_map(within);
    [canary.to_owned(), hex::encode(canary), hex::encode_upper(canary)].into_iter().chain(base64).collect()
}

fn fresh_canary() -> String {
    format!("canary-{}-{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

/// A server that keeps what it was sent, and says it back.
struct Bank {
    origin: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Bank {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                kept.lock().unwrap().extend(told(stream));
            }
        });
        Self { origin, heard }
    }

    fn heard(&self, text: &str) -> bool {
        self.heard.lock().unwrap().iter().any(|request| request.contains(text))
    }
}

fn told(mut stream: TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !find(&bytes, "\r\n\r\n") {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
    }
    let request = String::from_utf8_lossy(&bytes).into_owned();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{request}", request.len());
    stream.write_all(answer.as_bytes()).ok()?;
    Some(request)
}

/// What `skep secret set KEY` printed, its value coming from standard input.
fn set_secret(host: &Host, value: &str) -> String {
    let mut command = skep();
    command.args(["secret", "set", "KEY", "--data"]).arg(&host.data);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
    said(&child.wait_with_output().unwrap())
}

/// Uses the secret well, badly, and in every way that could make somebody talk.
async fn use_secret(host: &Host, bank: &Bank, canary: &str, seen: &mut Seen) {
    let guest = skep_harness::guest("courier");
    let (net, secret) = (bank.origin.clone(), format!("KEY={}", bank.origin));
    let add = ["add", guest.to_str().unwrap(), "--name", "courier", "--net", &net, "--secret", &secret];
    seen.note("commands", said(&host.skep(&add)));
    seen.note("commands", said(&host.skep(&["config", "set", "courier", &format!("note={CONTROL}")])));
    for unfit in [format!("{canary} {canary}"), canary.repeat(300)] {
        let refused = set_secret(host, &unfit);
        assert!(refused.contains("a secret"), "{refused}");
        seen.note("commands", refused);
    }
    let set = set_secret(host, &format!("{canary}\n"));
    assert!(set.contains("KEY is set (version 1)"), "{set}");
    seen.note("commands", set);

    let client: Client = host.client();
    let send = async |url: &str, authorization: &str| {
        let headers = json!({ "authorization": authorization, "x-control": CONTROL });
        client.call("courier", "send", json!({ "url": url, "headers": headers })).await
    };
    let sent = seen.answer(send(&bank.origin, "Bearer {KEY}").await);
    assert_eq!(sent["output"]["status"], 200, "{sent}");
    assert!(bank.heard(&format!("Bearer {canary}")), "the canary arrives");
    seen.answer(send(&bank.origin, "Basic {ann:KEY}").await);
    assert!(bank.heard(&BASE64_STANDARD.encode(format!("ann:{canary}"))), "and as a password");
    for (url, authorization) in
        [("http://127.0.0.1:1", "{KEY}"), ("https://example.com", "{KEY}"), (&*bank.origin, "{NO}")]
    {
        seen.answer(send(url, authorization).await);
    }
    seen.answer(client.call("courier", "say", json!({ "text": "{KEY}" })).await);
    let put = |body: Value| client.send("PUT", "/v1/secrets/KEY", Some(body));
    seen.answer(put(json!({ "value": canary, "more": 1 })).await);
    seen.answer(put(json!({ "value": [canary] })).await);
    for path in ["/v1/secrets", "/v1/skills/courier", "/v1/skills/courier/grants", "/v1/audit"] {
        seen.answer(client.send("GET", path, None).await);
    }
    eventually(PATIENCE, async || {
        let audit = client.send("GET", "/v1/audit?action=secret_set", None).await.body;
        audit["records"][0]["detail"] == "KEY version 1"
    })
    .await;
}

#[track_caller]
fn nowhere(seen: &Seen, canary: &str, controls: &[&str]) {
    let found = seen.places_of(CONTROL);
    assert!(controls.iter().all(|place| found.contains(place)), "the search is blind: {found:?}");
    for dress in dresses(canary) {
        assert_eq!(seen.places_of(&dress), Vec::<&str>::new(), "{dress}");
    }
}

/// All commands that a Redis is given from now on.
fn overhear(redis: &Redis) -> Arc<Mutex<Vec<u8>>> {
    let address = redis.url().trim_start_matches("redis://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"MONITOR\r\n").unwrap();
    let overheard = Arc::<Mutex<Vec<u8>>>::default();
    let kept = Arc::clone(&overheard);
    std::thread::spawn(move || {
        let mut piece = vec![0; 64 << 10];
        while let Some(count) = stream.read(&mut piece).ok().filter(|count| *count > 0) {
            kept.lock().unwrap().extend_from_slice(&piece[..count]);
        }
    });
    overheard
}

/// Every column of every row of a database.
async fn rows(url: &str) -> Vec<u8> {
    let mut connection = mysql_async::Conn::from_url(url).await.unwrap();
    let tables: Vec<String> = connection.query("SHOW TABLES").await.unwrap();
    let mut all = Vec::new();
    for table in tables {
        let rows: Vec<mysql_async::Row> = connection.query(format!("SELECT * FROM {table}")).await.unwrap();
        for value in rows.into_iter().flat_map(mysql_async::Row::unwrap) {
            match value {
                mysql_async::Value::Bytes(bytes) => all.extend(bytes),
                other => all.extend(other.as_sql(true).into_bytes()),
            }
            all.push(b'\n');
        }
    }
    connection.disconnect().await.unwrap();
    all
}

#[tokio::test]
async fn in_a_fleet_a_secret_is_found_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let (redis, maria) = (Redis::start().unwrap(), MariaDb::start().unwrap());
    let overheard = overhear(&redis);
    let (bank, canary, mut seen) = (Bank::open(), fresh_canary(), Seen::default());
    let (key, collector) = (dir.path().join("key"), Collector::start());
    let shared = ["--redis", &redis.url(), "--mysql", &maria.url(), "--key-file", key.to_str().unwrap()];
    let flags = [&shared[..], &["--otlp", collector.url()]].concat();
    let host = Host::start_with(&dir.path().join("data"), &flags, &[("SKEP_LOG_FILTER", "debug")]);
    use_secret(&host, &bank, &canary, &mut seen).await;
    assert!(host.logged().contains("DEBUG"), "the log tells all it can");
    host.stop();
    seen.files("files", dir.path());
    seen.note("database", rows(&maria.url()).await);
    let traces = format!("{:?}", collector.all());
    // They name skills, but not even what is no secret of headers and configuration.
    assert!(traces.contains("courier") && !traces.contains(CONTROL), "{traces}");
    seen.note("traces", traces);
    seen.note("redis", overheard.lock().unwrap().clone());
    nowhere(&seen, &canary, &["answers", "database", "redis"]);
}

#[tokio::test]
async fn on_one_machine_a_secret_is_found_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let (bank, canary, mut seen) = (Bank::open(), fresh_canary(), Seen::default());
    let host = Host::start_with(&dir.path().join("data"), &[], &[("SKEP_LOG_FILTER", "debug")]);
    use_secret(&host, &bank, &canary, &mut seen).await;
    // The database file with its log, as it is in use.
    seen.files("files", dir.path());
    host.stop();
    seen.files("files", dir.path());
    nowhere(&seen, &canary, &["answers", "files"]);
}

#[tokio::test]
async fn another_key_file_opens_nothing_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (bank, mut seen, data) = (Bank::open(), Seen::default(), dir.path().join("data"));
    let host = Host::start(&data, &[]);
    use_secret(&host, &bank, &fresh_canary(), &mut seen).await;
    host.stop();
    std::fs::remove_file(data.join("key")).unwrap();
    let host = Host::start(&data, &[]);
    let errand = json!({ "url": bank.origin, "headers": { "authorization": "{KEY}" } });
    let answer = host.client().call("courier", "send", errand).await;
    let withheld = answer.output()["withheld"].as_str().unwrap_or_default();
    assert!(withheld.contains("another key file") && withheld.contains("skep secret set KEY"), "{answer:?}");
}
