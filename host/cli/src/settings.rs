//! The settings of a host: flags over `SKEP_*` over the configuration file over defaults.

use crate::args::{Place, ServeArgs};
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::home::{Home, xdg};
use crate::telemetry::traced;
use skep_api::{Issuer, Profile, TcpAccess, Token};
use skep_core::{BreakerRules, CALL_DEPTH_MAX, DomainName, Ratio};
use skep_router::{JobBounds, JobSettings, Quotas};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// Calls that run at once where nothing else is said.
const SLOTS_DEFAULT: u32 = 64;
/// Sessions that live at once where nothing else is said.
const SESSIONS_DEFAULT: u32 = 256;

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Everything a host needs to know.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) home: Home,
    pub(crate) shared: Option<Shared>,
    pub(crate) tcp: Option<(SocketAddr, TcpAccess)>,
    pub(crate) watch: Option<PathBuf>,
    pub(crate) slots: u32,
    pub(crate) sessions: u32,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) log: LogFormat,
    /// The collector that traces go to.
    pub(crate) otlp: Option<String>,
    /// How many of the calls that come without a trace are traced.
    pub(crate) traced: Ratio,
    pub(crate) domains: Vec<DomainName>,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) quotas: Quotas,
    /// What holds for jobs; a command that is its own host for a moment accepts them and runs none.
    pub(crate) jobs: JobSettings,
    pub(crate) breaker: BreakerRules,
    pub(crate) config_file: Option<PathBuf>,
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// What the hosts of a deployment share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) redis: String,
    pub(crate) mysql: String,
}

impl std::fmt::Debug for Shared {
    // The URLs may hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared(…)")
    }
}

impl Settings {
    /// The settings of `skep serve`.
    pub(crate) fn for_serve(place: &Place, args: &ServeArgs) -> Result<Self, Failure> {
        Self::gather(place, args, true)
    }

    fn gather(place: &Place, args: &ServeArgs, listens: bool) -> Result<Self, Failure> {
        let (file, config) = read_config(place.config.as_deref())?;
        let mut mistakes = Vec::new();
        let env = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let pick = |flag: &Option<String>, name: &str, file: Option<String>| {
            flag.clone().or_else(|| env(name)).or(file)
        };
        let listen = match args.listen.clone().or_else(|| env("SKEP_LISTEN")) {
            Some(text) => {
                parsed(&text, "--listen", "an address with a port, as in 127.0.0.1:7700", &mut mistakes)
            }
            None => config.listen,
        };
        let mut count = |flag: Option<u32>, name: &str, file: Option<u32>| match (flag, env(name)) {
            (Some(count), _) => Some(count),
            (None, Some(text)) => {
                parsed(&text, name, "a whole number above 0", &mut mistakes).map(NonZeroU32::get)
            }
            (None, None) => file,
        };
        let slots = count(args.slots, "SKEP_SLOTS", config.slots);
        let sessions = count(None, "SKEP_SESSIONS", config.sessions);
        let log = match pick(&args.log, "SKEP_LOG", config.log).as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                mistakes.push(format!("log `{other}` must be text or json"));
                LogFormat::Text
            }
        };
        let otlp = pick(&args.otlp, "SKEP_OTLP", config.otlp).filter(|_| listens);
        let redis = pick(&args.redis, "SKEP_REDIS", config.redis);
        let shared = both(redis, pick(&args.mysql, "SKEP_MYSQL", config.mysql), &mut mistakes);
        let token = place.token.clone();
        let tcp = listen
            .filter(|_| listens)
            .and_then(|at| access(at, token, config.hosts, config.origins, &mut mistakes));
        let settings = Self {
            home: Home::find(place.data.as_deref())?,
            shared,
            tcp,
            watch: args.watch.clone().or_else(|| env("SKEP_WATCH").map(PathBuf::from)).or(config.watch),
            slots: slots.unwrap_or(SLOTS_DEFAULT),
            sessions: sessions.unwrap_or(SESSIONS_DEFAULT),
            key_file: args
                .key_file
                .clone()
                .or_else(|| env("SKEP_KEY_FILE").map(PathBuf::from))
                .or(config.key_file),
            log,
            issuers: issuers(config.issuers, &mut mistakes),
            quotas: config.quotas,
            jobs: JobSettings { runs: listens, bounds: config.jobs },
            breaker: config.breaker,
            traced: traced(otlp.as_deref(), env("SKEP_TRACE_RATIO"), config.trace_ratio, &mut mistakes),
            otlp,
            domains: domains(&config.domains, listens.then_some(&place.domain), &mut mistakes),
            config_file: file,
            profiles: config.profiles,
        };
        if mistakes.is_empty() { Ok(settings) } else { Err(Failure::Usage(listed(&mistakes))) }
    }

    /// The settings of a command that is its own host for a moment: it never listens on TCP.
    pub(crate) fn for_command(place: &Place) -> Result<Self, Failure> {
        Self::gather(place, &ServeArgs::default(), false)
    }

    /// Guests of calls that are alive at once at most: each depth of calls has as much room as there are slots.
    pub(crate) fn instances(&self) -> u32 {
        self.slots.saturating_mul(CALL_DEPTH_MAX as u32)
    }

    /// The settings of a host for one project or test: nothing that is configured for others reaches it.
    pub(crate) fn apart(home: Home, domain: DomainName) -> Self {
        Self {
            home,
            shared: None,
            tcp: None,
            watch: None,
            slots: SLOTS_DEFAULT,
            sessions: SESSIONS_DEFAULT,
            key_file: None,
            log: LogFormat::Text,
            otlp: None,
            traced: Ratio::NONE,
            domains: vec![domain],
            issuers: Vec::new(),
            quotas: Quotas::default(),
            jobs: JobSettings { runs: true, bounds: JobBounds::default() },
            breaker: BreakerRules::default(),
            config_file: None,
            profiles: BTreeMap::new(),
        }
    }
}

