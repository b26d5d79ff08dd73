//! Finding skills by what they offer.

use crate::{Registry, inspection_of, manifest_of};
use serde::{Deserialize, Serialize};
use skep_core::{DomainName, Fault, Manifest, SkillName};
use skep_sandbox::SkillInfo;
use skep_store::{SkillRow, VersionRow, VersionState};
use utoipa::ToSchema;

/// A skill that offers something of what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Match {
    /// The skill.
    pub skill: SkillName,
    /// 1 for the very capability; less the less of it fits.
    pub score: f64,
    /// The capability that fits best.
    pub capability: String,
}

impl Registry {
    /// Those among `callable` that serve and offer `wanted`, the best first; all for an empty text.
    pub async fn offers(
        &self,
        domain: &DomainName,
        wanted: &str,
        callable: &[SkillName],
    ) -> Result<Vec<SkillInfo>, Fault> {
        let mut rows = self.list(domain).await?;
        rows.retain(|row| callable.contains(&row.name) && current(row).is_some());
        if !wanted.is_empty() {
            let found = find(&rows, wanted);
            let rank = |row: &SkillRow| found.iter().position(|one| one.skill == row.name);
            rows.retain(|row| rank(row).is_some());
            rows.sort_by_key(rank);
        }
        rows.iter().filter_map(|row| Some(info(&row.name, current(row)?))).collect()
    }
}

fn current(row: &SkillRow) -> Option<&VersionRow> {
    row.versions.iter().find(|v| v.state == VersionState::Current)
}

fn info(name: &SkillName, version: &VersionRow) -> Result<SkillInfo, Fault> {
    let about = manifest_of(version)?.map(|manifest| manifest.skill);
    let (description, capabilities) = about.map(|s| (s.description, s.capabilities)).unwrap_or_default();
    let tools = inspection_of(version)?.tools;
    Ok(SkillInfo { name: name.clone(), version: version.version.clone(), description, capabilities, tools })
}

/// The skills whose current version offers `wanted` or something near it, the best first.
///
/// Capabilities are dotted words. The score is the share of leading words that agree:
/// `csv.read` against `csv.read` is 1, against `csv.write` or `csv` a half, against `report` nothing.
pub fn find(rows: &[SkillRow], wanted: &str) -> Vec<Match> {
    let mut matches: Vec<Match> = rows.iter().filter_map(|row| best(row, wanted)).collect();
    matches.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.skill.cmp(&b.skill)));
    matches
}

fn best(row: &SkillRow, wanted: &str) -> Option<Match> {
    let manifest = Manifest::parse(current(row)?.manifest.as_deref()?).ok()?;
    let scored = manifest.skill.capabilities.into_iter().map(|c| (score(&c, wanted), c));
    let (score, capability) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.0).then(|| Match { skill: row.name.clone(), score, capability })
}

fn score(offered: &str, wanted: &str) -> f64 {
    let agree = offered.split('.').zip(wanted.split('.')).take_while(|(a, b)| a == b).count();
    let words = offered.split('.').count().max(wanted.split('.').count());
    agree as f64 / words as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_follow_the_leading_words() {
        let check =
            |offered, wanted, expect: f64| assert_eq!(score(offered, wanted), expect, "{offered} {wanted}");
        check("csv.read", "csv.read", 1.0);
        check("csv.read", "csv.write", 0.5);
        check("csv.read", "csv", 0.5);
        check("csv", "csv.read.fast", 1.0 / 3.0);
        check("report", "csv", 0.0);
        check("read.csv", "csv.read", 0.0);
    }
}
