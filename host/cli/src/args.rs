//! What people type: every command and flag, with its help.

mod domain;
mod job;
mod key;

pub(crate) use domain::DomainCommand;
pub(crate) use job::{JobArgs, JobsArgs, SubmitArgs};
pub(crate) use key::{KeyCommand, KeyFlags};

use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use skep_core::{
    AskId, AskState, DomainName, GuestPath, JobId, NetRule, SecretName, SessionId, SkillName, SkillRef, Span,
    ToolRef,
};
use skep_forge::{Language, ProjectShape};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
   0  done                    20  tool_error     the skill said that it failed
   1  anything else           21  trapped        the skill broke
   2  usage, configuration    22  limit_memory
  10  invalid_input           23  limit_cpu
  11  invalid_output          24  limit_output
  12  invalid_component       25  limit_compile
  13  unknown_skill           30  deadline       31  cancelled    32  interrupted
  14  unknown_tool            33  overloaded     34  unavailable  (both: try again later)
  15  denied                  35  internal
  16  session_gone            17  not_found      18  conflict";

const COMPLETIONS: &str = "\
For the shells of this user, from the next one on:
  bash        skep completions bash >~/.local/share/bash-completion/completions/skep
  zsh         skep completions zsh >~/.zfunc/_skep    (with `fpath+=~/.zfunc` before compinit in ~/.zshrc)
  fish        skep completions fish >~/.config/fish/completions/skep.fish
  elvish      skep completions elvish >>~/.config/elvish/rc.elv
  powershell  skep completions powershell >>$PROFILE";

/// Runs the skills of AI agents as WebAssembly components: a fresh sandbox for each call, and only what was granted.
#[derive(Debug, Parser)]
#[command(name = "skep", version, after_long_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// What was typed; what can't be used ends the program, with the reason.
    pub(crate) fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        cli.place.is_host_typed = matches.value_source("host") == Some(ValueSource::CommandLine);
        cli
    }
}

