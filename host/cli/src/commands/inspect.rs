//! `skep inspect`: all there is to know of an installed skill.

use super::check;
use crate::args::Place;
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use skep_api::types::SkillDetail;
use skep_core::SkillRef;

pub(crate) async fn inspect(client: &Client, place: &Place, skill: &SkillRef) -> Result<(), Failure> {
    let detail: SkillDetail = client.get(&["skills", &skill.to_string()], &[]).await?;
    if place.json {
        return show::json(&detail);
    }
    show::line(format!("{} {}  {}", detail.name, detail.version, detail.description))?;
    for version in &detail.versions {
        let (standing, at) =
            (format!("{:?}", version.standing).to_lowercase(), show::time(version.published));
        show::line(format!("  {} {standing}, {at}, {}", version.version, version.digest))?;
    }
    if !detail.capabilities.is_empty() {
        show::line(format!("offers: {}", detail.capabilities.join(", ")))?;
    }
    let tools: Vec<_> = detail.tools.iter().map(|t| (t.name.as_str(), t.description.as_str())).collect();
    check::tools(&tools)?;
    check::imports(&detail.imports)?;
    if let Some(requests) = &detail.requests {
        check::requests(requests)?;
    }
    for (key, value) in &detail.config.effective {
        show::line(format!("config: {key} = {value}"))?;
    }
    show::line(format!("what is granted: skep grants {}", detail.name))
}
