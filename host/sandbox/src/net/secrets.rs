//! Secrets on their way: placeholders become values as a request leaves, values placeholders as it is answered.

use bytes::Bytes;
use http::HeaderMap;
use skep_core::Origin;

/// The secrets of one call.
pub(crate) struct Secrets;

impl Secrets {
    /// Puts the values in the places of their placeholders. If one may not go to `origin`, says which and
    /// what would allow it.
    pub(super) async fn reveal(&self, _origin: &Origin, _headers: &mut HeaderMap) -> Result<(), String> {
        Ok(())
    }

    /// What takes the values out of an answer again.
    pub(super) fn scrubber(&self) -> Scrubber {
        Scrubber
    }
}

/// Takes the values out of one answer, piece by piece.
pub(super) struct Scrubber;

impl Scrubber {
    /// Cleans the answer's headers.
    pub(super) fn headers(&mut self, _headers: &mut HeaderMap) {}

    /// The next piece of the body, cleaned. May keep back its end, where a value could begin.
    pub(super) fn body(&mut self, piece: Bytes) -> Bytes {
        piece
    }

    /// What was kept back, now that the body is over.
    pub(super) fn rest(&mut self) -> Bytes {
        Bytes::new()
    }
}
