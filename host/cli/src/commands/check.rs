//! `skep check`: what a component is and what of it would be served, without installing it.

use super::run::{one_shot_sandbox, prepare};
use super::signature::signature;
use crate::args::Place;
use crate::failure::Failure;
use crate::show;
use serde_json::{Value, json};
use skep_core::{ByteSize, Fault, FaultCode, Requests};
use skep_registry::Source;
use skep_sandbox::{Examination, Import, Shape, Tool, examine};
use std::path::Path;

pub(crate) async fn check(place: &Place, path: &Path) -> Result<(), Failure> {
    let source = Source::read(path)?.adapted().await?;
    let component = source.component().clone();
    let mut seen = tokio::task::spawn_blocking(move || examine(&component))
        .await
        .map_err(|error| Fault::internal(error.to_string()))??;
    let mut code = FaultCode::InvalidComponent;
    if seen.refusals.is_empty() {
        match prepare(&one_shot_sandbox()?, &source, path).await {
            Ok(prepared) => seen.inspection = prepared.inspection().clone(),
            Err(fault) => {
                code = fault.code;
                seen.refusals.push(fault.message);
            }
        }
    }
    if place.json {
        show::json(&json!({
            "digest": source.digest(),
            "inspection": seen.inspection,
            "refusals": seen.refusals,
        }))?;
    } else {
        tell(path, &source, &seen)?;
    }
    match &seen.refusals[..] {
        [] => Ok(()),
        refusals => {
            let message = format!("{} would be refused: {}", path.display(), refusals.join("; "));
            Err(Fault::new(code, message).into())
        }
    }
}

fn tell(
    path: &Path,
    source: &Source,
    Examination { inspection, refusals }: &Examination,
) -> Result<(), Failure> {
    let verdict = if refusals.is_empty() { "served" } else { "refused" };
    show::line(format!("{}: would be {verdict} ({})", path.display(), shape(inspection.shape)))?;
    refusals.iter().try_for_each(|refusal| show::line(format!("  {refusal}")))?;
    show::line(format!("  size {}, {}", ByteSize(inspection.size), source.digest()))?;
    producers(&inspection.producers)?;
    tools(&inspection.tools)?;
    imports(&inspection.imports)?;
    exports_ignored(&inspection.exports_ignored)?;
    source.manifest().map_or(Ok(()), |manifest| requests(&manifest.requests))
}

/// How a component offers its tools, in words.
pub(super) fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Typed => "typed: its tools are its exported functions",
        Shape::Contract => "contract: it describes its own tools",
        Shape::Command => "command: a program with arguments, standard input and an exit code",
    }
}

/// The tools that a component was made with.
pub(super) fn producers(producers: &[String]) -> Result<(), Failure> {
    if producers.is_empty() {
        return Ok(());
    }
    show::line(format!("  made by {}", producers.join(", ")))
}

/// The tools of a component.
pub(super) fn tools(tools: &[Tool]) -> Result<(), Failure> {
    let each =
        |it: &Tool| tool(it.name.as_str(), &it.description, &it.input_schema, it.output_schema.as_ref());
    tools.iter().try_for_each(each)
}

/// A tool: what it takes and gives, and what it does.
pub(super) fn tool(
    name: &str,
    description: &str,
    input: &Value,
    output: Option<&Value>,
) -> Result<(), Failure> {
    show::line(format!("tool {}", signature(name, input, output)))?;
    match description.lines().next() {
        Some(first) if !first.is_empty() => show::line(format!("  {first}")),
        _ => Ok(()),
    }
}

/// What the component imports, in words; each kind once. What is not served, by its name.
pub(super) fn imports(imports: &[Import]) -> Result<(), Failure> {
    let (served, unserved): (Vec<_>, Vec<_>) = imports.iter().partition(|import| import.served);
    let mut wants: Vec<_> = served.iter().map(|import| import.wants.as_str()).collect();
    wants.sort_unstable();
    wants.dedup();
    if !wants.is_empty() {
        show::line("could use:")?;
    }
    wants.iter().try_for_each(|want| show::line(format!("  {want}")))?;
    unserved.iter().try_for_each(|import| show::line(format!("not served: {}", import.name)))
}

/// Exports that are no tools, and why.
pub(super) fn exports_ignored(ignored: &[String]) -> Result<(), Failure> {
    ignored.iter().try_for_each(|ignored| show::line(format!("not a tool: {ignored}")))
}

/// What the manifest asks for.
pub(super) fn requests(requests: &Requests) -> Result<(), Failure> {
    let files = requests.files.iter().map(|r| format!("files at {} ({}) {}", r.path, r.access, r.why));
    let env = requests.env.iter().map(|name| format!("the variable {name}"));
    let network = requests.network.iter().map(|rule| format!("the network at {rule}"));
    let secrets = requests.secrets.iter().map(|name| format!("the secret {name}"));
    let skills = requests.skills.iter().map(|name| format!("the skill {name}"));
    for request in files.chain(env).chain(network).chain(secrets).chain(skills) {
        show::line(format!("asks for: {}", request.trim_end()))?;
    }
    Ok(())
}
