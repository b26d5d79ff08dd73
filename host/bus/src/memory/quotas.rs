//! The quotas of one domain, in memory: how far rates are drawn down, and how many calls are under way.

use crate::{BusError, Charge, OverQuota, Payer, Spent};
use skep_core::{CallId, Rate, RateLevel};
use std::collections::HashMap;
use std::time::Instant;

/// Buckets that are kept without looking whether they are full again.
const UNSWEPT_MIN: usize = 64;

/// A bucket, and as of when. One that is full is as good as none.
struct Bucket {
    level: RateLevel,
    at_ms: u64,
}

impl Bucket {
    fn now(&self, now_ms: u64) -> RateLevel {
        self.level.after(now_ms.saturating_sub(self.at_ms))
    }
}

/// What a call may draw, once it is admitted.
pub(super) struct Drawn {
    at_ms: u64,
    levels: Vec<(Payer, RateLevel)>,
}

pub(super) struct Quotas {
    began: Instant,
    /// By whose they are and of which rate: one that was changed begins anew.
    buckets: HashMap<(Payer, Rate), Bucket>,
    /// At how many buckets the full ones are dropped.
    sweep_at: usize,
    under_way: HashMap<Payer, u32>,
    charged: HashMap<CallId, Vec<Payer>>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            buckets: HashMap::new(),
            sweep_at: UNSWEPT_MIN,
            under_way: HashMap::new(),
            charged: HashMap::new(),
        }
    }
}

impl Quotas {
    /// Whether these charges can be taken, and what that would draw.
    pub(super) fn check(&self, charges: &[Charge]) -> Result<Drawn, BusError> {
        let at_ms = if charges.is_empty() { 0 } else { self.began.elapsed().as_millis() as u64 };
        self.check_at(charges, at_ms)
    }

    fn check_at(&self, charges: &[Charge], at_ms: u64) -> Result<Drawn, BusError> {
        let mut levels = Vec::new();
        for Charge { payer, quota } in charges {
            let over = |spent| BusError::OverQuota(OverQuota { payer: payer.clone(), spent });
            if let Some(many) = quota.concurrency
                && self.under_way.get(payer).is_some_and(|count| *count >= many.get())
            {
                return Err(over(Spent::Concurrency(many)));
            }
            if let Some(rate) = quota.rate {
                let bucket = self.buckets.get(&(payer.clone(), rate));
                let level = bucket.map_or(RateLevel::new(rate, 0), |bucket| bucket.now(at_ms));
                levels.push((payer.clone(), level.draw().ok_or_else(|| over(Spent::Rate(level)))?));
            }
        }
        Ok(Drawn { at_ms, levels })
    }

    /// Takes the charges of a call that was admitted. Says how far the rate of who asked is drawn down.
    pub(super) fn charge(&mut self, id: CallId, charges: Vec<Charge>, drawn: Drawn) -> Option<RateLevel> {
        let Drawn { at_ms, levels } = drawn;
        let own = levels.iter().find(|(payer, _)| matches!(payer, Payer::Principal(_)));
        let own = own.map(|(_, level)| *level);
        for (payer, level) in levels {
            self.buckets.insert((payer, level.rate()), Bucket { level, at_ms });
        }
        let counted = charges.into_iter().filter(|charge| charge.quota.concurrency.is_some());
        let counted: Vec<_> = counted.map(|charge| charge.payer).collect();
        for payer in &counted {
            *self.under_way.entry(payer.clone()).or_default() += 1;
        }
        if !counted.is_empty() {
            self.charged.insert(id, counted);
        }
        self.sweep(at_ms);
        own
    }

    /// Drops what is full again, seldom enough that each call pays for its own bucket alone.
    fn sweep(&mut self, now_ms: u64) {
        if self.buckets.len() >= self.sweep_at {
            self.buckets.retain(|_, bucket| bucket.now(now_ms).debt() > 0);
            self.sweep_at = (self.buckets.len() * 2).max(UNSWEPT_MIN);
        }
    }

    /// A call that is over counts no more.
    pub(super) fn discharge(&mut self, id: CallId) {
        for payer in self.charged.remove(&id).into_iter().flatten() {
            if let Some(count) = self.under_way.get_mut(&payer) {
                *count -= 1;
                if *count == 0 {
                    self.under_way.remove(&payer);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::{Principal, Quota};

    #[test]
    fn buckets_that_are_full_again_are_dropped() {
        let mut quotas = Quotas::default();
        for n in 0..10_000 {
            let payer = Payer::Principal(Principal::Agent(n.to_string()));
            let quota = Quota { rate: Some("10/s".parse().unwrap()), concurrency: None };
            let charges = vec![Charge { payer, quota }];
            // A call is back after 100 ms, so at most a hundred of these are not full.
            let drawn = quotas.check_at(&charges, n).unwrap();
            quotas.charge(CallId::fresh(), charges, drawn);
            assert!(quotas.buckets.len() <= 2 * 100, "{}", quotas.buckets.len());
        }
    }
}
