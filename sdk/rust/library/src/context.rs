//! The call that is being served: who asks, until when, how far it is, and whether anybody still waits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::host::context;

/// The id of this call: a UUID. Log records and the audit carry the same.
pub fn call_id() -> String {
    context::call_id()
}

/// 1 on the first attempt, one more for each retry.
pub fn attempt() -> u32 {
    context::attempt()
}

/// When the call ends, done or not.
pub fn deadline() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(context::deadline())
}

/// How long the call may still take.
pub fn time_left() -> Duration {
    deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

/// Who asked, the origin first, each later one on behalf of those before it: `operator:local`,
/// `key:4f1c`, `skill:csv-report`.
pub fn caller() -> Vec<String> {
    context::caller()
}

/// The caller's key for this piece of work, the same in every attempt, if it gave one.
pub fn idempotency_key() -> Option<String> {
    context::idempotency_key()
}

/// The session that this call belongs to, if the skill keeps sessions.
pub fn session() -> Option<String> {
    context::session()
}

/// Tells the caller how far the work is: `progress(3, 10, "pages read")`. Either of the last two may be
/// `None`. Report as often as you like: the host drops what comes too fast.
pub fn progress<'a>(done: u64, total: impl Into<Option<u64>>, message: impl Into<Option<&'a str>>) {
    context::progress(done, total.into(), message.into());
}

/// Whether the caller has gone away. Long work that asks now and then can end early and tidily.
pub fn cancelled() -> bool {
    context::cancelled()
}
