//! `skep build`: from a project to a component.

use super::check;
use super::run::{one_shot_sandbox, prepare};
use crate::args::{BuildArgs, Place};
use crate::failure::Failure;
use crate::show;
use anyhow::Context;
use serde_json::json;
use skep_core::Fault;
use skep_forge::{Built, ForgeError, Project, Tools};
use skep_registry::Source;

pub(crate) async fn build(place: &Place, args: BuildArgs) -> Result<(), Failure> {
    let (project, built) = make(&args).await?;
    let source = source(&project, &built)?;
    let prepared = prepare(&one_shot_sandbox()?, &source, &built.component).await?;
    let inspection = prepared.inspection();
    built.place()?;
    if place.json {
        let Built { component, bytes, took } = &built;
        let (seconds, shape) = (took.as_secs_f64(), project.shape().as_str());
        let made =
            json!({ "component": component, "bytes": bytes.len(), "seconds": seconds, "shape": shape });
        return show::json(&json!({ "built": made, "inspection": inspection }));
    }
    let (size, seconds) = (show::size(built.bytes.len() as u64), built.took.as_secs_f64());
    show::line(format!("{}: {size}, {}, in {seconds:.1} s", built.component.display(), project.shape()))?;
    check::tools(&inspection.tools)
}

/// What a build made, before it is in its place.
pub(super) fn source(project: &Project, built: &Built) -> Result<Source, Fault> {
    Source::with_component(project.dir(), built.bytes.clone().into())
}

/// Builds, with a spinner that says what is being done.
pub(super) async fn make(args: &BuildArgs) -> Result<(Project, Built), Failure> {
    let (dir, verbose) = (args.dir.clone(), args.verbose);
    let spinner = (!verbose).then(|| show::spinner(format!("building {}", dir.display())));
    let shown = spinner.clone();
    let build = move || {
        let report = |step: &str| match &shown {
            Some(spinner) => spinner.set_message(step.to_owned()),
            None => eprintln!("{}", show::plain(step)),
        };
        let project = Project::open(&dir)?;
        let tools = Tools::new(project.dir(), verbose, &report);
        let built = skep_forge::build(&project, &tools)?;
        Ok::<_, ForgeError>((project.clone(), built))
    };
    let built = tokio::task::spawn_blocking(build).await;
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    Ok(built.context("the build broke")??)
}
