//! `skep job`, `skep jobs`, `skep cancel`, `skep retry`: how jobs stand, and what is done about that.

use super::call;
use crate::args::{JobArgs, JobsArgs, Place};
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_api::types::{JobEventPage, JobInfo, JobPage};
use skep_core::{Fault, JobEvent, JobId, JobState};

/// How long one request waits for what happens next.
const WAIT: &str = "20s";

pub(crate) async fn job(client: &Client, place: &Place, args: JobArgs) -> Result<(), Failure> {
    if args.follow {
        return follow(client, place, args.id).await;
    }
    let job: JobInfo = client.get(&["jobs", &args.id.to_string()], &[]).await?;
    if place.json {
        return show::json(&job);
    }
    let events: JobEventPage = client.get(&["jobs", &args.id.to_string(), "events"], &[]).await?;
    show::line(summary(&job))?;
    events.events.iter().try_for_each(|event| show::line(told(event)))?;
    match &job.output {
        Some(output) => call::output(output.get()),
        None => Ok(()),
    }
}

/// Tells what happens to a job until it is over; then it ends as `skep call` does.
pub(super) async fn follow(client: &Client, place: &Place, id: JobId) -> Result<(), Failure> {
    let (path, mut since) = (["jobs", &id.to_string(), "events"], 0);
    loop {
        let query = [("since", since.to_string()), ("wait", WAIT.to_owned())];
        let page: JobEventPage = client.get(&path, &query).await?;
        for event in &page.events {
            since = event.seq;
            eprintln!("{}", show::plain(&told(event)));
        }
        if page.over {
            return ended(client, place, id).await;
        }
    }
}

async fn ended(client: &Client, place: &Place, id: JobId) -> Result<(), Failure> {
    let job: JobInfo = client.get(&["jobs", &id.to_string()], &[]).await?;
    match (job.state, &job.output, &job.fault) {
        _ if place.json && job.state == JobState::Done => show::json(&job),
        (JobState::Done, Some(output), _) => call::output(output.get()),
        (JobState::Dead, _, Some(fault)) => Err(Fault::new(fault.code, fault.message.clone()).into()),
        _ => Err(Fault::cancelled("the job was cancelled").into()),
    }
}

pub(crate) async fn jobs(client: &Client, place: &Place, args: JobsArgs) -> Result<(), Failure> {
    let state = if args.dead { Some(JobState::Dead) } else { args.state };
    let asked = [
        ("skill", args.skill.map(|skill| skill.to_string())),
        ("state", state.map(|state| state.to_string())),
        ("limit", Some(args.limit.to_string())),
    ];
    let query: Vec<_> = asked.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let page: JobPage = client.get(&["jobs"], &query).await?;
    if place.json {
        return show::json(&page);
    }
    if page.jobs.is_empty() {
        return show::line("no such jobs: `skep submit SKILL` makes one");
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

fn told(event: &JobEvent) -> String {
    let attempt = if event.attempt > 0 { format!(" (start {})", event.attempt) } else { String::new() };
    let detail = if event.detail.is_empty() { String::new() } else { format!(": {}", event.detail) };
    format!("{} {}{attempt}{detail}", show::time(event.at), event.step.as_str())
}
