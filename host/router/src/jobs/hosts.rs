//! The hosts that run jobs: each beats in the database, and what one had whose beats stop is taken from it. By
//! that jobs outlive their hosts even where the bus knows nothing any more.

use crate::Inner;
use skep_core::{Incarnation, UnixMs};
use skep_store::StoreError;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often a host beats, and how often it looks at the others.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// How long a host may be silent before it counts as dead.
const SILENCE_MAX: Duration = Duration::from_secs(8);
/// After a look that took longer than this the others may have had to wait as well.
const LOOK_MAX: Duration = Duration::from_secs(3);

/// The other hosts: how often each had beaten, and since when that hasn't changed.
#[derive(Default)]
struct Others {
    seen: HashMap<Incarnation, (u64, Instant)>,
    looked: Option<Instant>,
}

impl Inner {
    /// Tells the others that this host lives, whatever else it has to do.
    pub(crate) async fn beat(self: Arc<Self>) {
        loop {
            if let Err(error) = self.store.job_host_beat(self.bus.incarnation()).await {
                tracing::debug!(%error, "the other hosts can't be told that this one lives");
            }
            tokio::time::sleep(BEAT_EVERY).await;
        }
    }

    /// Looks after the jobs of hosts that don't beat any more.
    pub(crate) async fn follow_hosts(self: Arc<Self>) {
        let mut others = Others::default();
        // Nobody else can use a database that isn't shared: whoever had jobs there before has ended.
        let patience = if self.store.shared() { SILENCE_MAX } else { Duration::ZERO };
        loop {
            if let Err(error) = self.look_after(&mut others, patience).await {
                tracing::debug!(%error, "the other hosts can't be seen");
            }
            tokio::time::sleep(BEAT_EVERY).await;
        }
    }

    async fn look_after(&self, others: &mut Others, patience: Duration) -> Result<(), StoreError> {
        let me = self.bus.incarnation();
        let hosts = self.store.job_hosts().await?;
        let dead = others.silent(me, &hosts, Instant::now(), patience);
        let living = hosts.iter().filter(|(host, beats)| **beats > 0 && !dead.contains(host)).count();
        self.jobs.hosts.store(living, Ordering::Relaxed);
        for host in dead {
            // The others' jobs don't wait for one whose can't be taken now.
            if let Err(error) = self.release_all(host).await {
                tracing::warn!(%error, %host, "a dead host's jobs can't be taken from it yet");
            }
        }
        Ok(())
    }

    /// Takes all that a dead host had.
    async fn release_all(&self, host: Incarnation) -> Result<(), StoreError> {
        loop {
            let jobs = self.store.jobs_held(host, None).await?;
            if jobs.is_empty() {
                return self.store.job_host_forget(host).await;
            }
            tracing::warn!(%host, count = jobs.len(), "a host died: its jobs go to others");
            self.store.jobs_release(host, &jobs, UnixMs::now(), rand::random()).await?;
            self.jobs.more.notify_one();
        }
    }
}

impl Others {
    /// Who has been silent for too long, by this host's own clock.
    fn silent(
        &mut self,
        me: Incarnation,
        hosts: &BTreeMap<Incarnation, u64>,
        now: Instant,
        patience: Duration,
    ) -> Vec<Incarnation> {
        let blind = self.looked.is_none_or(|looked| now.duration_since(looked) > LOOK_MAX);
        self.looked = Some(now);
        self.seen.retain(|host, _| hosts.contains_key(host));
        for (host, beats) in hosts {
            let seen = self.seen.entry(*host).or_insert((*beats, now));
            if blind || seen.0 != *beats {
                *seen = (*beats, now);
            }
        }
        let silent = |(host, (_, since)): (&Incarnation, &(u64, Instant))| {
            (*host != me && now.duration_since(*since) >= patience).then_some(*host)
        };
        self.seen.iter().filter_map(silent).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_silent_for_long_before_open_eyes_is_dead() {
        let [me, other] = [Incarnation::fresh(), Incarnation::fresh()];
        let (mut others, start) = (Others::default(), Instant::now());
        let mut look = |second: u64, beats: u64| {
            let now = start + Duration::from_secs(second);
            others.silent(me, &BTreeMap::from([(me, 1), (other, beats)]), now, SILENCE_MAX)
        };
        for second in 0..10 {
            assert_eq!(look(second, second), [], "it beats");
        }
        for second in 10..17 {
            assert_eq!(look(second, 9), [], "it is silent for {} s", second - 9);
        }
        assert_eq!(look(17, 9), [other]);
        // The database was away: whoever is silent may have had no way to beat.
        assert_eq!(look(60, 9), []);
        for second in 61..68 {
            assert_eq!(look(second, 9), []);
        }
        assert_eq!(look(68, 9), [other]);
        assert_eq!(look(69, 10), [], "it was only slow");
    }

    #[test]
    fn of_a_database_that_is_not_shared_all_others_are_dead_at_once() {
        let [me, other] = [Incarnation::fresh(), Incarnation::fresh()];
        let hosts = BTreeMap::from([(me, 1), (other, 4)]);
        assert_eq!(Others::default().silent(me, &hosts, Instant::now(), Duration::ZERO), [other]);
    }
}
