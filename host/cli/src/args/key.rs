//! What people type about API keys.

use clap::{Args, Subcommand};
use skep_core::{KeyId, Rate, Role, SkillName, Span};
use std::num::NonZeroU32;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key for a program or an agent; it is printed once and kept nowhere
    Create(KeyFlags),
    /// List the keys
    List,
    /// Revoke a key: no host takes it any more, and the calls that it made are stopped
    Revoke {
        /// Its id, as `skep key list` shows it
        id: KeyId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct KeyFlags {
    /// What to call it
    pub(crate) name: String,
    /// What its bearer may do: caller, auditor or operator
    #[arg(long, default_value = "caller")]
    pub(crate) role: Role,
    /// Only this skill (may be repeated)
    #[arg(long = "skill", value_name = "NAME")]
    pub(crate) skills: Vec<SkillName>,
    /// Every domain, rather than that of --domain
    #[arg(long)]
    pub(crate) all_domains: bool,
    /// How often its bearer may call in each domain, as in 100/s, 600/m or 1000/h; the host's usual if left out
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<Rate>,
    /// How many of its bearer's calls may be under way at once in each domain; the host's usual if left out
    #[arg(long, value_name = "COUNT")]
    pub(crate) concurrency: Option<NonZeroU32>,
    /// When it ends, as in 90d; never if left out
    #[arg(long, value_name = "SPAN")]
    pub(crate) expires: Option<Span>,
}
