//! Events over Redis: published on a channel of their domain while some other host is subscribed to it.

use super::RedisBus;
use super::keys::Keys;
use super::link::Backoff;
use super::shared::Shared;
use super::wire;
use crate::BusError;
use crate::broadcast::{Broadcast, Ears, Heard};
use async_trait::async_trait;
use redis::{Value, cmd};
use skep_core::{DomainName, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Events published in one go.
const BATCH_MAX: usize = 64;

/// One host's part in telling and hearing.
pub(super) struct Airwaves {
    pub(super) ears: Ears,
    outbox: mpsc::Sender<Arc<Event>>,
    /// Whether this host is subscribed, and so counted among those who are.
    pub(super) subscribed: AtomicBool,
}

/// What others are told of a domain.
#[derive(Default)]
pub(super) struct Audience {
    /// Whether another host listens.
    listens: AtomicBool,
    /// Events that found the outbox full and were not numbered yet.
    dropped: AtomicU64,
}

impl Airwaves {
    pub(super) fn new(queue_max: usize) -> (Self, mpsc::Receiver<Arc<Event>>) {
        let (outbox, orders) = mpsc::channel(queue_max);
        (Self { ears: Ears::new(queue_max), outbox, subscribed: AtomicBool::new(false) }, orders)
    }
}

impl Shared {
    /// Whose channel an event goes on: what belongs to no domain goes with the first.
    fn channel_of(&self, event: &Event) -> Option<Arc<Keys>> {
        match &event.topic.domain {
            Some(domain) => self.keys(domain).ok(),
            None => self.domains().first().cloned(),
        }
    }
}

#[async_trait]
impl Broadcast for RedisBus {
    fn listened(&self, domain: Option<&DomainName>) -> bool {
        let shared = &self.shared;
        let by_others = |keys: &Keys| keys.audience.listens.load(Ordering::Relaxed);
        match domain {
            Some(domain) => {
                shared.keys(domain).is_ok_and(|keys| self.airwaves.ears.listening() || by_others(&keys))
            }
            None => self.airwaves.ears.listening() || shared.domains().iter().any(|keys| by_others(keys)),
        }
    }

    fn broadcast(&self, event: Event) {
        let Some(keys) = self.shared.channel_of(&event) else { return };
        let event = Arc::new(event);
        if keys.audience.listens.load(Ordering::Relaxed)
            && self.airwaves.outbox.try_send(event.clone()).is_err()
        {
            keys.audience.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.airwaves.ears.take(event);
    }

    fn listen(&self, listening: bool) {
        self.airwaves.ears.listen(listening);
    }

    async fn hear(&self) -> Result<Heard, BusError> {
        tokio::select! {
            biased;
            ended = self.shared.ended() => Err(ended),
            heard = self.airwaves.ears.hear() => Ok(heard),
        }
    }
}

/// Publishes events until the life of this host ends. Each has a number of its domain, so that whoever hears them
/// learns what was lost.
pub(super) async fn speak(shared: Arc<Shared>, mut outbox: mpsc::Receiver<Arc<Event>>) {
    let mut said = Vec::new();
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while outbox.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let mut pipe = redis::pipe();
        for event in batch.drain(..) {
            let Some(keys) = shared.channel_of(&event) else { continue };
            let number = number_of(&mut said, keys.index);
            *number += 1;
            match wire::event_message(&shared.seal, &keys.domain, shared.me, *number, &event) {
                Ok(message) => pipe.cmd("PUBLISH").arg(&keys.channel).arg(message).ignore(),
                Err(error) => {
                    tracing::error!(%error, "an event can't be written");
                    continue;
                }
            };
        }
        // What found no room came after what had some.
        for keys in shared.domains().iter() {
            *number_of(&mut said, keys.index) += keys.audience.dropped.swap(0, Ordering::Relaxed);
        }
        if let Err(error) = shared.link.pipeline(&pipe).await {
            // Whoever listens sees the gap.
            tracing::debug!(%error, "events were lost");
        }
    }
}

/// The number of the last event of a domain, which may have been opened since.
fn number_of(said: &mut Vec<u64>, index: usize) -> &mut u64 {
    if said.len() <= index {
        said.resize(index + 1, 0);
    }
    &mut said[index]
}

/// Looks now and then whether other hosts listen, until the life of this host ends.
pub(super) async fn look(shared: Arc<Shared>, airwaves: Arc<Airwaves>) {
    let mut backoff = Backoff::new();
    loop {
        match look_once(&shared, &airwaves).await {
            Ok(()) => {
                backoff.reset();
                tokio::time::sleep(shared.limits.listeners_look).await;
            }
            Err(error) => {
                tracing::debug!(%error, "whether other hosts listen isn't known");
                backoff.wait().await;
            }
        }
    }
}

async fn look_once(shared: &Shared, airwaves: &Airwaves) -> Result<(), BusError> {
    let mut count = cmd("PUBSUB");
    count.arg("NUMSUB");
    let domains = shared.domains();
    for keys in domains.iter() {
        count.arg(&keys.channel);
    }
    let own = i64::from(airwaves.subscribed.load(Ordering::Acquire));
    let Value::Array(counted) = shared.link.command(&count).await? else {
        return Err(BusError::Internal("PUBSUB NUMSUB gave no list".to_owned()));
    };
    // A name, then its number.
    for (keys, number) in domains.iter().zip(counted.iter().skip(1).step_by(2)) {
        let others = matches!(number, Value::Int(number) if *number > own);
        keys.audience.listens.store(others, Ordering::Relaxed);
    }
    Ok(())
}
