//! `skep job`, `skep jobs`, `skep cancel`, `skep retry`: how jobs stand, and what is done about that.

use super::{call, follow};
use crate::args::{JobArgs, JobsArgs, Place};
use crate::client::Client;
use crate::connect::Session;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_api::types::{JobEventPage, JobInfo, JobPage};
use skep_core::{JobEvent, JobId, JobState};

pub(crate) async fn job(session: &Session, place: &Place, args: JobArgs) -> Result<(), Failure> {
    if args.follow {
        return follow::follow(session, place, args.id).await;
    }
    let (client, id) = (&session.client, args.id.to_string());
    let job: JobInfo = client.get(&["jobs", &id], &[]).await?;
    if place.json {
        return show::json(&job);
    }
    show::line(summary(&job))?;
    history(client, &id).await?;
    match &job.output {
        Some(output) => call::output(output.get()),
        None => Ok(()),
    }
}

/// Prints all that happened to a job, page by page.
async fn history(client: &Client, id: &str) -> Result<(), Failure> {
    let mut since = 0;
    loop {
        let query = [("since", since.to_string())];
        let page: JobEventPage = client.get(&["jobs", id, "events"], &query).await?;
        let Some(last) = page.events.last() else { return Ok(()) };
        since = last.seq;
        page.events.iter().try_for_each(|event| show::line(told(event)))?;
    }
}

pub(crate) async fn jobs(client: &Client, place: &Place, args: JobsArgs) -> Result<(), Failure> {
    let state = if args.dead { Some(JobState::Dead) } else { args.state };
    let asked = [
        ("skill", args.skill.map(|skill| skill.to_string())),
        ("state", state.map(|state| state.to_string())),
        ("before", args.before.map(|id| id.to_string())),
        ("limit", Some(args.limit.to_string())),
    ];
    let query: Vec<_> = asked.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let page: JobPage = client.get(&["jobs"], &query).await?;
    if place.json {
        return show::json(&page);
    }
    match page.next {
        Some(next) => eprintln!("older ones: the same with `--before {next}`"),
        None if page.jobs.is_empty() && args.before.is_some() => return show::line("no older jobs"),
        None if page.jobs.is_empty() => return show::line("no such jobs: `skep submit SKILL` makes one"),
        None => {}
    }
    let rows = page.jobs.iter().map(|job| {
        let fault = job.fault.as_ref().map(|fault| format!("{}: {}", fault.code, fault.message));
        [
            job.id.to_string(),
            target(job),
            state_of(job),
            show::time(job.accepted),
            job.attempt.to_string(),
            show::plain(&fault.unwrap_or_default()).into_owned(),
        ]
    });
    show::table(["JOB", "TOOL", "STATE", "ACCEPTED", "STARTS", "FAULT"], &rows.collect::<Vec<_>>())
}

pub(crate) async fn change(client: &Client, place: &Place, id: JobId, verb: &str) -> Result<(), Failure> {
    let request = client.request(Method::POST, &["jobs", &id.to_string(), verb])?;
    let job: JobInfo = client.json(request).await?;
    if place.json { show::json(&job) } else { show::line(summary(&job)) }
}

fn target(job: &JobInfo) -> String {
    let version = job.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
    let tool = job.tool.as_ref().map(|tool| format!("/{tool}")).unwrap_or_default();
    format!("{}{version}{tool}", job.skill)
}

fn state_of(job: &JobInfo) -> String {
    let note = if job.cancelling && job.state == JobState::Running { " (cancelling)" } else { "" };
    format!("{}{note}", job.state)
}

fn summary(job: &JobInfo) -> String {
    let host = job.host.map(|host| format!(" on host {host}")).unwrap_or_default();
    format!("{} {} is {}{host}", job.id, target(job), state_of(job))
}

pub(super) fn told(event: &JobEvent) -> String {
    let attempt = if event.attempt > 0 { format!(" (start {})", event.attempt) } else { String::new() };
    let detail = if event.detail.is_empty() { String::new() } else { format!(": {}", event.detail) };
    format!("{} {}{attempt}{detail}", show::time(event.at), event.step.as_str())
}
