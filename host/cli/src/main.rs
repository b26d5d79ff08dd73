//! Floor 5: the binary `skep`: its configuration, its wiring, one file a command.

mod args;
mod client;
mod commands;
mod config;
mod connect;
mod failure;
mod home;
mod host;
mod keys;
mod settings;
mod show;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = args::Cli::read();
    // The child that compiles runs before anything else is set up: it has no environment and no rights to use.
    if matches!(cli.command, args::Command::Compile) {
        return skep_sandbox::compile_child();
    }
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("skep: {}", show::plain(&failure.to_string()));
            ExitCode::from(failure.exit_code())
        }
    }
}
