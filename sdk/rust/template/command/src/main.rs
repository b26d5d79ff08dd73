//! A command-line program: its arguments come in, what it prints goes out.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1) {
        Some(name) => {
            println!("Hello, {name}!");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("whom shall I greet?");
            ExitCode::FAILURE
        }
    }
}
