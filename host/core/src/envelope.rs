//! The envelope of a message: who asks whom for what, by when, on whose behalf.

use crate::{DomainName, JobId, Lane, NameError, SkillName, ToolName, Trace, UnixMs};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The id of a call: a UUID, version 7 (RFC 9562), so ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub Uuid);

impl CallId {
    /// A fresh id.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CallId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// One life of one host process: a new one at every start, so that a zombie is told from its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub Uuid);

impl Incarnation {
    /// A fresh one.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl FromStr for Incarnation {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A session: the host that holds its instance, and a number that nobody can guess (a UUID, version 4).
/// Written `HOST.NUMBER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId {
    /// The life of the host that holds it.
    pub host: Incarnation,
    /// Which of that host's sessions it is.
    pub number: Uuid,
}

impl SessionId {
    /// A new session of a host.
    pub fn fresh(host: Incarnation) -> Self {
        Self { host, number: Uuid::new_v4() }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.host, self.number.simple())
    }
}

/// A text that names no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no session id: use the one that the session's first call came back with")]
pub struct SessionIdError(String);

impl FromStr for SessionId {
    type Err = SessionIdError;
    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        let read = || {
            let (host, number) = text.split_once('.')?;
            Some(Self { host: host.parse().ok()?, number: number.parse().ok()? })
        };
        read().ok_or_else(|| SessionIdError(text.to_owned()))
    }
}

impl TryFrom<String> for SessionId {
    type Error = SessionIdError;
    fn try_from(text: String) -> Result<Self, SessionIdError> {
        text.parse()
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> String {
        id.to_string()
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Principal {
    /// A person with the host's own rights: `operator:NAME`.
    Operator(String),
    /// A program with an API key: `key:ID`.
    Key(String),
    /// An agent: `agent:NAME`.
    Agent(String),
    /// A skill that calls another: `skill:NAME`.
    Skill(SkillName),
}

/// A text that names no principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalError {
    /// Unknown kind or empty name.
    #[error("`{0}` is no principal: expected operator:, key:, agent: or skill: and a name")]
    Form(String),
    /// A skill principal with a bad skill name.
    #[error(transparent)]
    Skill(#[from] NameError),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(name) => write!(f, "operator:{name}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Agent(name) => write!(f, "agent:{name}"),
            Self::Skill(name) => write!(f, "skill:{name}"),
        }
    }
}

impl TryFrom<String> for Principal {
    type Error = PrincipalError;
    fn try_from(text: String) -> Result<Self, PrincipalError> {
        match text.split_once(':') {
            Some(("operator", name)) if !name.is_empty() => Ok(Self::Operator(name.to_owned())),
            Some(("key", id)) if !id.is_empty() => Ok(Self::Key(id.to_owned())),
            Some(("agent", name)) if !name.is_empty() => Ok(Self::Agent(name.to_owned())),
            Some(("skill", name)) => Ok(Self::Skill(name.parse()?)),
            _ => Err(PrincipalError::Form(text)),
        }
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> String {
        principal.to_string()
    }
}

/// What is to be called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The bulkhead.
    pub domain: DomainName,
    /// The skill.
    pub skill: SkillName,
    /// The version that was asked for; the current one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<semver::Version>,
    /// The tool; may be left out where the skill has only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
}

/// How deep calls of skills by skills may nest, the first call included.
pub const CALL_DEPTH_MAX: usize = 4;

/// The header of a message. The payload (the input, JSON text) travels beside it, raw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The id of the call.
    pub id: CallId,
    /// The step of a trace that it was sent in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// The host that accepted the call and waits for the reply.
    pub from: Incarnation,
    /// What is to be called.
    pub to: Target,
    /// Its priority.
    pub lane: Lane,
    /// When the call was accepted.
    pub accepted: UnixMs,
    /// When the call ends, done or not.
    pub deadline: UnixMs,
    /// How long it may run once its turn has come, in milliseconds; until its deadline if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_ms: Option<u64>,
    /// 1 on the first attempt.
    pub attempt: u32,
    /// The job that it is an attempt at, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The caller's key for this piece of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Who asked, the origin first.
    pub chain: Vec<Principal>,
    /// The session that it belongs to; only the host that holds it can serve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// Whether it tries if a skill works again that failed too often: how it ends decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
    /// The revision that the accepting host had seen; dispatch refreshes when its own is older.
    pub revision: u64,
}

impl Envelope {
    /// How many skills stand between the origin and this call: 0 for a call from outside.
    pub fn depth(&self) -> usize {
        skill_depth(&self.chain)
    }
}

/// How many skills stand in a chain of principals.
pub fn skill_depth(chain: &[Principal]) -> usize {
    chain.iter().filter(|asker| matches!(asker, Principal::Skill(_))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_round_trip_and_reject_nonsense() {
        let session = SessionId::fresh(Incarnation::fresh());
        assert_eq!(session.to_string().parse(), Ok(session));
        for text in ["", ".", "a.b", &session.host.to_string()] {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
    }

    #[test]
    fn principals_round_trip_and_reject_nonsense() {
        for text in ["operator:local", "key:4f1c", "agent:ann", "skill:csv-report"] {
            let principal = Principal::try_from(text.to_owned()).unwrap();
            assert_eq!(principal.to_string(), text);
        }
        for text in ["", "operator:", "root:x", "skill:Not-A-Name", "operator"] {
            assert!(Principal::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
