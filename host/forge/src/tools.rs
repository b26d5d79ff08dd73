//! The tools that recipes run: found in the project or on PATH, run without a shell, their output bounded.

use crate::ForgeError;
use std::env;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How much of a tool's standard output is kept, in bytes: its end.
const STDOUT_BYTES_MAX: usize = 16 << 20;
/// How much of a tool's standard error is kept, in bytes: its end.
const STDERR_BYTES_MAX: usize = 64 << 10;
/// How long one tool may run: a first build compiles a standard library on some machines.
const TOOL_TIME_MAX: Duration = Duration::from_secs(30 * 60);
/// How much is read at once.
const CHUNK_BYTES: usize = 16 << 10;
/// Where a project keeps tools of its own.
const LOCAL_PLACES: [&str; 2] = [".venv/bin", "node_modules/.bin"];

/// A program that a recipe needs.
#[derive(Debug)]
pub struct Program {
    /// The name of its file.
    pub name: &'static str,
    /// The environment variable that may name another file to use.
    pub variable: Option<&'static str>,
    /// What it is needed for.
    pub why: &'static str,
    /// Commands that install it, the usual one first.
    pub how: &'static [&'static str],
}

impl Program {
    /// The error that tells how to get it.
    pub fn missing(&self) -> ForgeError {
        let how = self.how.iter().map(|how| (*how).to_owned()).collect();
        ForgeError::MissingTool { tool: self.name.to_owned(), why: self.why.to_owned(), how }
    }
}

/// What a tool printed.
#[derive(Debug)]
pub struct Said {
    /// The end of its standard output.
    pub stdout: Vec<u8>,
    /// The end of its standard error.
    pub stderr: Vec<u8>,
}

/// Finds and runs tools for one project.
pub struct Tools<'a> {
    dir: &'a Path,
    verbose: bool,
    report: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Tools<'a> {
    /// Tools for the project in `dir`. `report` is told of each step; with `verbose`, what tools print goes
    /// to standard error as it comes.
    pub fn new(dir: &'a Path, verbose: bool, report: &'a (dyn Fn(&str) + Sync)) -> Self {
        Self { dir, verbose, report }
    }

    /// Tells what is being done, as in `bundling with esbuild`.
    pub fn say(&self, step: &str) {
        (self.report)(step);
    }

    /// Where a program is: what its variable names, else in the project, else on PATH.
    pub fn find(&self, program: &Program) -> Option<PathBuf> {
        let named = program.variable.and_then(env::var_os).filter(|name| !name.is_empty());
        let name = named.as_deref().map_or(Path::new(program.name), Path::new);
        if name.components().count() > 1 {
            return is_program(name).then(|| name.to_owned());
        }
        let local = LOCAL_PLACES.iter().map(|place| self.dir.join(place));
        let path = env::var_os("PATH").unwrap_or_default();
        let path: Vec<_> = env::split_paths(&path).collect();
        local.chain(path).map(|dir| dir.join(name)).find(|file| is_program(file))
    }

    /// A command for a program, in the project's folder, with this process's environment.
    pub fn command(&self, program: &Program) -> Result<Command, ForgeError> {
        let mut command = Command::new(self.find(program).ok_or_else(|| program.missing())?);
        command.current_dir(self.dir);
        Ok(command)
    }

    /// Runs a command to its end. One that fails is an error with the end of what it printed.
    pub fn run(&self, command: &mut Command) -> Result<Said, ForgeError> {
        let shown = shown(command);
        if self.verbose {
            self.say(&shown);
        }
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |status: String, said: &Said| ForgeError::ToolFailed {
            command: shown.clone(),
            status,
            said: said.text(),
        };
        let mut said = Said { stdout: Vec::new(), stderr: Vec::new() };
        let ran = piped.spawn().and_then(|child| self.follow(child, &mut said));
        match ran {
            Ok(status) if status.success() => Ok(said),
            Ok(status) => Err(failed(status.to_string(), &said)),
            Err(error) => Err(failed(error.to_string(), &said)),
        }
    }

    fn follow(&self, mut child: Child, said: &mut Said) -> io::Result<ExitStatus> {
        let stdout = child.stdout.take().map(|pipe| keep(pipe, STDOUT_BYTES_MAX, false));
        let stderr = child.stderr.take().map(|pipe| keep(pipe, STDERR_BYTES_MAX, self.verbose));
        let end = Instant::now() + TOOL_TIME_MAX;
        for (kept, into) in [(stdout, &mut said.stdout), (stderr, &mut said.stderr)] {
            let rest = end.saturating_duration_since(Instant::now());
            match kept.map(|kept| kept.recv_timeout(rest)) {
                Some(Ok(bytes)) => *into = bytes,
                Some(Err(_)) => {
                    child.kill()?;
                    child.wait()?;
                    return Err(io::Error::other(format!("not done after {TOOL_TIME_MAX:?}")));
                }
                None => {}
            }
        }
        child.wait()
    }
}

