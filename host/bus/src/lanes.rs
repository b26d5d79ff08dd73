//! How the room for calls from outside is shared: by turns between the host's sessions and the lanes.

/// How many of `slots` sessions get first. A slot that can't be halved is theirs every other turn.
pub(crate) fn session_quota(slots: usize, turn: usize) -> usize {
    (slots + turn % 2) / 2
}
