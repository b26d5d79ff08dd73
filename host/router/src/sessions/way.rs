//! Who gives way where there is no place for another session.

use skep_core::{Principal, SessionId};
use std::collections::HashMap;
use std::time::Duration;

/// A session that counts.
pub(super) struct Seat<'a> {
    pub(super) id: SessionId,
    pub(super) origin: Option<&'a Principal>,
    /// How long it has rested, unless a call uses it.
    pub(super) rested: Option<Duration>,
}

/// Which one gives way to a new one of `origin`: its own that rests longest. Where it has none to give, one
/// of those that hold the most, and more than it does: so nobody is put out by who has as much.
pub(super) fn gives_way<'a>(seats: &[Seat<'a>], origin: Option<&'a Principal>) -> Option<SessionId> {
    let mut held = HashMap::<_, usize>::new();
    for seat in seats {
        *held.entry(seat.origin).or_default() += 1;
    }
    let of = |origin| held.get(&origin).copied().unwrap_or_default();
    let own = of(origin);
    let fair = |seat: &&Seat<'a>| seat.rested.is_some() && (seat.origin == origin || of(seat.origin) > own);
    let order = |seat: &&Seat<'a>| (seat.origin == origin, of(seat.origin), seat.rested);
    seats.iter().filter(fair).max_by_key(order).map(|seat| seat.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::Incarnation;

    /// Who of these, each with its owner and how long it has rested, gives way to a new one of `origin`.
    fn check(seats: &[(&str, Option<u64>)], origin: &str, expect: Option<usize>) {
        let who = |name: &str| Principal::Agent(name.to_owned());
        let host = Incarnation::fresh();
        let owners: Vec<_> = seats.iter().map(|(owner, _)| who(owner)).collect();
        let seats = owners.iter().zip(seats).map(|(owner, (_, rested))| Seat {
            id: SessionId::fresh(host),
            origin: Some(owner),
            rested: rested.map(Duration::from_secs),
        });
        let seats: Vec<_> = seats.collect();
        let found = gives_way(&seats, Some(&who(origin)));
        assert_eq!(found, expect.map(|index| seats[index].id), "for {origin}");
    }

    #[test]
    fn ones_own_gives_way_first_and_the_one_that_rests_longest() {
        let seats = [("ann", Some(1)), ("ann", Some(3)), ("ann", Some(2)), ("bob", Some(9))];
        check(&seats, "ann", Some(1));
        check(&seats, "bob", Some(3));
        check(&[("ann", Some(1)), ("ann", None)], "ann", Some(0));
    }

    #[test]
    fn others_give_way_only_if_they_hold_more() {
        let seats = [("ann", Some(1)), ("ann", Some(3)), ("bob", Some(9)), ("bob", None), ("bob", Some(4))];
        check(&seats, "eve", Some(2));
        check(&[("ann", Some(1)), ("bob", None)], "eve", Some(0));
        // Whoever keeps all of its own busy can't put out who has one at rest.
        check(&[("ann", None), ("ann", None), ("bob", Some(9))], "ann", None);
        check(&[("ann", None), ("bob", None)], "eve", None);
    }
}
