//! `skep completions`: what makes a shell complete the commands and flags of this program.

use crate::args::Cli;
use crate::failure::Failure;
use crate::show;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "skep", &mut script);
    show::line(String::from_utf8_lossy(&script).trim_end())
}
