//! The smallest program that can be a sandbox's compiling process.

fn main() -> std::process::ExitCode {
    skep_sandbox::compile_child()
}
