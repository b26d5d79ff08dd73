//! The toolchains of authors: which languages skills can be built in here. None is needed to serve.

use super::finding::Finding;
use super::ground::Ground;
use skep_forge::{ForgeError, Language, Tools};
use std::path::Path;

pub(super) async fn check(_: &Ground) -> Vec<Finding> {
    let tools = Tools::new(Path::new("."), false, &|_| {});
    Language::all().map(|language| told(language.title(), language.ready(&tools))).collect()
}

fn told(title: &str, ready: Result<(), ForgeError>) -> Finding {
    match ready {
        Ok(()) => Finding::information(format!("{title}: `skep build` has what it needs")),
        Err(ForgeError::MissingTool { tool, why, how }) => {
            let missing = Finding::information(format!("{title}: {tool} is missing here: {why}"));
            Finding { way_out: how.into_iter().next(), ..missing }
        }
        Err(error) => Finding::information(format!("{title}: {error}")),
    }
}
