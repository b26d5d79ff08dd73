//! What the tests stand on: a host of one's own behind both listeners, and plain clients.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use skep_api::{Api, Credentials, Entry, EventTimes, Issuer, TcpAccess, Token, serve};
use skep_bus::{BusLimits, MemoryBus};
use skep_core::{BreakerRules, DomainName, Limits, Ratio};
use skep_registry::{Registry, RegistrySettings};
use skep_router::{JobBounds, JobSettings, Parts, Quotas, Router, RouterSettings};
use skep_sandbox::{CompileLimits, Compiler, NetworkSettings, Sandbox, SandboxSettings};
use skep_store::{Store, StoreUrl};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// How long anything here may take at most, on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One host.
pub(crate) struct Ground {
    pub(crate) dir: TempDir,
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: Vec<JoinHandle<()>>,
    client: reqwest::Client,
    tcp: reqwest::Client,
}

/// A status and the body: JSON, or the text that is none.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        Self { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }

    /// Fails unless this is the refusal that is expected, and its words hold `says`.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str, says: &str) {
        let message = self.body["detail"].as_str().unwrap_or_default();
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert!(message.contains(says), "expected `{says}` in: {message}");
    }
}

async fn router(dir: &TempDir, store: Store) -> Router {
    let ceiling = Limits::ceiling();
    let sandbox = Sandbox::new(SandboxSettings {
        slots: 8,
        sessions: 4,
        compiler: Compiler::InProcess,
        cache_dir: dir.path().join("cache"),
        cache_key: [1; 32],
        ceiling: ceiling.clone(),
        compile: CompileLimits::default(),
        network: NetworkSettings::default(),
    });
    let sandbox = sandbox.unwrap();
    let rules = RegistrySettings { ceiling: ceiling.clone(), forbidden_roots: vec![dir.path().join("data")] };
    let registry = Registry::new(store.clone(), sandbox.clone(), rules);
    let bus = Arc::new(MemoryBus::open(vec![DomainName::default()], BusLimits::default()));
    let drain = Duration::from_secs(5);
    let settings = RouterSettings {
        breaker: BreakerRules::default(),
        slots: 4,
        waiting_max: 64,
        traced: Ratio::NONE,
        quotas: Quotas::default(),
        jobs: JobSettings { runs: true, bounds: JobBounds::default() },
        audit_key: [2; 32],
        secrets_key: [3; 32],
        drain,
    };
    Router::start(Parts { bus, registry, sandbox, store }, ceiling, settings)
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self::trusting(Vec::new()).await
    }

    /// A host that trusts these issuers of tokens.
    pub(crate) async fn trusting(issuers: Vec<Issuer>) -> Self {
        Self::with(issuers, EventTimes::default()).await
    }

    /// A host that waits otherwise for those who listen to events.
    pub(crate) async fn with_times(times: EventTimes) -> Self {
        Self::with(Vec::new(), times).await
    }

    async fn with(issuers: Vec<Issuer>, times: EventTimes) -> Self {
        let credentials = Credentials { keys_key: [3; 32], issuers };
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        let store = Store::open(&StoreUrl::Sqlite(dir.path().join("data/skep.db"))).await.unwrap();
        let router = router(&dir, store.clone()).await;
        let api = Api::new(router.clone(), credentials).with_event_times(times);
        let socket = dir.path().join("skep.sock");
        let unix = Entry::Unix(UnixListener::bind(&socket).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let access = TcpAccess {
            token: Token::new(TOKEN.into()).unwrap(),
            hosts: vec!["skep.example".into()],
            origins: vec!["https://tools.example".into()],
        };
        let shutdown = CancellationToken::new();
        let entries = [unix, Entry::Tcp(listener, Arc::new(access))];
        let serving = entries.map(|entry| tokio::spawn(serve(api.clone(), entry, shutdown.clone()))).into();
        let client = reqwest::Client::builder().unix_socket(socket).timeout(PATIENCE).build().unwrap();
        let tcp = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { dir, router, store, address, shutdown, serving, client, tcp }
    }

    /// A request over TCP, by who bears this.
    pub(crate) async fn as_bearer(
        &self,
        bearer: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.tcp.request(method.parse().unwrap(), url);
        if !bearer.is_empty() {
            request = request.bearer_auth(bearer);
        }
        Answer::of(body.iter().fold(request, |request, body| request.json(body)).send().await.unwrap()).await
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("skep.sock")
    }

    /// A request over the Unix socket.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("http://skep{path}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path).send().await.unwrap()).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        Answer::of(self.request(method, path).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn call(&self, skill: &str, tool: &str, input: Value) -> Answer {
        self.send("POST", &format!("/v1/skills/{skill}/tools/{tool}/call"), input).await
    }

    /// Installs a fixture guest under its own name.
    pub(crate) async fn install(&self, guest: &str) -> Value {
        let body = json!({ "component": component(guest), "name": guest });
        self.send("POST", "/v1/skills", body).await.ok()
    }
}

/// A fixture guest, as it stands in an install.
pub(crate) fn component(guest: &str) -> String {
    STANDARD.encode(std::fs::read(skep_harness::guest(guest)).unwrap())
}

/// A manifest of the skill `demo`.
pub(crate) fn manifest(version: &str, more: &str) -> String {
    format!(
        "[skill]\nname = \"demo\"\nversion = \"{version}\"\ndescription = \"A demo\"\n\
         component = \"demo.wasm\"\ncapabilities = [\"demo.show\"]\n{more}"
    )
}
