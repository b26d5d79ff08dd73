//! The memory limit: all linear memories and tables of a call, summed.

use crate::meters::Meters;
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// What one element of a table takes.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

/// Sums what a guest holds. A refused growth is the guest's to handle; if it breaks after one, that is why.
pub(crate) struct MemoryLimit {
    limit: usize,
    /// Memories and tables never shrink, so this is the peak as well. A growth that the engine fails
    /// after it was counted stays counted: it doesn't tell those
    /// from growths that were never counted.
    held: usize,
    refused: bool,
    /// What all guests hold.
    meters: Arc<Meters>,
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        self.meters.memory_freed(self.held);
    }
}

impl MemoryLimit {
    pub(crate) fn new(limit: u64, meters: Arc<Meters>) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { limit, held: 0, refused: false, meters }
    }

    /// Whether the guest ever wanted more than it may have.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    /// Forgets refusals: they were those of a call that is over.
    pub(crate) fn turn_over(&mut self) {
        self.refused = false;
    }

    /// Most bytes held at once.
    pub(crate) fn peak(&self) -> u64 {
        self.held as u64
    }

    fn grow(&mut self, more: usize) -> bool {
        let wanted = self.held.saturating_add(more);
        if wanted > self.limit {
            self.refused = true;
            return false;
        }
        self.meters.memory_taken(more);
        self.held = wanted;
        true
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let declared = maximum.is_none_or(|maximum| desired <= maximum);
        Ok(declared && self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }

    /// `maximum` may be the pool's as well as the table's own, so past it the guest counts as refused.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT_BYTES);
        if maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = true;
            return Ok(false);
        }
        Ok(self.grow(more))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_one_limit() {
        let mut limit = MemoryLimit::new(1000, Arc::default());
        assert!(limit.memory_growing(0, 600, None).unwrap());
        assert!(limit.table_growing(0, 50, None).unwrap());
        assert!(!limit.memory_growing(0, 1, None).unwrap());
        assert!(limit.refused());
        assert_eq!(limit.peak(), 1000);
    }

    #[test]
    fn growths_that_the_engine_fails_never_free_what_is_held() {
        let mut limit = MemoryLimit::new(1000, Arc::default());
        assert!(limit.memory_growing(0, 800, None).unwrap());
        limit.memory_grow_failed(wasmtime::Error::msg("no")).unwrap();
        assert!(limit.refused());
        assert!(!limit.memory_growing(0, 900, None).unwrap());
    }

    #[test]
    fn a_guest_that_passes_its_own_maximum_was_not_refused_by_the_host() {
        let mut limit = MemoryLimit::new(1000, Arc::default());
        assert!(!limit.memory_growing(0, 800, Some(700)).unwrap());
        assert!(!limit.refused());
    }

    #[test]
    fn what_all_guests_hold_is_known_and_given_back() {
        let meters = Arc::<Meters>::default();
        let guest = |bytes| {
            let mut limit = MemoryLimit::new(1000, Arc::clone(&meters));
            limit.memory_growing(0, bytes, None).unwrap();
            limit
        };
        let (one, refused) = (guest(600), guest(2000));
        assert_eq!(meters.counts().memory_bytes, 600);
        drop((one, refused));
        assert_eq!(meters.counts().memory_bytes, 0);
    }
}
