//! The installed programs that private servers need.

use std::env;
use std::process::Command;

use crate::HarnessError;

/// Where servers are found when `PATH` leaves the administrator's directories out.
const SYSTEM_DIRECTORIES: &str = "/usr/local/sbin:/usr/sbin:/sbin";

/// A program and the Debian package that holds it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
}

impl Program {
    /// A command that will run the program.
    pub(crate) fn command(&self) -> Result<Command, HarnessError> {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .chain(env::split_paths(SYSTEM_DIRECTORIES))
            .map(|directory| directory.join(self.name))
            .find(|candidate| candidate.is_file())
            .map(Command::new)
            .ok_or(HarnessError::Missing { program: self.name, package: self.package })
    }

    /// Runs the program to its end and returns what it printed.
    pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String, HarnessError> {
        let output = self.command()?.args(arguments).output().map_err(HarnessError::at(self.name))?;
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        Err(HarnessError::Tool { program: self.name, status: output.status, output: said })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_reported_with_its_package() {
        let program = Program { name: "no-such-server", package: "no-such-package" };
        let said = program.command().unwrap_err().to_string();
        assert!(said.contains("`no-such-server` not found"), "{said}");
        assert!(said.contains("Debian package no-such-package"), "{said}");
    }

    #[test]
    fn a_failing_program_is_reported_with_what_it_wrote() {
        let shell = Program { name: "sh", package: "dash" };
        let said = shell.run(["-c", "echo why >&2; exit 3"]).unwrap_err();
        assert!(said.to_string().contains("why"), "{said}");
        assert_eq!(shell.run(["-c", "echo fine"]).unwrap(), "fine\n");
    }
}