/// Where the deployment is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The data directory (default: SKEP_DATA, else the user's own)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A running host elsewhere: http://HOST:PORT or unix:PATH
    #[arg(long, global = true, env = "SKEP_HOST", value_name = "URL")]
    pub(crate) host: Option<String>,
    /// Whether that was typed, and isn't SKEP_HOST's
    #[arg(skip)]
    pub(crate) is_host_typed: bool,
    /// The token of a host that is reached over HTTP
    #[arg(long, global = true, env = "SKEP_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// The domain to work in
    #[arg(long, global = true, env = "SKEP_DOMAIN", default_value = "main", value_name = "NAME")]
    pub(crate) domain: DomainName,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The configuration file (default: ~/.config/skep/skep.toml)
    #[arg(long, global = true, env = "SKEP_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a host until it is told to stop
    Serve(ServeArgs),
    /// Run one tool of a component, with nothing installed and no host
    Run(RunArgs),
    /// Install a skill, or a new version of it
    Add(AddArgs),
    /// List the skills
    List {
        /// Only what offers this capability, the best match first
        #[arg(long, value_name = "CAPABILITY")]
        find: Option<String>,
    },
    /// Show a skill: versions, tools, imports, requests
    Inspect {
        /// The skill
        skill: SkillRef,
    },
    /// Say what a component is and what of it would be served, without installing it
    Check {
        /// A .wasm file or a skill's folder
        path: PathBuf,
    },
    /// Remove a skill with its versions, grants and configuration
    Remove {
        /// The skill
        skill: SkillName,
    },
    /// Close the circuit breaker of a skill that failed too often, so that calls pass at once
    Reset {
        /// The skill
        skill: SkillName,
    },
    /// Let a version that waits for approval serve
    Approve {
        /// The skill; NAME@VERSION where several versions wait
        skill: SkillRef,
    },
    /// Give a skill files, variables, hosts of the network, secrets, or other skills to call
    Grant {
        /// The skill
        skill: SkillName,
        #[command(flatten)]
        flags: GrantFlags,
    },
    /// Take grants from a skill; running calls that use them are stopped
    Revoke {
        /// The skill
        skill: SkillName,
        #[command(flatten)]
        flags: RevokeFlags,
    },
    /// Show what is granted to a skill
    Grants {
        /// The skill
        skill: SkillName,
    },
    /// Show what others ask to be granted, and decide on it
    Requests {
        /// Only what is pending, approved, denied or expired
        #[arg(long, default_value = "pending", value_name = "STATE")]
        state: AskState,
        #[command(subcommand)]
        command: Option<RequestsCommand>,
    },
    /// Make the project of a new skill
    New(NewArgs),
    /// Build a skill's project: make its component
    Build(BuildArgs),
    /// Build a project, load it into a host of its own (or the one that --host names), and again with each change
    Dev(DevArgs),
    /// Run the cases of a project, tests/cases.toml
    Test(TestArgs),
    /// Call a tool; its result is printed as JSON
    Call(CallArgs),
    /// Submit a job: a call that is kept until it is done, whatever dies meanwhile; prints its id
    Submit(SubmitArgs),
    /// Show a job: how it stands, what happened to it, its result
    Job(JobArgs),
    /// List jobs, the newest first
    Jobs(JobsArgs),
    /// Take a job back
    Cancel {
        /// The job
        id: JobId,
    },
    /// Try a dead letter again
    Retry {
        /// The job
        id: JobId,
    },
    /// Serve an editor or agent: MCP over standard input and output
    Mcp {
        /// Show only what this profile of the host's configuration names
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
    },
    /// Show or change the configuration of a skill
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Keep secrets that skills may send where they are granted for, and never see
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Open, list or remove domains
    #[command(subcommand)]
    Domain(DomainCommand),
    /// Make, list or revoke API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Show what was done, by whom, under which grants
    Audit(AuditArgs),
    /// Say what is wrong with an installation, and the way out; changes nothing
    ///
    /// Takes the flags of `serve`, and looks at what a host that was started with them would find. Exits with 0
    /// unless there is a problem.
    Doctor(ServeArgs),
    /// Print what makes a shell complete commands and flags
    #[command(after_long_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Compile a component from standard input to standard output (Skep runs this itself)
    #[command(hide = true)]
    Compile,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Also listen for HTTP here; needs a token (SKEP_TOKEN)
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// The Redis that carries messages between hosts
    #[arg(long, value_name = "URL")]
    pub(crate) redis: Option<String>,
    /// The MySQL or MariaDB that keeps what must last: skills, grants, jobs, audit
    #[arg(long, value_name = "URL")]
    pub(crate) mysql: Option<String>,
    /// Install what is put into this directory, and replace what changes there
    #[arg(long, value_name = "DIR")]
    pub(crate) watch: Option<PathBuf>,
    /// Calls that run at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) slots: Option<u32>,
    /// The key file; all hosts of a deployment share one
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// How logs are written: text or json
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log: Option<String>,
    /// The OpenTelemetry collector that traces go to (OTLP over HTTP), as in http://127.0.0.1:4318
    #[arg(long, value_name = "URL")]
    pub(crate) otlp: Option<String>,
}

/// The flags that grant something.
#[derive(Debug, Default, Args)]
pub(crate) struct GrantFlags {
    /// A directory or file: HOST[:GUEST][:ro|rw], read-only if not said
    #[arg(long, value_name = "HOST[:GUEST][:ro|rw]")]
    pub(crate) fs: Vec<String>,
    /// An environment variable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) env: Vec<String>,
    /// Another skill that it may call
    #[arg(id = "callee", long = "skill", value_name = "NAME")]
    pub(crate) skill: Vec<String>,
    /// A place on the network; `*.` in front of a name stands for all below it
    #[arg(long, value_name = "SCHEME://HOST[:PORT]")]
    pub(crate) net: Vec<String>,
    /// A secret, and the only place that it may be sent to
    #[arg(long, value_name = "NAME=https://HOST")]
    pub(crate) secret: Vec<String>,
}

