//! `skep submit`: a call that is kept until it is done.

use super::{call, follow, input};
use crate::args::{Place, SubmitArgs};
use crate::connect::Session;
use crate::failure::Failure;
use crate::show;
use anyhow::Context;
use reqwest::Method;
use serde_json::Value;
use skep_api::types::{HEADER_IDEMPOTENCY, JobInfo, JobOrder};
use skep_core::{Fault, UnixMs};
use std::time::Duration;

/// How long a job may take to be accepted: a host waits two minutes for a large input.
const ACCEPT_MAX: Duration = Duration::from_secs(150);

pub(crate) async fn submit(session: &Session, place: &Place, args: SubmitArgs) -> Result<(), Failure> {
    let client = &session.client;
    let needed = input::needs_schema(&args.input);
    let schema = if needed { call::schema(client, &args.tool).await? } else { Value::Null };
    let text = String::from_utf8(input::read(&args.input, &schema)?).context("the input")?;
    let input = serde_json::value::RawValue::from_string(text);
    let input = input.map_err(|e| Fault::invalid_input(format!("the input is no JSON: {e}")))?;
    let order = JobOrder {
        skill: args.tool.skill,
        tool: args.tool.tool,
        input: Some(input),
        lane: args.lane,
        after: args.after,
        at: args.at.map(|seconds| UnixMs(seconds.saturating_mul(1000))),
        timeout: args.timeout,
        within: args.within,
        attempts: args.attempts,
        idempotent: args.idempotent,
    };
    let mut request = client.request(Method::POST, &["jobs"])?.timeout(ACCEPT_MAX).json(&order);
    if let Some(key) = args.key {
        request = request.header(HEADER_IDEMPOTENCY, key);
    }
    let accepted: JobInfo = client.json(request).await?;
    if args.follow {
        eprintln!("job: {}", accepted.id);
        return follow::follow(session, place, accepted.id).await;
    }
    if !session.runs_jobs && !accepted.state.is_over() {
        eprintln!("{}", follow::unattended(accepted.id));
    }
    if place.json { show::json(&accepted) } else { show::line(accepted.id.to_string()) }
}