impl Said {
    /// What there is to read for a person: the errors, else the rest.
    fn text(&self) -> String {
        let (errors, rest) = (String::from_utf8_lossy(&self.stderr), String::from_utf8_lossy(&self.stdout));
        if errors.trim().is_empty() { rest.trim().to_owned() } else { errors.trim().to_owned() }
    }
}

/// Reads on a thread of its own, so that no pipe is ever full, and keeps the last `max` bytes.
fn keep(mut pipe: impl Read + Send + 'static, max: usize, shown: bool) -> Receiver<Vec<u8>> {
    let (done, kept) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut chunk = [0; CHUNK_BYTES];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            if shown {
                // Nobody may be there to read it.
                let _ = io::stderr().write_all(&chunk[..count]);
            }
            bytes.extend_from_slice(&chunk[..count]);
            // Cut seldom, so that a long output isn't moved with each chunk.
            if bytes.len() > 2 * max {
                bytes.drain(..bytes.len() - max);
            }
        }
        bytes.drain(..bytes.len().saturating_sub(max));
        // The receiver is gone if the tool took too long.
        let _ = done.send(bytes);
    });
    kept
}

/// Whether there is a file that may be run.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The command line, as a person would type it.
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    let quoted = words.map(|word| match word.to_string_lossy() {
        word if word.contains([' ', '"', '$', '\'']) => format!("'{}'", word.replace('\'', r"'\''")),
        word => word.into_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Program = Program { name: "sh", variable: None, why: "it runs scripts", how: &[] };

    fn run(script: &str) -> Result<Said, ForgeError> {
        let tools = Tools::new(Path::new("/"), false, &|_| {});
        tools.run(tools.command(&SHELL)?.args(["-c", script]))
    }

    #[test]
    fn what_a_failing_tool_said_is_told() {
        let said = run("echo out; echo 'line 7: no' >&2; exit 3").unwrap_err().to_string();
        assert!(said.contains("line 7: no") && said.contains("exit status: 3"), "{said}");
        assert!(said.starts_with("`sh -c '"), "{said}");
        assert!(run("echo only out; exit 1").unwrap_err().to_string().contains("only out"));
    }

    #[test]
    fn output_is_bounded_and_its_end_is_kept() {
        let said = run("yes | head -c 1000000 >&2; echo end >&2; echo out").unwrap();
        assert_eq!(said.stderr.len(), STDERR_BYTES_MAX);
        assert!(said.stderr.ends_with(b"\nend\n"));
        assert_eq!(said.stdout, b"out\n");
    }

    #[test]
    fn a_missing_program_is_told_with_the_way_to_get_it() {
        let program = Program {
            name: "no-such-program",
            variable: None,
            why: "it does it",
            how: &["apt install it", "brew install it"],
        };
        let tools = Tools::new(Path::new("/"), false, &|_| {});
        let said = tools.command(&program).unwrap_err().to_string();
        let expected =
            "no-such-program is missing: it does it\n  get it: apt install it\n  or:     brew install it";
        assert_eq!(said, expected);
    }

    #[test]
    fn the_projects_own_tools_come_first() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join(".venv/bin/sh");
        std::fs::create_dir_all(own.parent().unwrap()).unwrap();
        std::fs::write(&own, "").unwrap();
        let tools = Tools::new(dir.path(), false, &|_| {});
        assert_ne!(tools.find(&SHELL), Some(own.clone()));
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(tools.find(&SHELL), Some(own));
    }
}
