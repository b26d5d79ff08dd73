//! What a running guest may ask of its host, answered by the router.

use skep_core::{Envelope, Incarnation, Progress};
use skep_sandbox::Services;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Progress reports that wait to be passed on; what is more is dropped, the guest never waits.
pub(crate) const REPORTS_MAX: usize = 1024;

/// A progress report and the host whose caller waits for it.
pub(crate) type Report = (Incarnation, Progress);

/// The services of one call.
pub(crate) struct CallServices {
    from: Incarnation,
    stop: CancellationToken,
    reports: mpsc::Sender<Report>,
}

impl CallServices {
    pub(crate) fn new(envelope: &Envelope, stop: CancellationToken, reports: mpsc::Sender<Report>) -> Self {
        Self { from: envelope.from, stop, reports }
    }
}

impl Services for CallServices {
    fn progress(&self, progress: Progress) {
        let _ = self.reports.try_send((self.from, progress));
    }

    fn cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }
}
