//! How the room for calls from outside is shared: by turns between the host's sessions and the lanes, and among the
//! lanes 8:3:1, exact over time for any number of slots.

use skep_core::Lane;

const WEIGHTS: [i64; 3] = [8, 3, 1];

/// Smooth weighted round robin over [`Lane::ALL`].
#[derive(Debug, Default, Clone)]
pub(crate) struct LaneSplit {
    credit: [i64; 3],
}

impl LaneSplit {
    /// How many of `slots` each lane gets first; what a lane can't use goes to the others.
    pub(crate) fn quotas(&mut self, slots: usize) -> [usize; 3] {
        let mut quotas = [0; 3];
        for _ in 0..slots {
            quotas[self.next()] += 1;
        }
        quotas
    }

    /// The lanes that the next `slots` go to, one digit each, for whoever doesn't know yet how many of them
    /// there are.
    pub(crate) fn order(&self, slots: usize) -> String {
        let mut ahead = self.clone();
        (0..slots).map(|_| ["0", "1", "2"][ahead.next()]).collect()
    }

    fn next(&mut self) -> usize {
        let mut chosen = 0;
        for (lane, weight) in WEIGHTS.iter().enumerate() {
            self.credit[lane] += weight;
            if self.credit[lane] > self.credit[chosen] {
                chosen = lane;
            }
        }
        self.credit[chosen] -= WEIGHTS.iter().sum::<i64>();
        chosen
    }
}

/// How many of `slots` sessions get first. A slot that can't be halved is theirs every other turn.
pub(crate) fn session_quota(slots: usize, turn: usize) -> usize {
    (slots + turn % 2) / 2
}

/// The place of a lane in [`Lane::ALL`].
pub(crate) fn lane_index(lane: Lane) -> usize {
    match lane {
        Lane::Hi => 0,
        Lane::No => 1,
        Lane::Lo => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_over_time_whatever_the_slots() {
        for slots in [1, 2, 5, 12, 64] {
            let mut split = LaneSplit::default();
            let mut total = [0; 3];
            for _ in 0..12 {
                for (sum, quota) in total.iter_mut().zip(split.quotas(slots)) {
                    *sum += quota;
                }
            }
            assert_eq!(total, [8 * slots, 3 * slots, slots], "{slots} slots");
        }
    }

    #[test]
    fn the_order_is_that_of_the_quotas() {
        let mut split = LaneSplit::default();
        for slots in [1, 2, 5, 12, 64] {
            let order = split.order(slots);
            let counted = ["0", "1", "2"].map(|lane| order.matches(lane).count());
            assert_eq!(counted, split.quotas(slots), "{order}");
        }
    }

    #[test]
    fn lanes_stand_where_their_index_says() {
        for lane in Lane::ALL {
            assert_eq!(Lane::ALL[lane_index(lane)], lane);
        }
    }
}
