//! What a host takes next: of each queue what it has room for, by turns, and among the lanes 8:3:1.

use skep_core::{Lane, LaneSplit, UnixMs};
use skep_store::{Queue, QueueDue, Wanted};
use std::collections::HashMap;

/// The turns of the queues, from one plan to the next.
#[derive(Default)]
pub(super) struct Turns {
    /// Where the next plan begins, so that no queue is always last.
    next: usize,
    splits: HashMap<Queue, LaneSplit>,
}

/// What a plan comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What is to be taken.
    pub(super) wanted: Vec<Wanted>,
    /// When the next job is due that isn't yet.
    pub(super) next: Option<UnixMs>,
}

impl Plan {
    /// How many jobs are to be taken.
    pub(super) fn count(&self) -> usize {
        self.wanted.iter().map(|wanted| wanted.count).sum()
    }
}

impl Turns {
    /// Plans what to take of what waits: `free` jobs at most, and of each queue as many as it has room for.
    pub(super) fn plan(
        &mut self,
        waits: &[QueueDue],
        now: UnixMs,
        mut free: usize,
        room: &HashMap<Queue, usize>,
    ) -> Plan {
        self.splits.retain(|queue, _| waits.iter().any(|waits| waits.queue == *queue));
        let mut wanted = Vec::new();
        for offset in 0..waits.len() {
            let waits = &waits[self.next.wrapping_add(offset) % waits.len()];
            let there = usize::try_from(waits.waiting).unwrap_or(usize::MAX);
            let room = room.get(&waits.queue).copied().unwrap_or(0).min(free).min(there);
            let due = waits.due.map(|due| due.is_some_and(|due| due <= now));
            if room == 0 || due == [false; 3] {
                continue;
            }
            free -= room;
            let split = self.splits.entry(waits.queue.clone()).or_default();
            for (lane, count) in Lane::ALL.into_iter().zip(shares(split.quotas(room), due)) {
                if count > 0 {
                    wanted.push(Wanted { queue: waits.queue.clone(), lane, count });
                }
            }
        }
        // A plan that takes nothing was nobody's turn.
        self.next = self.next.wrapping_add(usize::from(!wanted.is_empty()));
        let later = waits.iter().flat_map(|waits| waits.due).flatten().filter(|due| *due > now);
        Plan { wanted, next: later.min() }
    }
}

/// What a lane can't use goes to the most urgent one that can.
fn shares(mut quotas: [usize; 3], due: [bool; 3]) -> [usize; 3] {
    let mut spare = 0;
    for (quota, due) in quotas.iter_mut().zip(due) {
        if !due {
            spare += std::mem::take(quota);
        }
    }
    if let Some(first) = due.iter().position(|due| *due) {
        quotas[first] += spare;
    }
    quotas
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(skill: &str) -> Queue {
        Queue { domain: "main".parse().unwrap(), skill: skill.parse().unwrap() }
    }

    fn waits(skill: &str, due: [Option<u64>; 3]) -> QueueDue {
        QueueDue { queue: queue(skill), waiting: 12, due: due.map(|due| due.map(UnixMs)) }
    }

    fn taken(plan: &Plan, skill: &str, lane: Lane) -> usize {
        let of = plan.wanted.iter().filter(|w| w.queue == queue(skill) && w.lane == lane);
        of.map(|wanted| wanted.count).sum()
    }

    #[test]
    fn lanes_share_a_queue_and_what_one_cannot_use_is_the_others() {
        let (mut turns, room) = (Turns::default(), HashMap::from([(queue("a"), 12)]));
        let plan = turns.plan(&[waits("a", [Some(1), Some(1), Some(1)])], UnixMs(1), 64, &room);
        assert_eq!(Lane::ALL.map(|lane| taken(&plan, "a", lane)), [8, 3, 1]);
        let plan = turns.plan(&[waits("a", [None, Some(1), Some(2)])], UnixMs(1), 64, &room);
        assert_eq!(Lane::ALL.map(|lane| taken(&plan, "a", lane)), [0, 12, 0]);
        assert_eq!(plan.next, Some(UnixMs(2)));
    }

    #[test]
    fn no_queue_takes_more_than_its_room_and_all_get_their_turn() {
        let (mut turns, due) = (Turns::default(), [None, Some(1), None]);
        let room = HashMap::from([(queue("a"), 2), (queue("b"), 2)]);
        let all = [waits("a", due), waits("b", due), waits("full", due)];
        let mut seen = [0, 0];
        for _ in 0..6 {
            let plan = turns.plan(&all, UnixMs(1), 2, &room);
            for (seen, skill) in seen.iter_mut().zip(["a", "b"]) {
                *seen += taken(&plan, skill, Lane::No);
            }
            assert_eq!(plan.wanted.iter().map(|w| w.count).sum::<usize>(), 2);
            assert_eq!((taken(&plan, "full", Lane::No), plan.next), (0, None));
        }
        assert!(seen.iter().all(|seen| *seen >= 4), "{seen:?}");
        // Room for more than there is stays free for others.
        let wide = HashMap::from([(queue("a"), 60), (queue("b"), 60)]);
        let plan = turns.plan(&all, UnixMs(1), 24, &wide);
        assert_eq!(["a", "b"].map(|skill| taken(&plan, skill, Lane::No)), [12, 12]);
        assert_eq!(turns.plan(&all, UnixMs(1), 0, &room).wanted, []);
        assert_eq!(turns.plan(&[], UnixMs(1), 8, &room), Plan { wanted: Vec::new(), next: None });
    }

    #[test]
    fn looks_that_take_nothing_turn_nobody_away() {
        let (mut turns, due) = (Turns::default(), [None, Some(1), None]);
        let room = HashMap::from([(queue("a"), 1), (queue("b"), 1)]);
        let all = [waits("a", due), waits("b", due)];
        let mut firsts = Vec::new();
        for _ in 0..4 {
            assert_eq!(turns.plan(&all, UnixMs(1), 0, &room).wanted, []);
            firsts.push(turns.plan(&all, UnixMs(1), 1, &room).wanted[0].queue.clone());
        }
        assert_eq!(firsts, ["a", "b", "a", "b"].map(queue));
    }

    #[test]
    fn over_time_a_narrow_queue_serves_every_lane() {
        let (mut turns, room) = (Turns::default(), HashMap::from([(queue("a"), 1)]));
        let all = [waits("a", [Some(1), Some(1), Some(1)])];
        let plans: Vec<_> = (0..24).map(|_| turns.plan(&all, UnixMs(1), 64, &room)).collect();
        let of = |lane| plans.iter().map(|plan| taken(plan, "a", lane)).sum::<usize>();
        assert_eq!(Lane::ALL.map(of), [16, 6, 2]);
    }
}
