//! Frames: what stands in a stream entry, and the seal that shows that a host wrote it.

use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What a frame is, so that none passes for one of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Call,
    Reply,
    Cancel,
    Progress,
    Revision,
    Audit,
    Cache,
    Event,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Reply => "reply",
            Self::Cancel => "cancel",
            Self::Progress => "progress",
            Self::Revision => "revision",
            Self::Audit => "audit",
            Self::Cache => "cache",
            Self::Event => "event",
        }
    }
}

/// A small header, and a payload that travels raw beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) header: Vec<u8>,
    pub(super) payload: Bytes,
    pub(super) mac: Vec<u8>,
}

impl Frame {
    /// What it counts against bounds in bytes.
    pub(super) fn bytes(&self) -> u64 {
        (self.header.len() + self.payload.len()) as u64
    }

    /// The three fields, in the order in which the scripts take them.
    pub(super) fn fields(&self) -> [&[u8]; 3] {
        [&self.header, &self.payload, &self.mac]
    }
}

/// The key that every host of a fleet holds.
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a key shorter than its block with zeros, so the whole block is the same key.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..key.len()].copy_from_slice(key);
        Self(Hmac::new(&block))
    }

    /// Seals a frame for `scope`: a domain, or the host that it is for.
    pub(super) fn frame(&self, kind: Kind, scope: &str, header: Vec<u8>, payload: Bytes) -> Frame {
        let mac = self.mac(kind, scope, &header, &payload).finalize().into_bytes().to_vec();
        Frame { header, payload, mac }
    }

    /// Whether a host sealed this frame for this use.
    pub(super) fn holds(&self, kind: Kind, scope: &str, frame: &Frame) -> bool {
        self.mac(kind, scope, &frame.header, &frame.payload).verify_slice(&frame.mac).is_ok()
    }

    fn mac(&self, kind: Kind, scope: &str, header: &[u8], payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in [kind.as_str().as_bytes(), scope.as_bytes(), header, payload] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_for_its_own_use_alone() {
        let seal = Seal::new(&[1; 32]);
        let frame = seal.frame(Kind::Call, "main", b"{}".to_vec(), Bytes::from_static(b"[1]"));
        assert!(seal.holds(Kind::Call, "main", &frame));
        assert!(!seal.holds(Kind::Reply, "main", &frame));
        assert!(!seal.holds(Kind::Call, "other", &frame));
        assert!(!Seal::new(&[2; 32]).holds(Kind::Call, "main", &frame));
        let shifted = Frame { header: b"{}[".to_vec(), payload: Bytes::from_static(b"1]"), ..frame.clone() };
        assert!(!seal.holds(Kind::Call, "main", &shifted));
        assert!(!seal.holds(Kind::Call, "main", &Frame { mac: Vec::new(), ..frame }));
    }
}
