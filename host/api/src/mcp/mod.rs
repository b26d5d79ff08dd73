//! MCP: what the skills offer, to agents. Two ways in (`http.rs`, `pipe.rs`), one server behind them (`server.rs`),
//! which sees the skills as a catalog of tools, prompts and resources by the names that clients know (`catalog.rs`).

mod address;
mod ask;
mod call;
mod catalog;
mod changes;
mod complete;
mod content;
mod http;
mod inputs;
mod listen;
mod name;
mod pages;
mod pipe;
mod profile;
mod prompts;
mod resources;
mod round;
mod schema;
mod server;
mod skills;
mod standing;
mod tasks;
mod visitor;

pub(crate) use http::handle;
pub(crate) use pipe::pipe;
pub use profile::Profile;

use catalog::Catalog;
use parking_lot::Mutex;
use rmcp::model::RequestStateCodec;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use skep_core::{DomainName, Fault};
use skep_router::Router;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use visitor::Visitor;

/// Sessions of the older revisions that this host holds at once.
pub const MCP_SESSIONS_MAX: usize = 1024;
/// Those of them that one principal may hold.
pub const MCP_SESSIONS_OWN_MAX: usize = 256;
/// How long such a session may rest.
const SESSION_IDLE_MAX: Duration = Duration::from_secs(3600);
/// Domains whose catalogs are kept.
const CATALOGS_MAX: usize = 64;

/// What an operator decides for MCP.
#[derive(Debug, Clone)]
pub struct McpSettings {
    /// The key that protects what clients keep for this deployment between two calls.
    pub state_key: [u8; 32],
    /// What kinds of clients see, by name.
    pub profiles: BTreeMap<String, Profile>,
}

impl Default for McpSettings {
    fn default() -> Self {
        Self { state_key: rand::random(), profiles: BTreeMap::new() }
    }
}

/// The MCP side of an API.
pub(crate) struct Mcp {
    profiles: BTreeMap<String, Arc<Profile>>,
    states: RequestStateCodec,
    catalogs: Mutex<HashMap<DomainName, Arc<Catalog>>>,
    sessions: Arc<LocalSessionManager>,
    /// Who opened which session.
    owners: Mutex<HashMap<String, Visitor>>,
    opening: tokio::sync::Mutex<()>,
    /// Ends every stream and session.
    pub(crate) ended: CancellationToken,
}

impl Mcp {
    pub(crate) fn new(settings: McpSettings) -> Self {
        let mut sessions = LocalSessionManager::default();
        sessions.session_config.keep_alive = Some(SESSION_IDLE_MAX);
        Self {
            profiles: settings.profiles.into_iter().map(|(name, p)| (name, Arc::new(p))).collect(),
            states: RequestStateCodec::new_unchecked(settings.state_key),
            catalogs: Mutex::default(),
            sessions: Arc::new(sessions),
            owners: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            ended: CancellationToken::new(),
        }
    }

    /// What a domain offers, as of the revision that this host has seen.
    async fn catalog(&self, router: &Router, domain: &DomainName) -> Result<Arc<Catalog>, Fault> {
        router.within(domain).await?;
        let registry = router.registry();
        registry.revisions().confirm(0).await?;
        let seen = registry.revisions().seen();
        let known = self.catalogs.lock().get(domain).cloned();
        if let Some(known) = known.filter(|catalog| catalog.revision >= seen) {
            return Ok(known);
        }
        let catalog = Arc::new(Catalog::new(registry.list(domain).await?, seen));
        let mut catalogs = self.catalogs.lock();
        if catalogs.len() >= CATALOGS_MAX {
            catalogs.clear();
        }
        catalogs.insert(domain.clone(), catalog.clone());
        Ok(catalog)
    }

    fn profile(&self, name: &str) -> Result<Arc<Profile>, Fault> {
        self.profiles.get(name).cloned().ok_or_else(|| {
            let known: Vec<_> = self.profiles.keys().map(String::as_str).collect();
            Fault::invalid_input(format!("no profile `{name}`; the configuration has: {}", known.join(", ")))
        })
    }

    /// A session's id proves nothing: whoever comes with it must be who opened it.
    fn owns(&self, visitor: &Visitor, session: &str) -> bool {
        self.owners.lock().get(session).is_some_and(|owner| {
            let same = owner.who.identity.principal == visitor.who.identity.principal;
            same && owner.who.domain == visitor.who.domain && owner.profile == visitor.profile
        })
    }

    fn own(&self, visitor: Visitor, session: String) {
        self.owners.lock().insert(session, visitor);
    }

    /// Whether one more fits, of all and of the visitor's. Forgets who owned what is over.
    async fn room_for_session(&self, visitor: &Visitor) -> Result<(), Fault> {
        let live = self.sessions.sessions.read().await;
        let mut owners = self.owners.lock();
        owners.retain(|id, _| live.contains_key(id.as_str()));
        let who = &visitor.who.identity.principal;
        let own = owners.values().filter(|owner| owner.who.identity.principal == *who).count();
        let why = if own >= MCP_SESSIONS_OWN_MAX {
            format!("`{who}` has {MCP_SESSIONS_OWN_MAX} MCP sessions open: end one, or try again later")
        } else if live.len() >= MCP_SESSIONS_MAX {
            format!("{MCP_SESSIONS_MAX} MCP sessions are open: try again later")
        } else {
            return Ok(());
        };
        Err(Fault::overloaded(why))
    }
}
