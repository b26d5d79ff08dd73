//! `skep check`: what a component is and what of it would be served, without installing it.

use super::run::{one_shot_sandbox, prepare};
use crate::args::Place;
use crate::failure::Failure;
use crate::show;
use serde_json::json;
use skep_core::{ByteSize, Requests};
use skep_registry::Source;
use skep_sandbox::{Import, Shape};
use std::path::Path;

pub(crate) async fn check(place: &Place, path: &Path) -> Result<(), Failure> {
    let source = Source::read(path)?;
    let prepared = prepare(&one_shot_sandbox()?, &source, path).await?;
    let inspection = prepared.inspection();
    if place.json {
        return show::json(&json!({ "digest": source.digest(), "inspection": inspection }));
    }
    let shape = match inspection.shape {
        Shape::Typed => "typed: its tools are its exported functions",
        Shape::Contract => "contract: it describes its own tools",
    };
    show::line(format!("{}: would be served ({shape})", path.display()))?;
    show::line(format!("  size {}, {}", ByteSize(inspection.size), source.digest()))?;
    if !inspection.producers.is_empty() {
        show::line(format!("  made by {}", inspection.producers.join(", ")))?;
    }
    let named: Vec<_> = inspection.tools.iter().map(|t| (t.name.as_str(), t.description.as_str())).collect();
    tools(&named)?;
    imports(&inspection.imports)?;
    for ignored in &inspection.exports_ignored {
        show::line(format!("not a tool: {ignored}"))?;
    }
    source.manifest().map_or(Ok(()), |manifest| requests(&manifest.requests))
}

/// Names and what they do.
pub(super) fn tools(tools: &[(&str, &str)]) -> Result<(), Failure> {
    show::line("tools:")?;
    for (name, description) in tools {
        let first = description.lines().next().unwrap_or_default();
        show::line(format!("  {name}  {first}").trim_end())?;
    }
    Ok(())
}

/// What the component imports, in words; each kind once.
pub(super) fn imports(imports: &[Import]) -> Result<(), Failure> {
    let mut wants: Vec<_> = imports.iter().map(|import| import.wants.as_str()).collect();
    wants.sort_unstable();
    wants.dedup();
    if !wants.is_empty() {
        show::line("could use:")?;
    }
    wants.iter().try_for_each(|want| show::line(format!("  {want}")))
}

/// What the manifest asks for.
pub(super) fn requests(requests: &Requests) -> Result<(), Failure> {
    let files = requests.files.iter().map(|r| format!("files at {} ({}) {}", r.path, r.access, r.why));
    let others = [
        ("the variable", &requests.env),
        ("the network at", &requests.network),
        ("the secret", &requests.secrets),
    ];
    let skills = requests.skills.iter().map(|name| format!("the skill {name}"));
    let named = others.into_iter().flat_map(|(what, names)| names.iter().map(move |n| format!("{what} {n}")));
    for request in files.chain(named).chain(skills) {
        show::line(format!("asks for: {}", request.trim_end()))?;
    }
    Ok(())
}
