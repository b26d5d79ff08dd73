//! `skep test`: runs the cases of a project on a host of its own, and shows what came out otherwise.

mod ground;
mod verdict;

use super::build;
use crate::args::{Place, TestArgs};
use crate::client::Client;
use crate::connect::Session;
use crate::failure::Failure;
use crate::show;
use anyhow::{Context, anyhow};
use ground::Ground;
use serde::Serialize;
use serde_json::json;
use skep_api::types::ONLY_TOOL;
use skep_forge::{Built, Case, Cases, Project};
use skep_registry::Source;
use std::path::Path;
use std::time::Instant;

/// What came of one case.
#[derive(Serialize)]
struct Verdict {
    case: String,
    passed: bool,
    ms: f64,
    /// Where it came out otherwise, a line each, and what the skill printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    said: Vec<String>,
}

pub(crate) async fn test(place: &Place, args: TestArgs) -> Result<(), Failure> {
    if place.data.is_some() || place.is_host_typed {
        return Err(Failure::Usage(
            "`skep test` has a host of its own: leave out --data and --host".to_owned(),
        ));
    }
    let (project, built) = match args.no_build {
        true => (Project::open(&args.build.dir)?, None),
        false => build::make(&args.build).await.map(|(project, built)| (project, Some(built)))?,
    };
    let cases = Cases::read(&project)?;
    let dir = tempfile::tempdir().context("a directory for the test's host")?;
    let session = Session::apart(&dir.path().join("data"), place.domain.clone()).await?;
    let ran = run(place, &session.client, (&project, built.as_ref()), &cases, dir.path()).await;
    session.close().await;
    finish(place, &ran?)
}

async fn run(
    place: &Place,
    client: &Client,
    (project, built): (&Project, Option<&Built>),
    cases: &Cases,
    dir: &Path,
) -> Result<Vec<Verdict>, Failure> {
    let others = cases.skills.iter().map(|folder| Source::read(folder));
    let own = match built {
        Some(built) => build::source(project, built),
        None => Source::read(project.dir()),
    };
    let skills = others.chain([own]).collect::<Result<_, _>>()?;
    let mut ground = Ground::lay(client, project, skills, dir.join("files")).await?;
    if let Some(built) = built {
        built.place()?;
    }
    let mut verdicts = Vec::new();
    for case in &cases.cases {
        ground.prepare(case).await?;
        let verdict = one(client, project, case).await?;
        if !place.json {
            show_verdict(&verdict)?;
        }
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

async fn one(client: &Client, project: &Project, case: &Case) -> Result<Verdict, Failure> {
    let tool = case.tool.as_ref().map_or(ONLY_TOOL, |tool| tool.as_str());
    let begin = Instant::now();
    let skill = project.manifest().skill.name.as_str();
    let answer = client.call(skill, tool, case.input.clone().into_bytes()).await?;
    let ms = begin.elapsed().as_secs_f64() * 1e3;
    let (outcome, logs) = match answer {
        Ok(answer) => {
            let output = serde_json::from_str(answer.output.get()).context("the result is no JSON")?;
            (Ok(output), answer.logs)
        }
        Err(problem) => (Err((problem.code, problem.detail)), problem.logs),
    };
    let mut said = verdict::differences(&case.expect, &outcome);
    let passed = said.is_empty();
    if !passed {
        said.extend(logs.iter().map(|record| format!("{}: {}", record.source, record.text)));
    }
    Ok(Verdict { case: case.name.clone(), passed, ms, said })
}

fn show_verdict(Verdict { case, passed, ms, said }: &Verdict) -> Result<(), Failure> {
    let mark = if *passed { "ok  " } else { "FAIL" };
    show::line(format!("{mark}  {case}  ({ms:.1} ms)"))?;
    said.iter().try_for_each(|line| show::line(format!("      {line}")))
}

fn finish(place: &Place, verdicts: &[Verdict]) -> Result<(), Failure> {
    let (all, failed) = (verdicts.len(), verdicts.iter().filter(|verdict| !verdict.passed).count());
    if place.json {
        show::json(&json!({ "passed": all - failed, "failed": failed, "cases": verdicts }))?;
    }
    match failed {
        0 if all == 0 => Err(anyhow!("tests/cases.toml has no [[case]]").into()),
        0 if place.json => Ok(()),
        0 => show::line(format!("all {all} cases passed")),
        _ => Err(anyhow!("{failed} of {all} cases failed").into()),
    }
}
