//! What happens, told to whoever listens on any host. Best effort throughout, so that no call ever waits for it.

use crate::BusError;
use async_trait::async_trait;
use parking_lot::Mutex;
use skep_core::{DomainName, Event};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};

/// What comes to the ears of a host that listens.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Something happened.
    Event(Arc<Event>),
    /// So many events were lost since the last that was heard; some, if nobody could count them.
    Lost(Option<u64>),
}

/// Telling what happens, and hearing it. What is told while nobody listens is told to nobody.
#[async_trait]
pub trait Broadcast: Send + Sync {
    /// Whether anybody listens to a domain, or to anything: somebody here, or on a host of which this one has
    /// learned within [`BusLimits::listeners_look`](crate::BusLimits::listeners_look). Asks nobody, so that
    /// every call may ask it before it makes an event.
    fn listened(&self, domain: Option<&DomainName>) -> bool;

    /// Tells an event to all hosts that listen, this one included. Never waits: what finds the queue full is lost.
    fn broadcast(&self, event: Event);

    /// Begins or ends listening, for all domains of this host.
    fn listen(&self, listening: bool);

    /// The next thing that is heard, from any host. Events of one host come in their order.
    async fn hear(&self) -> Result<Heard, BusError>;
}

/// The hearing end of one host.
pub(crate) struct Ears {
    listening: watch::Sender<bool>,
    queue: mpsc::Sender<Arc<Event>>,
    inbox: tokio::sync::Mutex<mpsc::Receiver<Arc<Event>>>,
    missed: Mutex<Missed>,
    told: Notify,
}

/// What was lost and has not been told.
#[derive(Default)]
struct Missed {
    count: u64,
    uncounted: bool,
}

impl Ears {
    pub(crate) fn new(queue_max: usize) -> Self {
        let (queue, inbox) = mpsc::channel(queue_max);
        Self {
            listening: watch::Sender::new(false),
            queue,
            inbox: tokio::sync::Mutex::new(inbox),
            missed: Mutex::default(),
            told: Notify::new(),
        }
    }

    pub(crate) fn listening(&self) -> bool {
        *self.listening.borrow()
    }

    pub(crate) fn listen(&self, listening: bool) {
        self.listening.send_if_modified(|now| std::mem::replace(now, listening) != listening);
    }

    /// Tells when listening begins and ends.
    pub(crate) fn changes(&self) -> watch::Receiver<bool> {
        self.listening.subscribe()
    }

    /// Takes an event, if anybody listens and there is room.
    pub(crate) fn take(&self, event: Arc<Event>) {
        if self.listening() && self.queue.try_send(event).is_err() {
            self.lose(Some(1));
        }
    }

    /// Notes that events were lost: how many, if that is known.
    pub(crate) fn lose(&self, count: Option<u64>) {
        let mut missed = self.missed.lock();
        match count {
            Some(count) => missed.count = missed.count.saturating_add(count),
            None => missed.uncounted = true,
        }
        drop(missed);
        self.told.notify_one();
    }

    pub(crate) async fn hear(&self) -> Heard {
        let mut inbox = self.inbox.lock().await;
        loop {
            let Missed { count, uncounted } = std::mem::take(&mut *self.missed.lock());
            if uncounted || count > 0 {
                return Heard::Lost((!uncounted).then_some(count));
            }
            tokio::select! {
                biased;
                Some(event) = inbox.recv() => return Heard::Event(event),
                () = self.told.notified() => {}
            }
        }
    }
}
