//! A client of one host's Unix socket, which waits for no answer longer than it is told.

use reqwest::Method;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Connections to one host that rest.
const IDLE_MAX: usize = 64;

/// Talks to one host.
#[derive(Clone)]
pub struct Rest(reqwest::Client);

/// What a host said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, if it is JSON.
    pub body: Value,
}

impl Answer {
    /// Whether it is a success.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The fault's stable code.
    pub fn code(&self) -> Option<&str> {
        self.body["code"].as_str()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// None came in time.
    Late,
    /// The host is gone, or went.
    Gone(String),
}

/// What is asked.
pub struct Ask<'a> {
    method: Method,
    path: &'a str,
    headers: Vec<(&'static str, String)>,
    body: Option<&'a Value>,
}

impl<'a> Ask<'a> {
    /// Reads what is at `path`.
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, headers: Vec::new(), body: None }
    }

    /// Posts to `path`.
    pub fn post(path: &'a str) -> Self {
        Self { method: Method::POST, ..Self::get(path) }
    }

    /// With this body.
    pub fn body(self, body: &'a Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Rest {
    /// A client of the host that listens on `socket`.
    pub fn new(socket: &Path) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().unix_socket(socket).pool_max_idle_per_host(IDLE_MAX);
        Ok(Self(client.build()?))
    }

    /// Asks, and waits so long for the whole answer.
    pub async fn ask(&self, ask: Ask<'_>, wait: Duration) -> Result<Answer, Silence> {
        match tokio::time::timeout(wait, self.answer(ask)).await {
            Ok(answer) => answer.map_err(|error| Silence::Gone(format!("{error:?}"))),
            Err(_) => Err(Silence::Late),
        }
    }

    async fn answer(&self, ask: Ask<'_>) -> Result<Answer, reqwest::Error> {
        let mut request = self.0.request(ask.method, format!("http://skep{}", ask.path));
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        if let Some(body) = ask.body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }
}
