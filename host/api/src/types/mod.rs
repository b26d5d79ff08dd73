//! What goes over the wire, in the same types for the server and for its clients: one file a noun.

mod ask;
mod audit;
mod call;
mod config;
mod domain;
mod event;
mod grant;
mod health;
mod job;
mod key;
mod problem;
mod secrets;
mod session;
mod skill;
mod state;

pub use crate::base64_bytes::Base64Bytes;
pub use ask::{AskPage, Denial, NewAsk};
pub use audit::{AuditEntry, AuditPage, AuditVerdict};
pub use call::{
    CallAnswer, CallLine, HEADER_IDEMPOTENCY, HEADER_LANE, HEADER_SESSION, HEADER_TIMEOUT, HEADER_TRACE,
    HEADER_TRACE_ANSWER, HEADER_TRACE_STATE, NDJSON, ONLY_TOOL,
};
pub use config::{ConfigAnswer, ConfigPatch};
pub use domain::{DomainInfo, DomainList, DomainRequest};
pub use event::{Closing, EventAsk, EventWord, FollowJob, JobTold};
pub use grant::GrantRequest;
pub use health::Health;
pub use job::{JobEventPage, JobFault, JobInfo, JobOrder, JobPage};
pub use key::{KeyCreated, KeyInfo, KeyList, KeyRequest};
pub use problem::{PROBLEM_JSON, Problem};
pub use secrets::{SecretList, SecretPut, SecretSummary};
pub use session::{SessionList, SessionSummary};
pub use skep_registry::{Added, Match};
pub use skep_sandbox::{Import, Shape};
pub use skill::{
    Approved, BreakerDetail, InstallRequest, MatchList, SkillDetail, SkillList, SkillSummary, ToolDetail,
    VersionList, VersionStanding, VersionSummary,
};
pub use state::StatePage;