fn listed(mistakes: &[String]) -> String {
    let lines: Vec<_> = mistakes.iter().map(|m| format!("\n  - {m}")).collect();
    format!("the configuration can't be used:{}", lines.concat())
}

/// The file that was named must be there; the usual one may be missing.
fn read_config(named: Option<&Path>) -> Result<(Option<PathBuf>, Config), Failure> {
    let usual = || xdg("XDG_CONFIG_HOME", ".config").ok().map(|dir| dir.join("skep.toml"));
    let Some(path) = named.map(Path::to_owned).or_else(|| usual().filter(|p| p.exists())) else {
        return Ok((None, Config::default()));
    };
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|e| Failure::Usage(format!("configuration {}: {e}", path.display())))?;
    let config = config::parse(&text);
    let config =
        config.map_err(|mistakes| Failure::Usage(format!("{}: {}", path.display(), listed(&mistakes))))?;
    Ok((Some(path), config))
}

pub(crate) fn parsed<T: std::str::FromStr>(
    text: &str,
    name: &str,
    expected: &str,
    mistakes: &mut Vec<String>,
) -> Option<T> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        mistakes.push(format!("{name} `{text}` must be {expected}"));
    }
    parsed
}

/// Redis and MySQL come together: hosts that share only one of them would lose messages or disagree.
fn both(redis: Option<String>, mysql: Option<String>, mistakes: &mut Vec<String>) -> Option<Shared> {
    match (redis, mysql) {
        (Some(redis), Some(mysql)) => Some(Shared { redis, mysql }),
        (None, None) => None,
        (Some(_), None) => {
            mistakes.push(
                "--redis needs --mysql as well: a bus between hosts needs a database that they share".into(),
            );
            None
        }
        (None, Some(_)) => {
            mistakes.push(
                "--mysql needs --redis as well: with the memory bus a second host would not be heard".into(),
            );
            None
        }
    }
}

fn access(
    at: SocketAddr,
    token: Option<String>,
    hosts: Vec<String>,
    origins: Vec<String>,
    mistakes: &mut Vec<String>,
) -> Option<(SocketAddr, TcpAccess)> {
    let Some(token) = token else {
        mistakes.push("--listen needs a token: SKEP_TOKEN=$(openssl rand -hex 32)".to_owned());
        return None;
    };
    match Token::new(token) {
        Ok(token) => Some((at, TcpAccess { token, hosts, origins })),
        Err(error) => {
            mistakes.push(error.to_string());
            None
        }
    }
}

/// Two of one name could not be told apart in the audit, nor two of one issuer by their tokens.
fn issuers(issuers: Vec<Issuer>, mistakes: &mut Vec<String>) -> Vec<Issuer> {
    for (at, issuer) in issuers.iter().enumerate() {
        if issuers[..at].iter().any(|other| other.name == issuer.name || other.issuer == issuer.issuer) {
            mistakes.push(format!("issuers: `{}` ({}) stands there twice", issuer.name, issuer.issuer));
        }
    }
    issuers
}

/// A host opens what it is configured with. What a command merely names must be there.
fn domains(named: &[String], asked: Option<&DomainName>, mistakes: &mut Vec<String>) -> Vec<DomainName> {
    let mut domains = vec![DomainName::default()];
    for name in named {
        match name.parse() {
            Ok(name) => domains.push(name),
            Err(error) => mistakes.push(format!("domains: {error}")),
        }
    }
    domains.extend(asked.cloned());
    domains.sort();
    domains.dedup();
    domains
}
