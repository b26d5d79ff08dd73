//! What jobs and calls do to the world: a small HTTP server counts each execution, outside the system, and tells
//! whoever makes it which one it is: each has a result of its own.

use crate::clock::now_ms;
use parking_lot::Mutex;
use skep_harness::read_request;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// Connections that are served at once; more wait to be taken.
const CONNECTIONS_MAX: usize = 1024;
/// How long it is waited when none can be taken, as without free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// How long an answer may be put off.
const DELAY_MAX: Duration = Duration::from_secs(60);
/// How much later than a request came it may be read here, in milliseconds.
const READ_MAX_MS: u64 = 500;
/// How long after its effect a call's result may be on its way to whoever asked, in milliseconds.
const TOLD_MAX_MS: u64 = 2_000;

/// One execution, as the world saw it.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// When it came.
    pub at: Instant,
    /// The same in Unix milliseconds, as hosts tell the time.
    pub at_ms: u64,
    /// When whoever made it went, answered or not; none if it is still there.
    pub over_ms: Option<u64>,
}

impl Effect {
    /// Whether whoever made it may have had it in hand then: its result was not told yet, or not for long.
    pub fn was_in_flight(&self, ms: u64) -> bool {
        let until = self.over_ms.map_or(u64::MAX, |over| over + TOLD_MAX_MS);
        (self.at_ms.saturating_sub(READ_MAX_MS)..=until).contains(&ms)
    }
}

type Seen = Arc<Mutex<HashMap<String, Vec<Effect>>>>;

/// The server; dropping it ends it.
pub struct Effects {
    seen: Seen,
    port: u16,
    server: AbortHandle,
}

impl Effects {
    /// Listens on a free loopback port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let seen = Seen::default();
        let server = tokio::spawn(serve(listener, seen.clone())).abort_handle();
        Ok(Self { seen, port, server })
    }

    /// What skills are granted.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the effect `id` is made, which takes so long.
    pub fn url(&self, id: &str, takes: Duration) -> String {
        format!("{}/{}/{id}", self.origin(), takes.as_millis())
    }

    /// All executions of `id`.
    pub fn of(&self, id: &str) -> Vec<Effect> {
        self.seen.lock().get(id).cloned().unwrap_or_default()
    }

    /// How many ids were executed at all.
    pub fn distinct(&self) -> usize {
        self.seen.lock().len()
    }

    /// All executions of each id.
    pub fn all(&self) -> HashMap<String, Vec<Effect>> {
        self.seen.lock().clone()
    }
}

impl Drop for Effects {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, seen: Seen) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let seen = seen.clone();
        tokio::spawn(async move {
            answer(stream, &seen).await;
            drop(place);
        });
    }
}

/// Answers one request after the other until the client goes.
async fn answer(mut stream: TcpStream, seen: &Seen) {
    while let Some(request) = read_request(&mut stream).await {
        let Some((id, delay)) = asked(&request) else { return };
        let number = note(seen, &id);
        let gone = tokio::select! {
            () = tokio::time::sleep(delay) => false,
            () = gone(&stream) => true,
        };
        if let Some(effect) = seen.lock().get_mut(&id).and_then(|all| all.get_mut(number - 1)) {
            effect.over_ms = Some(now_ms());
        }
        let body = result(&id, number);
        let said = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if gone || stream.write_all(said.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Of `POST /MILLISECONDS/ID HTTP/1.1`.
fn asked(request: &str) -> Option<(String, Duration)> {
    let mut path = request.split(' ').nth(1)?.trim_start_matches('/').splitn(2, '/');
    let delay = Duration::from_millis(path.next()?.parse().ok()?);
    Some((path.next()?.to_owned(), delay.min(DELAY_MAX)))
}

/// What execution `number` of `id`, from 1, is told.
fn result(id: &str, number: usize) -> String {
    format!("{id} {number}")
}

/// Which execution of `id` was told so.
pub fn number(id: &str, said: &str) -> Option<usize> {
    said.strip_prefix(id)?.strip_prefix(' ')?.parse().ok()
}

fn note(seen: &Seen, id: &str) -> usize {
    let mut seen = seen.lock();
    let effects = seen.entry(id.to_owned()).or_default();
    effects.push(Effect { at: Instant::now(), at_ms: now_ms(), over_ms: None });
    effects.len()
}

/// Returns when the client has closed the connection; it sends nothing before it is answered.
async fn gone(stream: &TcpStream) {
    let _ = stream.peek(&mut [0]).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_name_an_effect_and_its_time() {
        let asked = asked("POST /25/a-1 HTTP/1.1\r\n\r\n").expect("an effect");
        assert_eq!(asked, ("a-1".to_owned(), Duration::from_millis(25)));
        assert_eq!(super::asked("GET / HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn each_execution_has_a_result_of_its_own() {
        assert_eq!(number("a-1", &result("a-1", 2)), Some(2));
        for other in [result("a-11", 2), result("a", 2), "a-1".to_owned(), "a-1 done".to_owned()] {
            assert_eq!(number("a-1", &other), None, "{other}");
        }
    }

    #[test]
    fn effects_are_in_flight_until_their_results_were_told() {
        let at = |over_ms| Effect { at: Instant::now(), at_ms: 10_000, over_ms };
        let in_flight = |effect: Effect| [9_000, 9_500, 12_100, 12_101].map(|ms| effect.was_in_flight(ms));
        assert_eq!(in_flight(at(Some(10_100))), [false, true, true, false]);
        assert_eq!(in_flight(at(None)), [false, true, true, true]);
    }
}
