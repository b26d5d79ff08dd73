//! The queues of a domain: which one an entry stands in, and for which a host has room.

use crate::BusError;
use skep_core::{CALL_DEPTH_MAX, Envelope, Incarnation, Lane};
use std::fmt;

/// A queue of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Queue {
    /// Calls from outside, by priority.
    Lane(Lane),
    /// Calls by skills, by how many skills stand before them: none waits behind calls of lesser depth.
    Depth(usize),
    /// Calls of the sessions that one host holds.
    Sessions(Incarnation),
}

impl Queue {
    /// Where an entry stands.
    pub(crate) fn of(envelope: &Envelope) -> Self {
        match (&envelope.session, envelope.depth()) {
            (Some(session), _) => Self::Sessions(session.host),
            (None, 0) => Self::Lane(envelope.lane),
            (None, depth) => Self::Depth(depth),
        }
    }

    /// The queues that every host reads, the most urgent first.
    pub(crate) fn shared() -> impl Iterator<Item = Self> {
        (1..CALL_DEPTH_MAX).rev().map(Self::Depth).chain(Lane::ALL.map(Self::Lane))
    }

    /// The queues that this host reads, in the order in which the script that reads them answers.
    pub(crate) fn read_by(me: Incarnation) -> impl Iterator<Item = Self> {
        (1..CALL_DEPTH_MAX)
            .rev()
            .map(Self::Depth)
            .chain([Self::Sessions(me)])
            .chain(Lane::ALL.map(Self::Lane))
    }

    /// The depth whose room its entries take. Calls of sessions take that of calls from outside.
    pub(crate) fn depth(self) -> usize {
        if let Self::Depth(depth) = self { depth } else { 0 }
    }
}

/// The queue as it stands in keys.
impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lane(lane) => f.write_str(lane.as_str()),
            Self::Depth(depth) => write!(f, "d{depth}"),
            Self::Sessions(host) => write!(f, "to:{host}"),
        }
    }
}

/// Refuses what is nested too deep for any queue.
pub(crate) fn check_depth(envelope: &Envelope) -> Result<(), BusError> {
    let depth = envelope.depth();
    if depth < CALL_DEPTH_MAX { Ok(()) } else { Err(BusError::TooDeep { depth }) }
}

/// How many deliveries a host has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub total: usize,
    /// Of each depth: calls from outside and of sessions, calls by skills, calls by skills that a skill called…
    pub depths: [usize; CALL_DEPTH_MAX],
}

impl Room {
    /// Room for this many, of whatever depth.
    pub fn of(total: usize) -> Self {
        Self { total, depths: [total; CALL_DEPTH_MAX] }
    }

    /// How many of this depth.
    pub(crate) fn at(&self, depth: usize) -> usize {
        self.depths.get(depth).map_or(0, |room| self.total.min(*room))
    }

    /// Whether there is any.
    pub(crate) fn is_open(&self) -> bool {
        (0..CALL_DEPTH_MAX).any(|depth| self.at(depth) > 0)
    }

    /// Whether there is some at each depth at which `other` has some.
    pub(crate) fn covers(&self, other: &Room) -> bool {
        (0..CALL_DEPTH_MAX).all(|depth| self.at(depth) > 0 || other.at(depth) == 0)
    }

    /// Takes a place, if there is one.
    pub(crate) fn take(&mut self, depth: usize) -> bool {
        let free = self.at(depth) > 0;
        if free {
            self.total -= 1;
            self.depths[depth] -= 1;
        }
        free
    }

    pub(crate) fn at_most(self, total: usize) -> Self {
        Self { total: self.total.min(total), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_in_all_and_by_depth() {
        let mut room = Room { total: 2, depths: [1, 0, 5, 5] };
        assert_eq!([0, 1, 2, 3, 4].map(|depth| room.at(depth)), [1, 0, 2, 2, 0]);
        assert!(room.take(0) && !room.take(0) && !room.take(1));
        assert!(room.is_open() && room.take(3));
        assert!(!room.is_open() && !room.take(2));
    }

    #[test]
    fn a_room_covers_what_opens_no_further_depth() {
        let deep = Room { total: 1, depths: [0, 1, 1, 1] };
        assert!(Room::of(1).covers(&deep) && deep.covers(&Room::of(0)));
        assert!(!deep.covers(&Room::of(1)));
        assert!(!Room { total: 0, ..deep }.covers(&deep));
    }
}
