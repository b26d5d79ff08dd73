//! Progress on its way out: the latest word of each call, sent when the line is free.

use super::scripts::{self, Args};
use super::seal::Kind;
use super::shared::Shared;
use super::wire;
use crate::BusError;
use parking_lot::Mutex;
use skep_core::{CallId, Incarnation, Progress};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// What is to be told, one word a call.
#[derive(Default)]
pub(super) struct Gauge {
    latest: Mutex<HashMap<CallId, (Incarnation, Progress)>>,
    more: Notify,
}

impl Gauge {
    /// Notes progress, in place of what the call said before. With too many calls it is dropped.
    pub(super) fn note(&self, to: Incarnation, progress: Progress, max: usize) {
        let mut latest = self.latest.lock();
        if latest.len() < max || latest.contains_key(&progress.call) {
            latest.insert(progress.call, (to, progress));
            self.more.notify_one();
        }
    }

    /// Sends progress until the life of this host ends.
    pub(super) async fn run(self: Arc<Self>, shared: Arc<Shared>) {
        loop {
            self.more.notified().await;
            let latest = std::mem::take(&mut *self.latest.lock());
            for (to, progress) in latest.into_values() {
                if let Err(error) = tell(&shared, to, &progress).await {
                    tracing::debug!(%error, call = %progress.call, "progress was lost");
                }
            }
        }
    }
}

async fn tell(shared: &Shared, to: Incarnation, progress: &Progress) -> Result<(), BusError> {
    // Any domain's mailbox will do.
    let domains = shared.domains();
    let Some(keys) = domains.first() else { return Ok(()) };
    let host = to.to_string();
    let frame = wire::notice_frame(&shared.seal, Kind::Progress, &host, progress)?;
    let command = shared
        .script(&scripts::TELL, keys)
        .args([&host])
        .args([shared.lease_ms(), shared.limits.host_stream_max])
        .args([Kind::Progress.as_str()])
        .args(frame.fields());
    shared.word(&command).await.map(drop)
}
