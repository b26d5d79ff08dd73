//! The compiling process as its parent sees it: started bare, fed, timed, and killed when it overstays.

use super::limit_compile;
use crate::CompileLimits;
use bytes::Bytes;
use skep_core::Fault;
use std::ffi::OsString;

pub(super) async fn compile(
    command: &[OsString],
    component: Bytes,
    limits: &CompileLimits,
) -> Result<Vec<u8>, Fault> {
    let _ = (command, component, limits);
    Err(limit_compile("not built yet"))
}
