//! Floor 1: what Skep remembers. One file a noun, on MySQL or MariaDB and on SQLite; the only crate that names SQL.

mod ask;
mod audit;
mod change;
mod component;
mod db;
mod diagnose;
mod domain;
mod error;
mod job;
mod key;
mod migrate;
mod publish;
mod revision;
mod secret;
mod skill;
mod state;
mod store;
mod url;

pub use ask::{ASKS_KEPT_MAX, ASKS_PAGE_MAX, ASKS_PENDING_MAX, AskFilter, Decision};
pub use audit::{AUDIT_BATCH_BYTES_MAX, AUDIT_PAGE_MAX, AuditCursor, AuditFilter, AuditRow};
pub use component::COMPONENT_BYTES_MAX;
pub use db::Purpose;
pub use diagnose::{Diagnosis, Schema, diagnose};
pub use domain::{DOMAINS_MAX, DomainRow};
pub use error::StoreError;
pub use job::{
    Ending, JOB_ANSWER_NAME_BYTES_MAX, JOB_BYTES_MAX, JOB_EVENTS_PAGE_MAX, JOBS_BATCH_MAX, JOBS_PAGE_MAX,
    JobAnswers, JobFilter, JobRoom, Queue, QueueDue, Wanted,
};
pub use key::{KEY_NAME_CHARS_MAX, KEYS_MAX, KeyRow};
pub use publish::{Publish, SKILLS_MAX, TEXT_BYTES_MAX, VERSION_CHARS_MAX, VERSIONS_KEPT_MAX};
pub use secret::{SECRETS_MAX, SealedSecret, SecretRow, SecretSet};
pub use skill::{SkillRow, VersionRow, VersionState};
pub use state::STATE_CHANGE_TIME_MAX;
pub use store::Store;
pub use url::{StoreUrl, StoreUrlError};
