//! The hosts that run jobs: each beats in the database, and what one had whose beats stop is taken from it. By
//! that jobs outlive their hosts even where the bus knows nothing any more.

use crate::Inner;
use skep_core::{Incarnation, UnixMs};
use skep_store::StoreError;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often a host beats, and how often it looks at the others.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// How often this host beats while another is silent, until that one counts as dead.
const SILENCE_MAX: u64 = 8;

/// The other hosts: how often each had beaten, and how often this one had when that last changed. Silence is measured
/// in own beats, not by a clock: while the database is away or this host stands still, nobody's silence grows.
#[derive(Default)]
struct Others(HashMap<Incarnation, (u64, u64)>);

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
        let patience = if self.store.shared() { SILENCE_MAX } else { 0 };
        loop {
            if let Err(error) = self.look_after(&mut others, patience).await {
                tracing::debug!(%error, "the other hosts can't be seen");
            }
            tokio::time::sleep(BEAT_EVERY).await;
        }
    }

    async fn look_after(&self, others: &mut Others, patience: u64) -> Result<(), StoreError> {
        let me = self.bus.incarnation();
        let hosts = self.store.job_hosts().await?;
        let dead = others.silent(me, &hosts, patience);
        let living = hosts.iter().filter(|(host, beats)| **beats > 0 && !dead.contains_key(*host)).count();
        self.jobs.hosts.store(living, Ordering::Relaxed);
        for (host, beats) in dead {
            // The others' jobs don't wait for one whose can't be taken now.
            if let Err(error) = self.release_all(host, beats).await {
                tracing::warn!(%error, %host, "a dead host's jobs can't be taken from it yet");
            }
        }
        Ok(())
    }

    /// Takes all that a dead host had, unless it beats again.
    async fn release_all(&self, host: Incarnation, beats: u64) -> Result<(), StoreError> {
        loop {
            let jobs = self.store.jobs_held(host, None).await?;
            if jobs.is_empty() {
                return self.store.job_host_forget(host).await;
            }
            if !self.store.jobs_release(host, beats, &jobs, UnixMs::now(), rand::random()).await? {
                tracing::warn!(%host, "a host was only slow: it keeps the jobs that it has");
                return Ok(());
            }
            tracing::warn!(%host, count = jobs.len(), "a host died: its jobs go to others");
            self.jobs.more.notify_one();
        }
    }
}

impl Others {
    /// Who has been silent for too long, each with its beats.
    fn silent(
        &mut self,
        me: Incarnation,
        hosts: &BTreeMap<Incarnation, u64>,
        patience: u64,
    ) -> BTreeMap<Incarnation, u64> {
        let mine = hosts.get(&me).copied().unwrap_or(0);
        self.0.retain(|host, _| hosts.contains_key(host));
        for (host, beats) in hosts {
            let seen = self.0.entry(*host).or_insert((*beats, mine));
            // Who was taken for dead counts from the start again, this host too.
            if seen.0 != *beats || seen.1 > mine {
                *seen = (*beats, mine);
            }
        }
        let silent = |(host, (beats, since)): (&Incarnation, &(u64, u64))| {
            (*host != me && mine - since >= patience).then_some((*host, *beats))
        };
        self.0.iter().filter_map(silent).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_silent_while_this_host_beats_is_dead() {
        let [me, other] = [Incarnation::fresh(), Incarnation::fresh()];
        let mut others = Others::default();
        let mut look = |mine: u64, beats: u64| {
            let hosts = BTreeMap::from([(me, mine), (other, beats)]);
            others.silent(me, &hosts, SILENCE_MAX).into_iter().collect::<Vec<_>>()
        };
        for beat in 0..10 {
            assert_eq!(look(beat, beat), [], "it beats");
        }
        for mine in 10..17 {
            assert_eq!(look(mine, 9), [], "it is silent for {} beats", mine - 9);
        }
        // The database is away: whoever is silent may have no way to beat.
        for _ in 0..20 {
            assert_eq!(look(16, 9), []);
        }
        assert_eq!(look(17, 9), [(other, 9)]);
        assert_eq!(look(60, 9), [(other, 9)], "it takes long to take all from it");
        assert_eq!(look(61, 10), [], "it was only slow");
        assert_eq!(look(68, 10), []);
        assert_eq!(look(69, 10), [(other, 10)]);
        // This host was taken for dead itself.
        assert_eq!(look(1, 10), []);
        assert_eq!(look(9, 10), [(other, 10)]);
    }

    #[test]
    fn of_a_database_that_is_not_shared_all_others_are_dead_at_once() {
        let [me, other] = [Incarnation::fresh(), Incarnation::fresh()];
        let hosts = BTreeMap::from([(me, 1), (other, 4)]);
        assert_eq!(Others::default().silent(me, &hosts, 0), [(other, 4)].into());
    }
}
