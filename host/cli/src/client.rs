//! The client of a host's API, over its socket or over HTTP.

use crate::failure::Failure;
use anyhow::{Context, anyhow};
use reqwest::{Method, RequestBuilder, Response, Url, header};
use serde::{Serialize, de::DeserializeOwned};
use skep_api::types::{Added, Approved, CallAnswer, Health, InstallRequest, Problem};
use skep_core::{DomainName, Fault};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a host may take to look something up or to note it.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Talks to one host, in one domain.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
    domain: DomainName,
    place: String,
}

impl Client {
    /// A host's Unix socket.
    pub(crate) fn unix(socket: &Path, domain: DomainName) -> Result<Self, Failure> {
        let http = builder().unix_socket(socket.to_owned()).build().context("the HTTP client")?;
        let base = Url::parse("http://localhost").context("the address of a socket")?;
        let place = format!("unix:{}", socket.display());
        Ok(Self { http, base, token: None, domain, place })
    }

    /// `unix:PATH` or `http://HOST:PORT`.
    pub(crate) fn at(url: &str, token: Option<String>, domain: DomainName) -> Result<Self, Failure> {
        if let Some(path) = url.strip_prefix("unix:") {
            return Self::unix(&PathBuf::from(path), domain);
        }
        let base = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base
            .ok_or_else(|| Failure::Usage(format!("--host `{url}` must be http://HOST:PORT or unix:PATH")))?;
        let http = builder().build().context("the HTTP client")?;
        Ok(Self { http, base, token, domain, place: url.to_owned() })
    }

    /// A request below `/v1` that is answered soon; each part of the path is escaped.
    pub(crate) fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Failure> {
        Ok(self.work(method, path)?.timeout(ANSWER_MAX))
    }

    /// A request for what takes as long as it takes, by limits of the host: a call, a compilation.
    pub(crate) fn work(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Failure> {
        self.below("v1", method, path, &[])
    }

    /// Talks MCP, in lines: `messages` go out, and the answer's body brings what the host says.
    pub(crate) async fn mcp(
        &self,
        profile: Option<String>,
        messages: reqwest::Body,
    ) -> Result<Response, Failure> {
        let query: Vec<_> = profile.map(|profile| ("profile", profile)).into_iter().collect();
        self.send(self.below("mcp", Method::POST, &["stdio"], &query)?.body(messages)).await
    }

    fn below(
        &self,
        root: &str,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<RequestBuilder, Failure> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().push(root).extend(path),
            Err(()) => return Err(Failure::Usage(format!("--host `{}` can't have a path", self.place))),
        };
        url.query_pairs_mut().append_pair("domain", self.domain.as_str()).extend_pairs(query);
        let request = self.http.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// Sends a request; a refusal becomes the fault that it tells.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let answer = self.answer(request).await?;
        answer.map_err(|problem| Fault::new(problem.code, problem.detail).into())
    }

    /// How the host stands, ready or not.
    pub(crate) async fn health(&self) -> Result<Health, Failure> {
        let mut url = self.base.clone();
        url.set_path("/readyz");
        let request = self.http.get(url).timeout(ANSWER_MAX);
        self.read(request.send().await.map_err(|error| self.unreachable(error))?).await
    }

    /// Calls a tool and waits for what comes of it.
    pub(crate) async fn call(
        &self,
        skill: &str,
        tool: &str,
        input: Vec<u8>,
    ) -> Result<Result<CallAnswer, Problem>, Failure> {
        let request = self.work(Method::POST, &["skills", skill, "tools", tool, "call"])?;
        let request = request.header(header::CONTENT_TYPE, "application/json").body(input);
        Ok(match self.answer(request).await? {
            Ok(response) => Ok(self.read(response).await?),
            Err(problem) => Err(problem),
        })
    }

    /// Installs a component, which is compiled first.
    pub(crate) async fn install(&self, request: &InstallRequest) -> Result<Added, Failure> {
        self.json(self.work(Method::POST, &["skills"])?.json(request)).await
    }

    /// Lets the version that waits serve.
    pub(crate) async fn approve(&self, skill: &str) -> Result<Approved, Failure> {
        self.json(self.work(Method::POST, &["skills", skill, "approve"])?).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Result<Response, Problem>, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Ok(response));
        }
        let body = response.bytes().await.map_err(|error| self.unreachable(error))?;
        let problem = serde_json::from_slice(&body)
            .map_err(|_| anyhow!("{} answered {status}, which is no answer of Skep", self.place))?;
        Ok(Err(problem))
    }

    pub(crate) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        self.read(self.send(request).await?).await
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        let body = response.bytes().await.map_err(|error| self.unreachable(error))?;
        let read = serde_json::from_slice(&body).with_context(|| format!("the answer of {}", self.place));
        read.map_err(Failure::Other)
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        self.get_within(ANSWER_MAX, path, query).await
    }

    /// Reads what the host may take so long over.
    pub(crate) async fn get_within<T: DeserializeOwned>(
        &self,
        within: Duration,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        self.json(self.below("v1", Method::GET, path, query)?.timeout(within)).await
    }

    /// Sends `body` and reads the answer.
    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.json(self.request(method, path)?.json(body)).await
    }

    pub(crate) fn unreachable(&self, error: reqwest::Error) -> Failure {
        let is_silent = error.is_timeout() && !error.is_connect();
        let what = if is_silent { "doesn't answer" } else { "can't be reached" };
        let error = anyhow::Error::from(error).context(format!("the host at {} {what}", self.place));
        Failure::Fault(Fault::unavailable(format!("{error:#}")))
    }
}

/// Calls may take as long as their own deadline, so only connecting has a limit here; requests have theirs.
fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder().connect_timeout(CONNECT_MAX).no_proxy()
}
