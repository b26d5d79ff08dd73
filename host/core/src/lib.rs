//! Floor 0: the nouns and rules of Skep. No I/O, no clock but `UnixMs::now`, no async.

mod ask;
mod audit;
mod breaker;
mod digest;
mod envelope;
mod event;
mod fault;
mod grant;
mod identity;
mod job;
mod key;
mod lane;
mod lane_split;
mod limits;
mod manifest;
mod name;
mod net;
mod outcome;
mod permit;
mod quota;
mod rate_level;
mod ratio;
mod request;
mod schema;
mod secret;
mod secret_value;
mod state;
mod time;
mod tool_section;
mod topic;
mod trace;

pub use ask::{
    ASK_LIFE_DEFAULT, ASK_LIFE_MAX, ASK_LIFE_MIN, ASK_WORDS_CHARS_MAX, Ask, AskId, AskState, AskStateError,
};
pub use audit::{AuditAction, AuditChain, AuditEvent, AuditFlaw, AuditRecord, AuditVerifier, audit_verify};
pub use breaker::{
    Admission, BREAKER_LIFE, BREAKER_PAUSE_MAX, Breaker, BreakerRules, BreakerRulesError, BreakerSeen,
    BreakerState, Ending,
};
pub use digest::{Digest, DigestError};
pub use envelope::{
    CALL_DEPTH_MAX, CallId, Envelope, Incarnation, Principal, PrincipalError, SessionId, SessionIdError,
    Target, skill_depth,
};
pub use event::{
    CallLog, CallProgress, CallStep, EVENT_TEXT_BYTES_MAX, Event, GrantChange, GrantEvent, Happening,
    HostHealth, SkillChange, SkillEvent, Stage,
};
pub use fault::{Fault, FaultCode};
pub use grant::{Access, FileRule, GrantError, Grants, GuestPath, Revocation};
pub use identity::{Identity, Role, RoleError, Scope};
pub use job::{
    ATTEMPTS_MAX, ClaimedJob, IDEMPOTENCY_KEY_BYTES_MAX, INTERRUPTIONS_MAX, JOB_WITHIN, Job, JobEnd,
    JobEvent, JobId, JobState, JobStateError, JobStep, JobStepError, JobTerms, NewJob, STARTS_MAX, Setback,
    spread,
};
pub use key::{ApiKey, KeyError, KeyId, KeyTerms};
pub use lane::{Lane, LaneError};
pub use lane_split::LaneSplit;
pub use limits::{ByteSize, LimitError, Limits, LimitsSpec, Span};
pub use manifest::{BuildSection, Lifetime, Manifest, ManifestError, SkillSection};
pub use name::{DomainName, NameError, SecretName, SkillName, SkillRef, ToolName, ToolRef};
pub use net::{Host, HostPattern, NetError, NetRule, Origin, Scheme};
pub use outcome::{Level, LogRecord, Outcome, Output, Progress, Reply, Usage};
pub use permit::{Permit, Subject};
pub use quota::{Allowance, Quota, Rate, RateError};
pub use rate_level::RateLevel;
pub use ratio::{Ratio, RatioError};
pub use request::{FileRequest, Requests};
pub use schema::VersionText;
pub use secret::SecretRule;
pub use secret_value::{SECRET_BYTES_MAX, SECRET_BYTES_MIN, SecretValue, SecretValueError};
pub use state::{
    Bucket, STATE_KEY_BYTES_MAX, STATE_PAGE_MAX, STATE_VALUE_BYTES_MAX, StateChange, StateChanged,
    StateError, StateKeys, StateLimits, StateTotals,
};
pub use time::{UnixMs, millis};
pub use tool_section::{Content, TaskUse, ToolSection};
pub use topic::{EventKind, Pattern, Topic, TopicError};
pub use trace::{SpanId, Step, TRACE_STATE_BYTES_MAX, Trace, TraceError, TraceId};
