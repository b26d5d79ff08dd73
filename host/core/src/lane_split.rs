//! How the lanes share what there is room for: 8:3:1, exact over time for any number of places.

const WEIGHTS: [i64; 3] = [8, 3, 1];

/// Smooth weighted round robin over [`Lane::ALL`](crate::Lane::ALL).
#[derive(Debug, Default, Clone)]
pub struct LaneSplit {
    credit: [i64; 3],
}

impl LaneSplit {
    /// How many of `places` each lane gets first; what a lane can't use goes to the others.
    pub fn quotas(&mut self, places: usize) -> [usize; 3] {
        let mut quotas = [0; 3];
        for _ in 0..places {
            quotas[self.next()] += 1;
        }
        quotas
    }

    /// The lanes that the next `places` go to, one digit each, for whoever doesn't know yet how many of them
    /// there are.
    pub fn order(&self, places: usize) -> String {
        let mut ahead = self.clone();
        (0..places).map(|_| ["0", "1", "2"][ahead.next()]).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_over_time_whatever_the_places() {
        for places in [1, 2, 5, 12, 64] {
            let mut split = LaneSplit::default();
            let mut total = [0; 3];
            for _ in 0..12 {
                for (sum, quota) in total.iter_mut().zip(split.quotas(places)) {
                    *sum += quota;
                }
            }
            assert_eq!(total, [8 * places, 3 * places, places], "{places} places");
        }
    }

    #[test]
    fn the_order_is_that_of_the_quotas() {
        let mut split = LaneSplit::default();
        for places in [1, 2, 5, 12, 64] {
            let order = split.order(places);
            let counted = ["0", "1", "2"].map(|lane| order.matches(lane).count());
            assert_eq!(counted, split.quotas(places), "{order}");
        }
    }
}
