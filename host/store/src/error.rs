//! What a store answers when it doesn't do what was asked.

use crate::db::{Abort, DbError};
use skep_core::{AskId, AskState, Digest, DomainName, Incarnation, JobId, JobState, SkillName, StateError};

/// Why the store didn't do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, or doesn't answer in time. If it was asked for a change, look whether it was made.
    #[error("the database is unavailable: {reason}; try again once it is back")]
    Unavailable {
        /// What happened.
        reason: String,
    },
    /// The skill isn't as the caller last saw it: look at it and decide again.
    #[error("skill `{name}` in domain `{domain}` was changed meanwhile: look at it and try again")]
    Conflict {
        /// Its domain.
        domain: DomainName,
        /// Its name.
        name: SkillName,
    },
    /// There is one of that name.
    #[error("{0} is there already")]
    Exists(String),
    /// The domain isn't empty.
    #[error("domain `{domain}` still has {what}: remove them first")]
    InUse {
        /// The domain.
        domain: DomainName,
        /// What it has.
        what: &'static str,
    },
    /// There is no such thing.
    #[error("{0} not found")]
    NotFound(String),
    /// The version stands for other code already.
    #[error("version {version} of `{name}` is published with another digest, {digest}: raise the version")]
    DigestTaken {
        /// The skill.
        name: SkillName,
        /// The version.
        version: semver::Version,
        /// The digest that has it.
        digest: Digest,
    },
    /// Audit records came that are stored with other content; all others were stored.
    #[error("audit record {seq} of host {host} is stored with other content ({count} such records)")]
    AuditMismatch {
        /// The chain of the first.
        host: Incarnation,
        /// The first.
        seq: u64,
        /// How many there were.
        count: usize,
    },
    /// Something is larger than the store takes.
    #[error("{what} is too large: {size}, at most {max}")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size in bytes, characters or entries.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// A statement is larger than the database takes.
    #[error("the database refuses so large a statement: {0}; raise its `max_allowed_packet`")]
    StatementTooLarge(String),
    /// What a job came to can't be stored, however often that is tried.
    #[error("the end of job {id} can't be stored: {why}")]
    Unstorable {
        /// The job.
        id: JobId,
        /// Why not.
        why: Box<StoreError>,
    },
    /// There is no room for another.
    #[error("{0}: try again later")]
    Full(String),
    /// An idempotency key stands for other work already.
    #[error(
        "the idempotency key `{key}` stands for job {id}, which has another target or input: use a new key"
    )]
    OtherWork {
        /// The key.
        key: String,
        /// The job that has it.
        id: JobId,
    },
    /// A job isn't in a state in which this can be done.
    #[error("job {id} is {state}: {way_out}")]
    JobState {
        /// The job.
        id: JobId,
        /// How it stands.
        state: JobState,
        /// What can be done.
        way_out: &'static str,
    },
    /// A request for a grant waits no longer.
    #[error("request {id} is {state} already: `skep requests` shows what waits")]
    Settled {
        /// The request.
        id: AskId,
        /// What became of it.
        state: AskState,
    },
    /// A skill's state can't be changed so; the skill learns it.
    #[error(transparent)]
    State(#[from] StateError),
    /// What is stored can't be what was stored.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// A defect: of Skep, or of a database that doesn't do what it should.
    #[error("the database failed: {0}")]
    Internal(String),
}

impl StoreError {
    /// Refuses a size above a limit.
    pub(crate) fn check_size(what: &'static str, size: usize, max: usize) -> Result<(), Self> {
        match size > max {
            true => Err(Self::TooLarge { what, size: size as u64, max: max as u64 }),
            false => Ok(()),
        }
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy(reason) | DbError::Lost(reason) | DbError::Away(reason) => {
                Self::Unavailable { reason }
            }
            DbError::Duplicate(reason) | DbError::Defect(reason) => Self::Internal(reason),
            DbError::Corrupt(reason) => Self::Corrupt(reason),
            DbError::TooLarge(reason) => Self::StatementTooLarge(reason),
        }
    }
}

impl From<Abort> for StoreError {
    fn from(abort: Abort) -> Self {
        match abort {
            Abort::Db(error) => error.into(),
            Abort::Rule(error) => error,
        }
    }
}
