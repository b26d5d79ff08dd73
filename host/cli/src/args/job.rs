//! What is typed about jobs.

use clap::Args;
use skep_core::{JobId, JobState, Lane, SkillName, Span, ToolRef};
use std::num::NonZeroU32;

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// SKILL[@VERSION][/TOOL]
    pub(crate) tool: ToolRef,
    /// The input: JSON, KEY=VALUE…, `-` for standard input, or @FILE
    pub(crate) input: Vec<String>,
    /// Wait this long before it is started, as in 10m
    #[arg(long = "in", value_name = "SPAN", conflicts_with = "at")]
    pub(crate) after: Option<Span>,
    /// Don't start it before this time, in seconds since 1970: --at "$(date -d 'tomorrow 8:00' +%s)"
    #[arg(long, value_name = "SECONDS")]
    pub(crate) at: Option<u64>,
    /// How long one attempt may take, as in 10s
    #[arg(long, value_name = "SPAN")]
    pub(crate) timeout: Option<Span>,
    /// How long all of it may take, from when it is due (default: a day)
    #[arg(long, value_name = "SPAN")]
    pub(crate) within: Option<Span>,
    /// How often it may fail (default: what the skill says, else 3)
    #[arg(long, value_name = "N")]
    pub(crate) attempts: Option<NonZeroU32>,
    /// Running it twice does no harm: try again what traps or is late, too
    #[arg(long)]
    pub(crate) idempotent: bool,
    /// Your key for this piece of work: submitted again with it, it is the same job
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Its priority: high, normal or low
    #[arg(long, default_value = "no", value_name = "hi|no|lo")]
    pub(crate) lane: Lane,
    /// Wait for its end, and print its result
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    /// The job
    pub(crate) id: JobId,
    /// Tell what happens to it until it is over, then print its result
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct JobsArgs {
    /// Only of this skill
    #[arg(long)]
    pub(crate) skill: Option<SkillName>,
    /// Only in this state: waiting, running, done, dead or cancelled
    #[arg(long)]
    pub(crate) state: Option<JobState>,
    /// Only dead letters: what failed and isn't tried again
    #[arg(long, conflicts_with = "state")]
    pub(crate) dead: bool,
    /// Only what is older than this job
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<JobId>,
    /// The newest so many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: u64,
}