/// The flags that take something away.
#[derive(Debug, Default, Args)]
pub(crate) struct RevokeFlags {
    /// The guest path of a file grant
    #[arg(long, value_name = "GUEST")]
    pub(crate) fs: Vec<GuestPath>,
    /// The name of a variable
    #[arg(long, value_name = "KEY")]
    pub(crate) env: Vec<String>,
    /// A place on the network, as it was granted
    #[arg(long, value_name = "SCHEME://HOST[:PORT]")]
    pub(crate) net: Vec<NetRule>,
    /// The name of a secret
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Vec<SecretName>,
    /// A skill that it may call
    #[arg(id = "callee", long = "skill", value_name = "NAME")]
    pub(crate) skill: Vec<SkillName>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A .wasm file or a skill's folder
    pub(crate) path: PathBuf,
    /// The tool; may be left out where there is only one
    pub(crate) tool: Option<String>,
    /// The input: JSON, KEY=VALUE…, `-` for standard input, or @FILE
    pub(crate) input: Vec<String>,
    #[command(flatten)]
    pub(crate) grants: GrantFlags,
    /// A configuration value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// A .wasm file, or a folder with skill.toml
    pub(crate) path: PathBuf,
    /// The name of a skill without skill.toml (default: the file's name)
    #[arg(long)]
    pub(crate) name: Option<SkillName>,
    #[command(flatten)]
    pub(crate) grants: GrantFlags,
    /// A policy file to grant as well (YAML, version "1.0")
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[arg(value_name = "LANG", help = format!("The language of its sources: {}", Language::names()))]
    pub(crate) language: Language,
    /// The skill's name
    pub(crate) name: SkillName,
    /// How it offers its tools: typed (exported functions), contract (with the SDK) or command (a program)
    #[arg(long, value_name = "SHAPE", default_value_t = ProjectShape::Contract)]
    pub(crate) shape: ProjectShape,
    /// Where to put it (default: a folder of the skill's name)
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Show what the tools print
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    #[command(flatten)]
    pub(crate) grants: GrantFlags,
    /// Call this each time it was loaded: a tool, then its input, in words as a shell and `skep call` take them
    #[arg(long, value_name = "TOOL INPUT")]
    pub(crate) call: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    /// Test the component that is there
    #[arg(long)]
    pub(crate) no_build: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// SKILL[@VERSION][/TOOL]
    pub(crate) tool: ToolRef,
    /// The input: JSON, KEY=VALUE…, `-` for standard input, or @FILE
    pub(crate) input: Vec<String>,
    /// How long to wait at most, as in 10s
    #[arg(long)]
    pub(crate) timeout: Option<Span>,
    /// The session to go on with, for a skill that keeps sessions; left out, a new one begins
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<SessionId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RequestsCommand {
    /// Grant what a request asks for
    Approve {
        /// The request
        id: AskId,
    },
    /// Refuse what a request asks for
    Deny {
        /// The request
        id: AskId,
        /// Why, in words for whoever asked
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the configuration of a skill
    Get {
        /// The skill
        skill: SkillName,
        /// Only this value
        key: Option<String>,
    },
    /// Set values; KEY= with nothing behind it goes back to the skill's own default
    Set {
        /// The skill
        skill: SkillName,
        /// The values
        #[arg(required = true, value_name = "KEY=VALUE")]
        values: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Set a secret; its value is read from the terminal, unseen, or from standard input
    ///
    /// A value is never an argument: those are seen by every process of the machine, and kept by shells.
    Set {
        /// Its name, as in RATES_API_KEY
        name: SecretName,
    },
    /// List the secrets, without their values
    List,
    /// Delete a secret; skills that it was granted to find it not set
    Delete {
        /// Its name
        name: SecretName,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Only of this skill
    #[arg(long)]
    pub(crate) skill: Option<SkillName>,
    /// Only of this call
    #[arg(long, value_name = "ID")]
    pub(crate) call: Option<String>,
    /// Only what ended with this fault, as in `denied`
    #[arg(long, value_name = "CODE")]
    pub(crate) fault: Option<String>,
    /// The newest so many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: u64,
    /// Check the whole audit for edits, losses and reorderings
    #[arg(long)]
    pub(crate) verify: bool,
}
