//! A plain HTTP client of a host's Unix socket, as any program would write one.

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Talks to one host.
#[derive(Clone)]
pub struct Client(reqwest::Client);

/// A status and the JSON body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The tool's result; fails with the fault if there is none.
    #[track_caller]
    pub fn output(&self) -> &Value {
        assert_eq!(self.status, 200, "expected a result: {}", self.body);
        &self.body["output"]
    }

    /// The fault's code; fails with the result if there is none.
    #[track_caller]
    pub fn fault(&self) -> &str {
        assert_ne!(self.status, 200, "expected a fault: {}", self.body);
        self.body["code"].as_str().expect("a code")
    }

    /// The fault's words.
    pub fn message(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    /// The answer, once it is known to be a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }
}

impl Client {
    pub fn new(socket: &Path) -> Self {
        let client = reqwest::Client::builder().unix_socket(socket).timeout(Duration::from_secs(120));
        Self(client.build().expect("a client"))
    }

    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        self.try_send_with(method, path, body, &[]).await
    }

    async fn try_send_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, reqwest::Error> {
        let method = method.parse().expect("a method");
        let mut request = self.0.request(method, format!("http://skep{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.expect("an answer")
    }

    pub async fn send_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.try_send_with(method, path, body, headers).await.expect("an answer")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn call(&self, skill: &str, tool: &str, input: Value) -> Answer {
        self.send("POST", &format!("/v1/skills/{skill}/tools/{tool}/call"), Some(input)).await
    }

    /// Calls and reads the answer line by line: progress as it comes, then the result.
    pub async fn stream(&self, skill: &str, tool: &str, input: Value) -> Lines {
        let url = format!("http://skep/v1/skills/{skill}/tools/{tool}/call");
        let request = self.0.post(url).header("accept", "application/x-ndjson").json(&input);
        Lines { response: request.send().await.expect("an answer"), read: Vec::new() }
    }

    pub async fn revoke(&self, skill: &str, guest: &str) -> Answer {
        self.send("DELETE", &format!("/v1/skills/{skill}/grants"), Some(json!({ "files": [guest] }))).await
    }
}

/// An answer that is read line by line.
pub struct Lines {
    response: reqwest::Response,
    read: Vec<u8>,
}

impl Lines {
    /// The next line, until there are no more.
    pub async fn line(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.read.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("a JSON line"));
            }
            let chunk = self.response.chunk().await.expect("a chunk")?;
            self.read.extend_from_slice(&chunk);
        }
    }
}
