//! A request for a grant: what somebody wants a skill to have, until an operator decides or its time is over.

use crate::{Digest, Grants, Principal, SkillName, UnixMs};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use std::{fmt, str::FromStr};
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a request waits unless whoever asks says otherwise.
pub const ASK_LIFE_DEFAULT: Duration = Duration::from_secs(24 * 3600);
/// The shortest that it may wait.
pub const ASK_LIFE_MIN: Duration = Duration::from_secs(60);
/// The longest that it may wait.
pub const ASK_LIFE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// Longest reason, of whoever asks and of whoever decides, in characters.
pub const ASK_WORDS_CHARS_MAX: usize = 1000;

/// The id of a request for a grant: a UUID, version 7, so ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskId(pub Uuid);

impl AskId {
    /// A fresh id.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AskId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AskState {
    /// It waits for an operator.
    Pending,
    /// It was granted.
    Approved,
    /// It was refused.
    Denied,
    /// Nobody decided in time.
    Expired,
}

/// A text that names no state of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state of a request: it is pending, approved, denied or expired")]
pub struct AskStateError(String);

impl FromStr for AskState {
    type Err = AskStateError;
    fn from_str(text: &str) -> Result<Self, AskStateError> {
        let all = [Self::Pending, Self::Approved, Self::Denied, Self::Expired];
        all.into_iter().find(|s| s.as_str() == text).ok_or_else(|| AskStateError(text.to_owned()))
    }
}

impl AskState {
    /// The state as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for AskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request for a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ask {
    /// Its id.
    pub id: AskId,
    /// The skill that is to have it.
    pub skill: SkillName,
    /// The digest that served when it was made; another one makes it void.
    pub digest: Digest,
    /// What is asked for.
    pub grants: Grants,
    /// Why, in the words of whoever asks.
    pub why: String,
    /// Who asks.
    pub asked_by: Principal,
    /// When it was made.
    pub asked: UnixMs,
    /// Until when it waits.
    pub expires: UnixMs,
    /// What became of it.
    pub state: AskState,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Principal>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<UnixMs>,
    /// Why it was denied, in the words of the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Ask {
    /// Whether `other` asks for the same thing: somebody who asks twice makes one request.
    pub fn same_wish(&self, other: &Ask) -> bool {
        (&self.skill, self.digest, &self.grants, &self.asked_by)
            == (&other.skill, other.digest, &other.grants, &other.asked_by)
    }
}
