//! A private Redis.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::HarnessError;
use crate::process::{Process, on_free_port};
use crate::program::Program;

const SERVER: Program = Program { name: "redis-server", package: "redis-server" };
/// How long one readiness probe waits for its answer.
const PROBE_MAX: Duration = Duration::from_millis(500);
/// `INFO server` is about 700 bytes.
const PROBE_BYTES_MAX: usize = 16 * 1024;

/// A Redis server of one test, with nothing persisted unless asked for; dropping it ends it.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    directory: TempDir,
    port: u16,
    options: Vec<String>,
}

impl Redis {
    /// Starts a server that keeps everything in memory.
    pub fn start() -> Result<Self, HarnessError> {
        Self::start_with(&[])
    }

    /// Starts a server with further options, such as `["--appendonly", "yes"]`.
    pub fn start_with(options: &[&str]) -> Result<Self, HarnessError> {
        let directory = TempDir::new().map_err(HarnessError::at(std::env::temp_dir()))?;
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let (port, process) = on_free_port(|port| Ok((port, launch(&directory, port, &options)?)))?;
        Ok(Self { process, directory, port, options })
    }

    /// The server's address, for example `redis://127.0.0.1:12345`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where the server keeps what it keeps on disk.
    pub fn directory(&self) -> &Path {
        self.directory.path()
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

    /// Kills the server; what it keeps on disk stays for [`Redis::restart`].
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// Kills the server if it runs, and starts it on the same port and directory.
    pub fn restart(&mut self) -> Result<(), HarnessError> {
        self.stop();
        self.process = launch(&self.directory, self.port, &self.options)?;
        Ok(())
    }
}

fn launch(directory: &TempDir, port: u16, options: &[String]) -> Result<Process, HarnessError> {
    let directory = directory.path();
    let port_text = port.to_string();
    let directory_text = directory.display().to_string();
    let mut arguments: Vec<String> = ["--bind", "127.0.0.1", "--port", &port_text]
        .into_iter()
        .chain(["--save", "", "--appendonly", "no", "--dir", &directory_text])
        .map(str::to_owned)
        .collect();
    // The last word counts.
    arguments.extend_from_slice(options);
    let mut command = SERVER.command()?;
    command.args(arguments);
    let log = directory.join("redis.log");
    Process::start(SERVER.name, command, &log, |pid| answers(port, pid).unwrap_or(false))
}

/// Whether the Redis on `port` is the process `pid` and has loaded its data.
fn answers(port: u16, pid: u32) -> io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PROBE_MAX))?;
    stream.write_all(b"INFO server\r\nPING\r\n")?;
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    while answer.len() < PROBE_BYTES_MAX {
        if answer.ends_with(b"+PONG\r\n") {
            let answer = String::from_utf8_lossy(&answer);
            return Ok(answer.contains(&format!("process_id:{pid}\r\n")));
        }
        match stream.read(&mut piece)? {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    Ok(false)
}
