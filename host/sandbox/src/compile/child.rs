//! The compiling process: component on stdin, artefact on stdout.

use std::process::ExitCode;

/// The whole of `skep compile`: the component on stdin, the artefact on stdout; on failure the reason
/// on stderr and an exit code other than 0.
pub fn compile_child() -> ExitCode {
    ExitCode::FAILURE
}
