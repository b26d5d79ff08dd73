//! `skep run`: one tool of a component, with nothing installed, no host, no data directory.

use super::{call, input};
use crate::args::{Place, RunArgs};
use crate::failure::{Failure, invalid};
use crate::home::{Home, own_places, private_dir, xdg};
use crate::host::sandbox;
use crate::keys::Key;
use crate::show;
use skep_core::{
    CallId, Digest, Fault, Grants, Limits, LimitsSpec, Principal, Progress, SkillName, Subject, ToolName,
    UnixMs,
};
use skep_registry::Source;
use skep_sandbox::{Call, Inspection, Prepared, Sandbox, Services, files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name that a component without one runs under.
const NAMELESS: &str = "skill";

pub(crate) async fn run(place: &Place, args: RunArgs) -> Result<(), Failure> {
    let source = Source::read(&args.path)?.adapted().await?;
    let sandbox = one_shot_sandbox()?;
    let prepared = prepare(&sandbox, &source, &args.path).await?;
    let (tool, words) = pick(prepared.inspection(), &args)?;
    let schema = prepared.inspection().tools.iter().find(|t| t.name == tool).map(|t| t.input_schema.clone());
    let permit = permit(&source, &args, &own_places(&Home::find(place.data.as_deref())?))?;
    let call = Call {
        id: CallId::fresh(),
        attempt: 1,
        deadline: UnixMs::now().after(permit.limits().wall.0),
        chain: vec![Principal::Operator("local".to_owned())],
        idempotency_key: None,
        session: None,
        tool,
        input: input::read(&words, &schema.unwrap_or_default())?.into(),
        config: Arc::new(config(&source, &args.set)?),
    };
    let report = sandbox.run(&prepared, &permit, call, Arc::new(NoHost)).await;
    call::logs(&report.logs);
    let output = report.outcome?;
    call::output(&String::from_utf8_lossy(output.as_bytes()))
}

/// A sandbox with its artefacts, and the key that guards them, in the user's cache directory.
pub(super) fn one_shot_sandbox() -> Result<Sandbox, Failure> {
    let cache = xdg("XDG_CACHE_HOME", ".cache")?;
    private_dir(&cache)?;
    sandbox(1, 0, cache.join("artefacts"), &Key::load(&cache.join("key"))?)
}

/// Compiles, with a spinner where someone looks.
pub(super) async fn prepare(sandbox: &Sandbox, source: &Source, path: &Path) -> Result<Arc<Prepared>, Fault> {
    let spinner = show::spinner(format!("preparing {}", path.display()));
    let prepared = sandbox.prepare(source.component().clone()).await;
    spinner.finish_and_clear();
    prepared
}

/// The tool and the words of its input: the first word names the tool, or is input of the only one.
fn pick(inspection: &Inspection, args: &RunArgs) -> Result<(ToolName, Vec<String>), Failure> {
    let tools = &inspection.tools;
    let names = || tools.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ");
    let Some(word) = &args.tool else {
        return match &tools[..] {
            [only] => Ok((only.name.clone(), Vec::new())),
            _ => Err(Fault::unknown_tool(format!("name one of the tools: {}", names())).into()),
        };
    };
    // What is written like no tool's name is meant as input.
    let is_input = word == "-" || word.parse::<ToolName>().is_err();
    match (tools.iter().find(|t| t.name.as_str() == word), &tools[..]) {
        (Some(tool), _) => Ok((tool.name.clone(), args.input.clone())),
        (None, [only]) if is_input => {
            Ok((only.name.clone(), [std::slice::from_ref(word), &args.input].concat()))
        }
        _ => Err(Fault::unknown_tool(format!("no tool `{word}`; there are: {}", names())).into()),
    }
}

fn permit(source: &Source, args: &RunArgs, forbidden: &[PathBuf]) -> Result<skep_core::Permit, Failure> {
    let mut given = input::grants(&args.grants)?;
    for rule in &mut given.files {
        rule.host = files::check_root(&rule.host, forbidden).map_err(|e| invalid(e.to_string()))?;
    }
    let requests = source.manifest().map(|m| &m.requests);
    let mut grants = Grants::default();
    grants.grant(given, requests).map_err(|e| invalid(e.to_string()))?;
    let digest: Digest = source.digest();
    grants.digests.insert(digest);
    let spec = source.manifest().map_or_else(LimitsSpec::default, |m| m.limits.clone());
    let limits = spec.within(&Limits::ceiling()).map_err(|e| invalid(e.to_string()))?;
    let nameless: SkillName = NAMELESS.parse().map_err(|e| invalid(format!("{e}")))?;
    let skill = source.name().unwrap_or(&nameless);
    Ok(grants.permit(Subject { skill, digest, requests, limits: &limits }))
}

fn config(source: &Source, set: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut config = source.manifest().map(|m| m.config.clone()).unwrap_or_default();
    for pair in set {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| invalid(format!("--set `{pair}` is no KEY=VALUE")))?;
        config.insert(key.to_owned(), value.to_owned());
    }
    Ok(config)
}

/// What a one-shot guest may ask of its host: nothing that needs one.
struct NoHost;

impl Services for NoHost {
    fn progress(&self, progress: Progress) {
        let word = progress.message.unwrap_or_default();
        let total = progress.total.map(|t| format!("/{t}")).unwrap_or_default();
        eprintln!("{}", show::plain(&format!("progress: {}{total} {word}", progress.done)));
    }

    fn cancelled(&self) -> bool {
        false
    }
}
