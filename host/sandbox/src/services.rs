//! What a guest may ask of its host beyond WASI.

use skep_core::Progress;

/// What a guest may ask of its host. The router implements it, so that the sandbox needs to know
/// neither store nor bus.
///
/// Both methods are called between the guest's instructions: they must not block.
pub trait Services: Send + Sync {
    /// Takes the newest report of a call's progress. The sandbox has dropped what comes too fast.
    fn progress(&self, progress: Progress);
    /// Whether the call was cancelled. Once it says so, the sandbox stops the guest.
    fn cancelled(&self) -> bool;
}
