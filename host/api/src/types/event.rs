//! Events: what goes to and fro over the WebSocket of `GET /v1/events`, one JSON text a frame.

use super::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skep_core::{DomainName, JobEvent, JobId, Pattern};
use utoipa::ToSchema;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventAsk {
    /// Who it is, as a first frame: a browser can't set a header. The token, an API key, or a token of an issuer.
    Authenticate(String),
    /// Wants what fits these patterns as well.
    Subscribe(Vec<Pattern>),
    /// No longer wants what fits these patterns.
    Unsubscribe(Vec<Pattern>),
    /// Wants to know all that happens to a job.
    Follow(FollowJob),
    /// No longer wants to know what happens to a job.
    Unfollow(JobId),
    /// Wants the same back as `pong`.
    Ping(Value),
}

/// A job that a client wants to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowJob {
    /// The job.
    pub job: JobId,
    /// The number of the last event that the client has; 0, or left out, if it has none.
    #[serde(default)]
    pub since: u64,
    /// The domain; that of whoever asks if left out, else `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
}

/// What the host says beside events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventWord {
    /// All that is wanted now.
    Subscribed(Vec<Pattern>),
    /// All jobs that are followed now.
    Following(Vec<JobId>),
    /// What happened to one of them: each event once, in order, without gaps.
    Job(JobTold),
    /// The job is over: no more will follow by itself, and it isn't followed any more.
    Over(JobId),
    /// What came with `ping`.
    Pong(Value),
    /// So many events were lost on their way to this host; some, if nobody could count them.
    Lost(Option<u64>),
    /// A frame wasn't understood or can't be followed; the connection goes on.
    Problem(Problem),
    /// The last frame before the host closes the connection.
    Closing(Closing),
}

/// An event of a job that is followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobTold {
    /// The job.
    pub id: JobId,
    /// What happened to it.
    pub event: JobEvent,
}

/// Why the host closes the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Closing {
    /// The code of the close frame: 1001 the host stops; 1009 a frame is too large; 1013 whether the client is
    /// still known, or what became of a job that it follows, can't be found out; 4000 the client reads too slowly; 4001 nobody is known by what it bears;
    /// 4002 what it bears expired or was revoked; 4003 it is silent.
    pub code: u16,
    /// The same in words.
    pub reason: String,
}
