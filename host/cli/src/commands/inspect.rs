//! `skep inspect`: all there is to know of an installed skill.

use super::check;
use crate::args::Place;
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use skep_api::types::{BreakerDetail, SkillDetail};
use skep_core::{BreakerState, ByteSize, SkillName, SkillRef};

pub(crate) async fn inspect(client: &Client, place: &Place, skill: &SkillRef) -> Result<(), Failure> {
    let detail: SkillDetail = client.get(&["skills", &skill.to_string()], &[]).await?;
    if place.json {
        return show::json(&detail);
    }
    show::line(format!("{} {}  {}", detail.name, detail.version, detail.description))?;
    for version in &detail.versions {
        let (standing, at) =
            (format!("{:?}", version.standing).to_lowercase(), show::time(version.published));
        let size = ByteSize(version.component_bytes);
        show::line(format!("  {} {standing}, {at}, {size}, {}", version.version, version.digest))?;
    }
    if let Some(breaker) = &detail.breaker {
        show::line(breaker_line(breaker, &detail.name))?;
    }
    if !detail.capabilities.is_empty() {
        show::line(format!("offers: {}", detail.capabilities.join(", ")))?;
    }
    show::line(check::shape(detail.shape))?;
    check::producers(&detail.producers)?;
    for tool in &detail.tools {
        check::tool(tool.name.as_str(), &tool.description, &tool.input_schema, tool.output_schema.as_ref())?;
    }
    check::imports(&detail.imports)?;
    check::exports_ignored(&detail.exports_ignored)?;
    if let Some(requests) = &detail.requests {
        check::requests(requests)?;
    }
    for (key, value) in detail.config.iter().flat_map(|config| &config.effective) {
        show::line(format!("config: {key} = {value}"))?;
    }
    show::line(format!("what is granted: skep grants {}", detail.name))
}

fn breaker_line(breaker: &BreakerDetail, skill: &SkillName) -> String {
    let BreakerDetail { state, failures, why, retry_after_ms } = breaker;
    let why = why.map(|code| format!(", the last with {code}")).unwrap_or_default();
    let then = match state {
        BreakerState::Closed => String::new(),
        BreakerState::Open => format!("; refused for {retry_after_ms} ms more: skep reset {skill}"),
        BreakerState::HalfOpen => format!("; one call at a time tries it: skep reset {skill}"),
    };
    format!("failures in a row: {failures}{why}{then}")
}
