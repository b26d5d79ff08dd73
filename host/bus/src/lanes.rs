//! How the room for calls from outside is shared: by turns between the host's sessions and the lanes.

use skep_core::Lane;

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
    fn lanes_stand_where_their_index_says() {
        for lane in Lane::ALL {
            assert_eq!(Lane::ALL[lane_index(lane)], lane);
        }
    }
}
