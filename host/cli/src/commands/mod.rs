//! One file a command.

mod add;
mod approve;
mod audit;
mod build;
mod call;
mod check;
mod completions;
mod config;
mod dev;
mod doctor;
mod domain;
mod follow;
mod grant;
mod grants;
mod input;
mod inspect;
mod job;
mod key;
mod list;
mod mcp;
mod new;
mod remove;
mod requests;
mod reset;
mod revoke;
mod run;
mod secret;
mod serve;
mod signature;
mod submit;
mod test;

use crate::args::{Cli, Command, Place};
use crate::connect::Session;
use crate::failure::Failure;
use anyhow::Context;

/// Runs the command that was typed.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("starting the executor")?;
    let done = runtime.block_on(dispatch(cli));
    // What still hangs, such as a read of a terminal, must not keep the process.
    runtime.shutdown_background();
    done
}

async fn dispatch(cli: Cli) -> Result<(), Failure> {
    let place = cli.place;
    match cli.command {
        Command::Serve(args) => return serve::serve(&place, &args).await,
        Command::Run(args) => return run::run(&place, args).await,
        Command::Check { path } => return check::check(&place, &path).await,
        Command::New(args) => return new::new(args),
        Command::Build(args) => return build::build(&place, args).await,
        Command::Dev(args) => return dev::dev(&place, args).await,
        Command::Test(args) => return test::test(&place, args).await,
        Command::Doctor(args) => return doctor::doctor(place, &args).await,
        Command::Completions { shell } => return completions::completions(shell),
        // `main` runs it before an executor exists.
        Command::Compile => return Ok(()),
        _ => {}
    }
    let session = Session::open(&place).await?;
    let done = with_host(&session, &place, cli.command).await;
    session.close().await;
    done
}

async fn with_host(session: &Session, place: &Place, command: Command) -> Result<(), Failure> {
    let client = &session.client;
    match command {
        Command::Serve(_) | Command::Run(_) | Command::Check { .. } | Command::Compile => Ok(()),
        Command::Doctor(_) | Command::Completions { .. } => Ok(()),
        Command::New(_) | Command::Build(_) | Command::Dev(_) | Command::Test(_) => Ok(()),
        Command::Submit(args) => submit::submit(session, place, args).await,
        Command::Job(args) => job::job(session, place, args).await,
        Command::Jobs(args) => job::jobs(client, place, args).await,
        Command::Cancel { id } => job::change(client, place, id, "cancel").await,
        Command::Retry { id } => job::change(client, place, id, "retry").await,
        Command::Add(args) => add::add(client, place, args).await,
        Command::List { find } => list::list(client, place, find).await,
        Command::Inspect { skill } => inspect::inspect(client, place, &skill).await,
        Command::Remove { skill } => remove::remove(client, &skill).await,
        Command::Reset { skill } => reset::reset(client, &skill).await,
        Command::Approve { skill } => approve::approve(client, &skill).await,
        Command::Grant { skill, flags } => grant::grant(client, place, &skill, &flags).await,
        Command::Revoke { skill, flags } => revoke::revoke(client, place, &skill, flags).await,
        Command::Grants { skill } => grants::grants(client, place, &skill).await,
        Command::Requests { state, command } => requests::requests(client, place, state, command).await,
        Command::Call(args) => call::call(client, args).await,
        Command::Config(command) => config::config(client, place, command).await,
        Command::Secret(command) => secret::secret(client, place, command).await,
        Command::Domain(command) => domain::domain(client, place, command).await,
        Command::Key(command) => key::key(client, place, command).await,
        Command::Mcp { profile } => mcp::mcp(client, profile).await,
        Command::Audit(args) => audit::audit(client, place, args).await,
    }
}
