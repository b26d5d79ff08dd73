//! Hearing the other hosts: a subscription that comes back by itself, and tells what was lost meanwhile.

use super::broadcast::Airwaves;
use super::keys::Keys;
use super::link::Backoff;
use super::shared::{Domains, Shared};
use super::wire;
use crate::BusError;
use futures::StreamExt;
use redis::Msg;
use skep_core::Incarnation;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

/// How often it is seen whether the connection lives.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Hosts and domains whose last number is remembered. Those of hosts that ended are forgotten with the rest.
const SPEAKERS_MAX: usize = 4096;

/// The number of the last event that was heard, by domain and host.
#[derive(Default)]
struct Speakers(HashMap<(usize, Incarnation), u64>);

impl Speakers {
    /// How many events are missing before this one; nothing if it was heard before.
    fn missing(&mut self, domain: usize, from: Incarnation, number: u64) -> Option<u64> {
        if self.0.len() >= SPEAKERS_MAX && !self.0.contains_key(&(domain, from)) {
            self.0.clear();
        }
        match self.0.insert((domain, from), number) {
            Some(last) if number <= last => {
                self.0.insert((domain, from), last);
                None
            }
            Some(last) => Some(number - last - 1),
            None => Some(0),
        }
    }
}

/// Hears other hosts while this one listens, until its life ends.
pub(super) async fn run(shared: Arc<Shared>, airwaves: Arc<Airwaves>) {
    let mut listening = airwaves.ears.changes();
    let mut backoff = Backoff::new();
    // Whether something may have been missed since this host began to listen.
    let mut broken = false;
    while listening.wait_for(|listening| *listening).await.is_ok() {
        let broke = tokio::select! {
            Err(error) = follow(&shared, &airwaves, broken, &mut backoff) => Some(error),
            _ = listening.wait_for(|listening| !listening) => None,
        };
        // It may have been subscribed before it broke.
        broken = broke.is_some() && (broken || airwaves.subscribed.load(Ordering::Acquire));
        airwaves.subscribed.store(false, Ordering::Release);
        if let Some(error) = broke {
            tracing::warn!(%error, "events of other hosts can't be heard");
            backoff.wait().await;
        }
    }
}

async fn follow(
    shared: &Shared,
    airwaves: &Airwaves,
    broken: bool,
    backoff: &mut Backoff,
) -> Result<std::convert::Infallible, BusError> {
    let gone = |error: redis::RedisError| BusError::Unavailable(error.to_string());
    let late = |_| BusError::Unavailable("Redis is silent".to_owned());
    let wait = shared.limits.answer_wait;
    let (mut asked, mut messages) = shared.link.subscription().await?.split();
    let mut opened = shared.opened();
    let places = channels(&opened.borrow_and_update());
    timeout(wait, asked.subscribe(places)).await.map_err(late)?.map_err(gone)?;
    airwaves.subscribed.store(true, Ordering::Release);
    backoff.reset();
    if broken {
        airwaves.ears.lose(None);
    }
    let (mut speakers, mut ping) = (Speakers::default(), tokio::time::interval(PING_EVERY));
    loop {
        tokio::select! {
            message = messages.next() => {
                let ended = || BusError::Unavailable("the subscription ended".to_owned());
                hear(shared, airwaves, &mut speakers, &message.ok_or_else(ended)?);
            }
            // To subscribe again to what is heard already changes nothing.
            Ok(()) = opened.changed() => {
                let places = channels(&opened.borrow_and_update());
                timeout(wait, asked.subscribe(places)).await.map_err(late)?.map_err(gone)?;
            }
            _ = ping.tick() => {
                timeout(wait, asked.ping::<redis::Value>()).await.map_err(late)?.map_err(gone)?;
            }
        }
    }
}

fn channels(domains: &Domains) -> Vec<String> {
    domains.iter().map(|keys| keys.channel.clone()).collect()
}

fn hear(shared: &Shared, airwaves: &Airwaves, speakers: &mut Speakers, message: &Msg) {
    let channel = message.get_channel_name();
    let domains = shared.domains();
    let Some(keys) = domains.iter().find(|keys| keys.channel == channel) else { return };
    let opened = wire::event_open(&shared.seal, &keys.domain, message.get_payload_bytes());
    let Ok((from, number, event)) = opened else { return distrust(shared, keys) };
    // What this host says itself is heard without Redis.
    if from == shared.me {
        return;
    }
    let Some(missing) = speakers.missing(keys.index, from, number) else { return };
    if missing > 0 {
        airwaves.ears.lose(Some(missing));
    }
    airwaves.ears.take(Arc::new(event));
}

fn distrust(shared: &Shared, keys: &Keys) {
    shared.forged.fetch_add(1, Ordering::Relaxed);
    tracing::warn!(domain = %keys.domain, "an event that no host of this fleet had sealed: it is not believed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_counted_by_domain_and_host_and_nothing_is_heard_twice() {
        let (mut speakers, one, two) = (Speakers::default(), Incarnation::fresh(), Incarnation::fresh());
        let rows = [
            (0, one, 7, Some(0)),
            (0, one, 8, Some(0)),
            (0, one, 11, Some(2)),
            (0, one, 11, None),
            (0, one, 9, None),
            (0, one, 12, Some(0)),
            (1, one, 3, Some(0)),
            (0, two, 1, Some(0)),
            (0, two, 3, Some(1)),
        ];
        for (domain, from, number, expect) in rows {
            assert_eq!(speakers.missing(domain, from, number), expect, "{domain} {number}");
        }
        for _ in 0..SPEAKERS_MAX * 2 {
            speakers.missing(0, Incarnation::fresh(), 1);
        }
        assert!(speakers.0.len() <= SPEAKERS_MAX);
    }
}
