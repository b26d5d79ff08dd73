//! Why the bus said no.

use crate::Payer;
use skep_core::{
    CALL_DEPTH_MAX, CallId, DomainName, Fault, FaultCode, Incarnation, RateLevel, Span, StateError,
};
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// What an entry found full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// The number of entries in the domain: queued, waiting and running.
    Depth,
    /// Their bytes.
    Bytes,
    /// The list behind a skill whose places are all taken.
    SkillWaiting,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Depth => "messages in this domain",
            Self::Bytes => "bytes in this domain",
            Self::SkillWaiting => "calls waiting for this skill",
        })
    }
}

/// Which part of a quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// The rate.
    Rate(RateLevel),
    /// The calls that may be under way at once.
    Concurrency(NonZeroU32),
}

/// Which quota is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverQuota {
    /// Whose.
    pub payer: Payer,
    /// Which part.
    pub spent: Spent,
}

impl fmt::Display for OverQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.payer {
            Payer::Principal(who) => write!(f, "`{who}` ")?,
            Payer::Domain => f.write_str("this domain ")?,
        }
        match self.spent {
            Spent::Rate(level) => {
                let (rate, wait) = (level.rate(), told(level.call_in_ms()));
                write!(f, "has used up its rate of {rate}: try again in {wait}")
            }
            Spent::Concurrency(many) => {
                write!(f, "has {many} calls under way, and no more may be: wait until one ends")
            }
        }
    }
}

/// A wait in whole seconds, unless it is shorter than one.
fn told(ms: u64) -> Span {
    let whole = if ms < 1000 { ms } else { ms.div_ceil(1000) * 1000 };
    Span(Duration::from_millis(whole))
}

/// Why the bus said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// A bound is reached; nothing was queued.
    #[error("too many {bound} (at most {limit}): try again later")]
    Overloaded {
        /// Which bound.
        bound: Bound,
        /// Its value.
        limit: u64,
    },
    /// A quota is used up; nothing was queued, and nothing charged.
    #[error("{0}")]
    OverQuota(OverQuota),
    /// As many audit records wait for the database as may; nothing was queued.
    #[error("{limit} audit records wait for the database, and no more may: is it away?")]
    AuditFull {
        /// The bound.
        limit: u64,
    },
    /// A part of a message is too large; nothing was queued.
    #[error("the {part} has {bytes} bytes, and at most {limit} may pass")]
    TooLarge {
        /// Which part.
        part: &'static str,
        /// Its size.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// No such domain here; nothing was queued.
    #[error("no domain `{0}` on this host: `skep domain add {0}` opens it on all of them")]
    UnknownDomain(DomainName),
    /// This host has opened as many domains as it may.
    #[error("this host has opened {limit} domains since it started, and no more may be: start it again")]
    TooManyDomains {
        /// The bound.
        limit: usize,
    },
    /// A call of this id is on the bus; nothing more was queued.
    #[error("call {0} is on its way already: every call needs an id of its own")]
    Duplicate(CallId),
    /// The host that the call's session names isn't there; nothing was queued.
    #[error("no host {0}: it ended, and its sessions with it; begin a new one")]
    NoSuchHost(Incarnation),
    /// Too many skills stand between the origin and this call; nothing was queued.
    #[error("skills may call skills {CALL_DEPTH_MAX} deep, and {depth} stand before this call already")]
    TooDeep {
        /// How many stand before it.
        depth: usize,
    },
    /// A skill's state can't be changed so; the skill learns it.
    #[error(transparent)]
    State(#[from] StateError),
    /// The bus can't be reached or can't serve; nothing was queued.
    #[error("the message bus is unavailable: {0}")]
    Unavailable(String),
    /// The bus went away in the middle: what was asked may have been done or not.
    #[error("the message bus went away before it answered: {0}")]
    OutcomeUnknown(String),
    /// The other hosts took this one for dead. Final: stop what runs, and open a new bus.
    #[error("this host was taken for dead and its calls were given up: start it anew")]
    LeaseLost,
    /// The bus was closed. Final.
    #[error("the message bus is closed")]
    Closed,
    /// A defect.
    #[error("the message bus failed: {0}")]
    Internal(String),
}

impl BusError {
    /// How far the rate of who asked is drawn down, where that is why.
    pub fn rate(&self) -> Option<RateLevel> {
        match self {
            Self::OverQuota(OverQuota { payer: Payer::Principal(_), spent: Spent::Rate(level) }) => {
                Some(*level)
            }
            _ => None,
        }
    }

    /// When to come back, where that is known.
    fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::OverQuota(OverQuota { spent: Spent::Rate(level), .. }) => Some(level.call_in_ms()),
            _ => None,
        }
    }
}

impl From<BusError> for Fault {
    fn from(error: BusError) -> Self {
        let code = match error {
            BusError::Overloaded { .. } | BusError::OverQuota(_) => FaultCode::Overloaded,
            BusError::TooDeep { .. } => FaultCode::Denied,
            BusError::NoSuchHost(_) => FaultCode::SessionGone,
            BusError::TooLarge { .. }
            | BusError::UnknownDomain(_)
            | BusError::Duplicate(_)
            | BusError::State(_) => FaultCode::InvalidInput,
            BusError::OutcomeUnknown(_) => FaultCode::Interrupted,
            BusError::AuditFull { .. }
            | BusError::TooManyDomains { .. }
            | BusError::Unavailable(_)
            | BusError::LeaseLost
            | BusError::Closed => FaultCode::Unavailable,
            BusError::Internal(_) => FaultCode::Internal,
        };
        Fault { retry_after_ms: error.retry_after_ms(), ..Fault::new(code, error.to_string()) }
    }
}
