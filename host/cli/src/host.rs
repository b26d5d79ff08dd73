//! The wiring: from settings to a running host, and its end.

use crate::failure::Failure;
use crate::home::own_places;
use crate::keys::{Key, key_path};
use crate::settings::{Settings, Shared};
use anyhow::{Context, anyhow};
use skep_api::{Api, Credentials, Entry, McpSettings, serve};
use skep_bus::{Bus, BusLimits, MemoryBus, RedisBus, RedisSettings};
use skep_core::{DomainName, Limits, UnixMs};
use skep_registry::{Registry, RegistrySettings};
use skep_router::{Parts, Router, RouterSettings};
use skep_sandbox::{CompileLimits, Compiler, NetworkSettings, Sandbox, SandboxSettings};
use skep_store::{DomainRow, Store, StoreError, StoreUrl};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Callers that wait at once on one host.
const WAITING_MAX: usize = 65_536;
/// How long a stopping host waits for clients to read their answers.
const ANSWERS_MAX: Duration = Duration::from_secs(5);
/// How long a stopping host waits for the calls it has.
const DRAIN: Duration = Duration::from_secs(30);

/// A host that runs in this process.
pub(crate) struct Host {
    pub(crate) router: Router,
    store: Store,
    api: Api,
    shutdown: CancellationToken,
    listeners: TaskTracker,
}

impl Host {
    /// Opens the store and the bus and starts to serve what the bus brings.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, Failure> {
        let key_path = key_path(settings.key_file.as_deref(), &settings.home)?;
        let key = Key::load(&key_path)?;
        let ceiling = Limits::ceiling();
        let store = Store::open(&store_url(settings)?).await.context("the database")?;
        let domains = domains(&store, &settings.domains).await.context("the domains")?;
        let bus = open_bus(settings, domains, &key).await?;
        let sandbox = sandbox(settings.instances(), settings.sessions, settings.home.artefacts(), &key)?;
        let forbidden_roots = forbidden(settings, key_path);
        let registry_settings = RegistrySettings { ceiling: ceiling.clone(), forbidden_roots };
        let registry = Registry::new(store.clone(), sandbox.clone(), registry_settings);
        registry.revisions().refresh().await?;
        let router_settings = RouterSettings {
            slots: settings.slots as usize,
            waiting_max: WAITING_MAX,
            quotas: settings.quotas.clone(),
            breaker: settings.breaker,
            traced: settings.traced,
            jobs: settings.jobs.clone(),
            audit_key: key.derive("audit"),
            secrets_key: key.derive("secrets"),
            drain: DRAIN,
        };
        let parts = Parts { bus, registry, sandbox, store: store.clone() };
        let router = Router::start(parts, ceiling, router_settings);
        let credentials = Credentials { keys_key: key.derive("api-keys"), issuers: settings.issuers.clone() };
        let mcp = McpSettings { state_key: key.derive("mcp"), profiles: settings.profiles.clone() };
        let api = Api::new(router.clone(), credentials).with_mcp(mcp);
        Ok(Self { router, store, api, shutdown: CancellationToken::new(), listeners: TaskTracker::new() })
    }

    /// Answers on a Unix socket that only this user can reach. The caller holds the lock, so what
    /// lies at `path` is left over from a host that ended.
    pub(crate) fn listen_unix(&self, path: &Path) -> Result<(), Failure> {
        let what = || format!("socket {}", path.display());
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(anyhow::Error::from(error).context(what()).into());
            }
            _ => {}
        }
        let listener = UnixListener::bind(path).with_context(what)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).with_context(what)?;
        self.listen(Entry::Unix(listener));
        Ok(())
    }

    /// Answers on TCP; gives the address, with the port that was found where 0 was asked for.
    pub(crate) async fn listen_tcp(
        &self,
        settings: &Settings,
    ) -> Result<Option<std::net::SocketAddr>, Failure> {
        let Some((at, access)) = &settings.tcp else { return Ok(None) };
        let listener = TcpListener::bind(at).await.with_context(|| format!("listening on {at}"))?;
        let at = listener.local_addr().context("the listener's address")?;
        self.listen(Entry::Tcp(listener, Arc::new(access.clone())));
        Ok(Some(at))
    }

    fn listen(&self, entry: Entry) {
        self.listeners.spawn(serve(self.api.clone(), entry, self.shutdown.clone()));
    }

    /// Finishes what is under way, then closes everything.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.router.drain().await;
        self.api.close();
        self.listeners.close();
        // Whoever doesn't read an answer by now doesn't want it.
        let _ = tokio::time::timeout(ANSWERS_MAX, self.listeners.wait()).await;
        self.store.close().await;
    }
}

/// Where the store is.
pub(crate) fn store_url(settings: &Settings) -> Result<StoreUrl, Failure> {
    let Some(Shared { mysql, .. }) = &settings.shared else {
        return Ok(StoreUrl::Sqlite(settings.home.database()));
    };
    mysql.parse().map_err(|error| Failure::Usage(format!("--mysql: {error}")))
}

/// All domains there are. Those that are configured are opened where they are missing.
async fn domains(store: &Store, configured: &[DomainName]) -> Result<Vec<DomainName>, StoreError> {
    let rows = store.domain_list().await?;
    let mut names: BTreeSet<_> = rows.into_iter().map(|row| row.name).collect();
    for name in configured {
        if !names.insert(name.clone()) {
            continue;
        }
        let (created, created_by) = (UnixMs::now(), "operator:configuration".to_owned());
        match store.domain_create(&DomainRow { name: name.clone(), created, created_by }).await {
            // Another host with the same configuration may have been faster.
            Ok(_) | Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names.into_iter().collect())
}

async fn open_bus(settings: &Settings, domains: Vec<DomainName>, key: &Key) -> Result<Arc<dyn Bus>, Failure> {
    let limits = BusLimits::default();
    let Some(Shared { redis, .. }) = &settings.shared else {
        return Ok(Arc::new(MemoryBus::open(domains, limits)));
    };
    let redis = RedisSettings { url: redis.clone(), domains, mac_key: key.derive("bus"), limits };
    let bus = RedisBus::open(redis).await.context("the message bus at --redis")?;
    Ok(Arc::new(bus))
}

/// A sandbox whose compiler is this very program, in a process of its own.
pub(crate) fn sandbox(slots: u32, sessions: u32, cache_dir: PathBuf, key: &Key) -> Result<Sandbox, Failure> {
    let this = std::env::current_exe().context("the path of this program")?;
    let compiler = Compiler::Process(vec![this.into_os_string(), OsString::from("compile")]);
    let cache_key = key.derive("artefacts");
    let (ceiling, compile) = (Limits::ceiling(), CompileLimits::default());
    let network = NetworkSettings::default();
    let settings =
        SandboxSettings { slots, sessions, compiler, cache_dir, cache_key, ceiling, compile, network };
    Sandbox::new(settings).map_err(|error| anyhow!(error).into())
}

/// What no grant may reach.
fn forbidden(settings: &Settings, key: PathBuf) -> Vec<PathBuf> {
    let named = [Some(key), settings.watch.clone(), settings.config_file.clone()];
    own_places(&settings.home).into_iter().chain(named.into_iter().flatten()).collect()
}
