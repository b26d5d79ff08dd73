//! `skep dev`: a project is built, loaded and called again with each change.

mod calls;
mod grants;
mod sources;
mod trial;

use super::serve::Signals;
use super::{add, build, call, input};
use crate::args::{BuildArgs, DevArgs, Place};
use crate::client::Client;
use crate::connect::Session;
use crate::failure::Failure;
use crate::show;
use calls::OwnCalls;
use serde_json::Value;
use skep_api::types::{Added, GrantRequest, ONLY_TOOL, SkillDetail};
use skep_forge::{Built, Project};
use sources::Sources;
use std::path::Path;
use std::time::Instant;
use trial::Trial;

/// Where the host of a project keeps its data, below the project's folder.
const DATA: &str = ".skep/dev";

pub(crate) async fn dev(place: &Place, args: DevArgs) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let project = Project::open(&args.build.dir)?;
    let grants = input::grants(&args.grants)?.into();
    let call = args.call.as_deref().map(Trial::parse).transpose()?;
    let mut sources = Sources::watch(&project)?;
    let session = open(place, project.dir()).await?;
    let skill = &project.manifest().skill.name;
    if !place.is_host_typed {
        grants::take_back(&session.client, skill).await?;
    }
    let dev = Dev {
        client: &session.client,
        build: &args.build,
        grants,
        call: call.as_ref(),
        own: OwnCalls::default(),
    };
    greet(place, &project)?;
    let ended = tokio::select! {
        ended = dev.follow(&mut sources) => ended,
        ended = calls::follow(&session.client, skill, &dev.own) => ended,
        () = signals.next() => Ok(()),
    };
    session.close().await;
    ended
}

/// The host that was typed, else one of the project's own. Each save replaces what serves, so the host that
/// SKEP_HOST names for other commands isn't meant.
async fn open(place: &Place, dir: &Path) -> Result<Session, Failure> {
    match (&place.data, place.is_host_typed) {
        (Some(_), _) => Err(Failure::Usage(format!(
            "the host of `skep dev` keeps its data in the project's {DATA}: leave out --data, or name a host with --host"
        ))),
        (None, true) => Session::open(place).await,
        (None, false) => Session::apart(&dir.join(DATA), place.domain.clone()).await,
    }
}

fn greet(place: &Place, project: &Project) -> Result<(), Failure> {
    let skill = &project.manifest().skill.name;
    let host = match &place.host {
        Some(host) if place.is_host_typed => {
            show::line(format!("each save replaces the {skill} that serves at {host}"))?;
            format!("--host {host}")
        }
        _ => format!("--data {}", project.dir().join(DATA).display()),
    };
    show::line(format!("{skill}: call it with `skep call {skill}/TOOL INPUT {host}`; Ctrl-C ends"))
}

/// What stays the same from one change to the next.
struct Dev<'a> {
    client: &'a Client,
    build: &'a BuildArgs,
    grants: GrantRequest,
    call: Option<&'a Trial>,
    own: OwnCalls,
}

impl Dev<'_> {
    /// Loads the project, and again with each change; what fails is shown, and the last good version serves on.
    async fn follow(&self, sources: &mut Sources) -> Result<(), Failure> {
        let (mut saved, mut is_first) = (Instant::now(), true);
        loop {
            if let Err(failure) = self.load(saved, is_first).await {
                eprintln!("{}", show::plain(&failure.to_string()));
            }
            (saved, is_first) = (sources.changed().await?, false);
        }
    }

    async fn load(&self, saved: Instant, is_first: bool) -> Result<(), Failure> {
        let (project, built) = build::make(self.build).await?;
        let added = self.install(&project, &built).await?;
        built.place()?;
        if added.unchanged && !is_first {
            return show::line(format!("{} is unchanged", added.skill));
        }
        let tools: Vec<_> = added.tools.iter().map(|tool| tool.as_str()).collect();
        let (whole, build) = (saved.elapsed().as_secs_f64(), built.took.as_secs_f64());
        let size = show::size(built.bytes.len() as u64);
        show::line(format!(
            "{} loaded in {whole:.2} s (build {build:.2} s, {size}): {}",
            added.skill,
            tools.join(", ")
        ))?;
        match self.call {
            Some(trial) => self.try_out(added.skill.as_str(), trial, saved).await,
            None => Ok(()),
        }
    }

    /// Installs the build in place of the last one. An author trusts what is asked for here.
    async fn install(&self, project: &Project, built: &Built) -> Result<Added, Failure> {
        let source = build::source(project, built)?;
        let request = add::request(&source, self.grants.clone(), true);
        let added = self.client.install(&request).await?;
        if added.waits.is_some() {
            self.client.approve(added.skill.as_str()).await?;
        }
        Ok(added)
    }

    /// Makes the call that was asked for, and shows what came of it.
    async fn try_out(&self, skill: &str, trial: &Trial, saved: Instant) -> Result<(), Failure> {
        let Trial { tool, input: words } = trial;
        let schema = if input::needs_schema(words) { self.schema(skill, tool).await? } else { Value::Null };
        let begin = Instant::now();
        let answer = self.client.call(skill, tool, input::read(words, &schema)?).await?;
        let (ms, since) = (begin.elapsed().as_secs_f64() * 1e3, saved.elapsed().as_secs_f64());
        let (id, logs, said) = match answer {
            Ok(answer) => (Some(answer.id), answer.logs, answer.output.get().to_owned()),
            Err(problem) => (problem.call, problem.logs, format!("{}: {}", problem.code, problem.detail)),
        };
        self.own.add(id);
        call::logs(&logs);
        show::line(format!("  {said}"))?;
        show::line(format!("  answered in {ms:.1} ms, {since:.2} s after saving"))
    }

    async fn schema(&self, skill: &str, tool: &str) -> Result<Value, Failure> {
        let detail: SkillDetail = self.client.get(&["skills", skill], &[]).await?;
        let found = detail.tools.into_iter().find(|t| tool == ONLY_TOOL || t.name.as_str() == tool);
        Ok(found.map(|tool| tool.input_schema).unwrap_or_default())
    }
}
