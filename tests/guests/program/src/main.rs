//! A command-line program that knows nothing of Skep: its first argument says what to do.

use std::io::{Read, Write, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let rest: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    match rest[..] {
        ["args", ..] => args.iter().for_each(|arg| println!("{arg}")),
        ["env"] => std::env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["cat"] => {
            std::io::copy(&mut stdin(), &mut stdout()).expect("copies");
        }
        ["both", out, err] => {
            print!("{out}");
            eprint!("{err}");
        }
        ["read", path] => match std::fs::read(path) {
            Ok(bytes) => stdout().write_all(&bytes).expect("prints"),
            Err(error) => return failed(path, &error),
        },
        ["write", path] => {
            let mut bytes = Vec::new();
            stdin().read_to_end(&mut bytes).expect("reads");
            if let Err(error) = std::fs::write(path, bytes) {
                return failed(path, &error);
            }
        }
        ["exit", code] => std::process::exit(number(code)),
        ["return", code] => return ExitCode::from(number::<u8>(code)),
        ["exit-with-code", code] => wasip2::cli::exit::exit_with_code(number(code)),
        ["flood", stream] => loop {
            let line = "all work and no play\n".repeat(100);
            let printed = match stream {
                "stderr" => std::io::stderr().write_all(line.as_bytes()),
                _ => stdout().write_all(line.as_bytes()),
            };
            printed.expect("prints");
        },
        ["spin"] => loop {
            std::hint::spin_loop();
        },
        ["grow"] => {
            let mut held = Vec::new();
            loop {
                held.push(vec![1_u8; 1 << 20]);
            }
        }
        ["panic"] => panic!("no way on"),
        _ => {
            eprintln!("what does {rest:?} mean?");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn failed(path: &str, error: &std::io::Error) -> ExitCode {
    eprintln!("{path}: {error}");
    ExitCode::FAILURE
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is no exit code"))
}
