//! MCP as clients that no one here wrote see it: the public client for Python, and the public conformance suite.

mod clients;
mod conformance;
mod entrance;
mod tasks;

use crate::deployment::Deployment;
use serde_json::Value;
use std::path::{Path, PathBuf};

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A host that listens on TCP, and where.
pub struct Served {
    pub deployment: Deployment,
    pub address: String,
}

impl Served {
    /// With what stands in `configuration` besides; the host's own address is an allowed web origin.
    pub fn with(configuration: &str) -> Self {
        let address = format!("127.0.0.1:{}", skep_harness::free_port());
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("skep.toml");
        let text = format!("listen = \"{address}\"\norigins = [\"http://{address}\"]\n{configuration}");
        std::fs::write(&file, text).expect("a configuration");
        let flags = ["--token", TOKEN, "--config", file.to_str().expect("a path")];
        Self { deployment: Deployment::embedded_with(&flags), address }
    }

    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// How many calls hold a slot.
    pub async fn calls_running(&self) -> usize {
        let request =
            reqwest::Client::new().get(format!("http://{}/metrics", self.address)).bearer_auth(TOKEN);
        let text = request.send().await.expect("an answer").text().await.expect("metrics");
        let value = text.lines().find_map(|line| line.strip_prefix("skep_calls_running "));
        value.and_then(|value| value.parse::<f64>().ok()).expect("a number of calls") as usize
    }

    /// Sends a message to `/mcp` as `who` knows it, with `headers` besides; gives the answer with its status.
    pub async fn post(&self, query: &str, headers: &[(&str, &str)], message: &Value) -> reqwest::Response {
        let mut request = reqwest::Client::new()
            .post(format!("{}{query}", self.url()))
            .header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.json(message).send().await.expect("an answer")
    }
}

/// Where tests/setup.sh put what others wrote.
pub fn installed(path: &str) -> PathBuf {
    let place = skep_harness::repository().join("target/mcp").join(path);
    assert!(place.exists(), "{} is missing: run tests/setup.sh clients", place.display());
    place
}

/// A folder with the skill that `manifest` makes of the fixture `mcp`.
pub fn skill_of_fixture(into: &Path, manifest: &str) -> PathBuf {
    let folder = into.join(format!("{manifest}-skill"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let source = skep_harness::repository().join("tests/guests/mcp").join(manifest).join("skill.toml");
    std::fs::copy(source, folder.join("skill.toml")).expect("a manifest");
    std::fs::copy(skep_harness::guest("mcp"), folder.join("mcp.wasm")).expect("a component");
    folder
}
