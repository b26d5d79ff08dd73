//! A private MariaDB.

use std::fs;

use tempfile::TempDir;

use crate::HarnessError;
use crate::mariadb_template::{SERVER, copy_template, server_options};
use crate::process::{Process, on_free_port};
use crate::program::Program;

const CLIENT: Program = Program { name: "mariadb", package: "mariadb-client-core" };
const USER: &str = "skep";
const PASSWORD: &str = "skep";
/// The database that [`MariaDb::url`] names.
const DATABASE: &str = "skep";
const FIRST_FILE: &str = "first.sql";
/// Run by the server at each start, before it accepts connections.
const FIRST_STATEMENTS: &str = "\
CREATE USER IF NOT EXISTS 'skep'@'127.0.0.1' IDENTIFIED BY 'skep';
GRANT ALL ON *.* TO 'skep'@'127.0.0.1';
CREATE DATABASE IF NOT EXISTS skep;
";

/// A MariaDB server of one test; dropping it ends it.
///
/// Commits survive a kill of the server but not of the machine: nothing is flushed to the disk.
/// No option file is read, so character sets and modes are MariaDB's own defaults.
#[derive(Debug)]
pub struct MariaDb {
    process: Process,
    directory: TempDir,
    port: u16,
    options: Vec<String>,
}

impl MariaDb {
    /// Starts a server with an empty database.
    pub fn start() -> Result<Self, HarnessError> {
        Self::start_with(&[])
    }

    /// Starts a server with further options, such as `["--max-connections=5"]`.
    pub fn start_with(options: &[&str]) -> Result<Self, HarnessError> {
        let directory = TempDir::new().map_err(HarnessError::at(std::env::temp_dir()))?;
        copy_template(&directory.path().join("data"))?;
        let statements = directory.path().join(FIRST_FILE);
        fs::write(&statements, FIRST_STATEMENTS).map_err(HarnessError::at(&statements))?;
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let (port, process) = on_free_port(|port| Ok((port, launch(&directory, port, &options)?)))?;
        Ok(Self { process, directory, port, options })
    }

    /// The address of the server's first, empty database.
    pub fn url(&self) -> String {
        self.database_url(DATABASE)
    }

    /// Creates another empty database and returns its address.
    pub fn create_database(&self, name: &str) -> Result<String, HarnessError> {
        CLIENT.run([
            "--no-defaults",
            "--protocol=tcp",
            "--host=127.0.0.1",
            &format!("--port={}", self.port),
            &format!("--user={USER}"),
            &format!("--password={PASSWORD}"),
            &format!("--execute=CREATE DATABASE `{name}`"),
        ])?;
        Ok(self.database_url(name))
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server's clock: connections stay, and nothing is answered.
    pub fn pause(&mut self) {
        self.process.pause();
    }

    /// Lets a paused server go on.
    pub fn resume(&mut self) {
        self.process.resume();
    }

    /// Kills the server; its data stays for [`MariaDb::restart`].
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// Kills the server if it runs, and starts it on the same port and data.
    pub fn restart(&mut self) -> Result<(), HarnessError> {
        self.stop();
        self.process = launch(&self.directory, self.port, &self.options)?;
        Ok(())
    }

    fn database_url(&self, name: &str) -> String {
        format!("mysql://{USER}:{PASSWORD}@127.0.0.1:{}/{name}", self.port)
    }
}

fn launch(directory: &TempDir, port: u16, options: &[String]) -> Result<Process, HarnessError> {
    let directory = directory.path();
    let mut arguments = server_options(&directory.join("data"));
    arguments.extend([
        "--bind-address=127.0.0.1".to_owned(),
        format!("--port={port}"),
        // Relative to the data directory: a socket's path may have 107 bytes only.
        "--socket=mariadb.sock".to_owned(),
        "--pid-file=mariadb.pid".to_owned(),
        format!("--init-file={}", directory.join(FIRST_FILE).display()),
    ]);
    // The last word counts.
    arguments.extend_from_slice(options);
    let mut command = SERVER.command()?;
    command.args(arguments);
    let log = directory.join("mariadb.log");
    // What answers on the port could be another process, what is in the log can't.
    Process::start(SERVER.name, command, &log, |_pid| {
        fs::read_to_string(&log).is_ok_and(|log| log.contains("ready for connections"))
    })
}
