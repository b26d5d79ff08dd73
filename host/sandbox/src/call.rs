//! What goes into a call, and what comes back.

use bytes::Bytes;
use skep_core::{CallId, Fault, LogRecord, Outcome, Principal, SessionId, ToolName, UnixMs, Usage};
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// One call of a tool.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its id; log records and progress carry it.
    pub id: CallId,
    /// 1 on the first attempt.
    pub attempt: u32,
    /// When it ends, done or not. The permit's wall limit may end it sooner.
    pub deadline: UnixMs,
    /// Who asked, the origin first.
    pub chain: Vec<Principal>,
    /// The caller's key for this piece of work.
    pub idempotency_key: Option<String>,
    /// The session that it belongs to.
    pub session: Option<SessionId>,
    /// The tool.
    pub tool: ToolName,
    /// Its input: one JSON value, as text.
    pub input: Bytes,
    /// The skill's configuration, as `wasi:config/store` shows it.
    pub config: Arc<BTreeMap<String, String>>,
}

/// What a call came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// What it printed, cut at the limit.
    pub logs: Vec<LogRecord>,
    /// What it used.
    pub usage: Usage,
}

impl Report {
    /// The report of a call that no guest code ran for, or whose run was cut off.
    pub fn refused(fault: Fault) -> Self {
        Self { outcome: Err(fault), logs: Vec::new(), usage: Usage::default() }
    }

    /// The same, with the time that it took since `started`.
    pub(crate) fn timed(mut self, started: Instant) -> Self {
        self.usage.wall_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self
    }
}
