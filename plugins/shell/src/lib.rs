//! A small shell whose commands are functions of this component: it starts no process and reaches no file but
//! those that were granted.

mod expand;
mod pattern;
mod places;
mod shell;
mod streams;
mod syntax;
mod tools;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shell::{STATUS_FULL, Shell, Stop, complain};
use skep::Error;
use streams::{Input, Output, Streams};

skep::skill!(run);

const SCRIPT_CHARS_MAX: usize = 64 << 10;
/// Of standard output; what comes after is cut off.
const OUTPUT_BYTES_MAX: usize = 1 << 20;
const ERRORS_BYTES_MAX: usize = 64 << 10;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Run {
    /// As in `sort names.txt | uniq -c > counts.txt && head -3 counts.txt`
    #[schemars(length(min = 1, max = SCRIPT_CHARS_MAX))]
    script: String,
    /// The folder to begin in; the granted one if only one is, `/` if not
    cwd: Option<String>,
    /// Variables for the script; those that the operator granted can't be changed
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Standard input of the script
    #[serde(default)]
    stdin: String,
}

#[derive(Serialize, JsonSchema)]
struct Ran {
    /// Bytes that are no UTF-8 are replaced
    stdout: String,
    stderr: String,
    /// Of the last command: 0 if it went well
    exit_code: u8,
    /// Whether the script was stopped because it printed more than 1 MiB
    truncated: bool,
}

/// Runs a shell script over the granted files.
///
/// Pipes, redirections, `&&`, `||`, `if`, `for`, `while`, `$(…)`, variables, quotes, here-documents and file
/// patterns; the usual text and file commands (`help` lists them). Regular expressions are extended ones.
#[skep::tool]
fn run(run: Run) -> Result<Ran, Error> {
    let script = syntax::parse(&run.script).map_err(|mistake| {
        Error::InvalidInput(format!("script, line {}: {}", mistake.line, mistake.problem))
    })?;
    let folder = match run.cwd {
        Some(asked) => folder(&asked)?,
        None => places::start(&places::granted()),
    };
    let variables = run.env.into_iter().chain(std::env::vars()).collect();
    let mut shell = Shell { variables, folder, status: 0 };
    let (output, errors) = (Output::memory(OUTPUT_BYTES_MAX), Output::memory(ERRORS_BYTES_MAX));
    let input = Input::text(run.stdin.into_bytes());
    let streams = Streams { input, output: output.clone(), errors: errors.clone() };
    let exit_code = match shell.list(&script, &streams) {
        Ok(status) | Err(Stop::Exit(status)) => status,
        Err(Stop::Break | Stop::Continue) => shell.status,
        Err(Stop::Full) => STATUS_FULL,
        Err(Stop::Abort(problem)) => {
            complain(&streams, &problem);
            1
        }
    };
    let text = |output: Output| String::from_utf8_lossy(&output.take()).into_owned();
    Ok(Ran { truncated: output.is_full(), stdout: text(output), stderr: text(errors), exit_code })
}

fn folder(asked: &str) -> Result<String, Error> {
    let folder = places::absolute("/", asked);
    if places::is_folder(&folder) {
        return Ok(folder);
    }
    Err(Error::Failed(format!("cwd: {asked}: no such folder here; the operator can grant files with --fs")))
}

#[cfg(test)]
mod tests;
