//! The manifest, `skill.toml`: who a skill is, what it asks for, how it is configured.

use crate::{LimitsSpec, Requests, SkillName, ToolName, ToolSection};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// Longest description, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 1024;

/// A manifest that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, an unknown key, or a value that breaks its rule; the text says where.
    #[error("skill.toml: {0}")]
    Toml(String),
    /// The component's name leaves the skill's folder.
    #[error("skill.toml: component = \"{0}\" must be a file name in the skill's own folder")]
    Component(String),
    /// Too much description.
    #[error("skill.toml: the description has {0} bytes, at most {DESCRIPTION_BYTES_MAX} are kept")]
    Description(usize),
    /// What it says of a tool can't be held to.
    #[error("skill.toml: [tools.{0}]: {1}")]
    Tool(String, String),
}

/// How long an instance lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifetime {
    /// One instance a call, dropped after it.
    #[default]
    Fresh,
    /// One instance a session, kept between its calls until it idles for too long.
    Session,
}

/// The `[skill]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillSection {
    /// Its name.
    pub name: SkillName,
    /// Its version.
    pub version: semver::Version,
    /// One line on what it does.
    #[serde(default)]
    pub description: String,
    /// The component's file name in the skill's folder.
    pub component: String,
    /// What it offers, in dotted words such as `csv.read`; discovery matches on them.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// How long an instance lives.
    #[serde(default)]
    pub lifetime: Lifetime,
}

/// How `skep build` makes the component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildSection {
    /// The language of its sources, as `skep new` names it.
    pub language: String,
    /// How it offers its tools: `typed`, `contract` or `command`.
    pub shape: String,
}

/// A skill's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Who the skill is.
    pub skill: SkillSection,
    /// Default configuration; numbers and booleans are kept as text.
    #[serde(default, deserialize_with = "config_texts")]
    pub config: BTreeMap<String, String>,
    /// What it asks for.
    #[serde(default)]
    pub requests: Requests,
    /// Its limits.
    #[serde(default)]
    pub limits: LimitsSpec,
    /// What it says of its tools.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<ToolName, ToolSection>,
    /// How it is built; means nothing to a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildSection>,
}

impl Manifest {
    /// Reads and checks a `skill.toml`.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|e| ManifestError::Toml(e.to_string()))?;
        let component = &manifest.skill.component;
        if component.is_empty() || component.starts_with('.') || component.contains(['/', '\\', '\0']) {
            return Err(ManifestError::Component(component.clone()));
        }
        let description = manifest.skill.description.len();
        if description > DESCRIPTION_BYTES_MAX {
            return Err(ManifestError::Description(description));
        }
        manifest.tools.iter().try_for_each(|(tool, section)| section.check(tool.as_str()))?;
        Ok(manifest)
    }

    /// Whether the skill has the tools that the manifest speaks of.
    pub fn fits(&self, tools: &[ToolName]) -> Result<(), ManifestError> {
        let Some(unknown) = self.tools.keys().find(|tool| !tools.contains(tool)) else { return Ok(()) };
        let known: Vec<_> = tools.iter().map(ToolName::as_str).collect();
        let why = format!("the skill has no such tool; it has: {}", known.join(", "));
        Err(ManifestError::Tool(unknown.to_string(), why))
    }
}

fn config_texts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scalar {
        Text(String),
        Whole(i64),
        Real(f64),
        Truth(bool),
    }
    let text = |value| match value {
        Scalar::Text(text) => text,
        Scalar::Whole(number) => number.to_string(),
        Scalar::Real(number) => number.to_string(),
        Scalar::Truth(truth) => truth.to_string(),
    };
    let read = BTreeMap::<String, Scalar>::deserialize(from)?;
    Ok(read.into_iter().map(|(key, value)| (key, text(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Access;

    const GOOD: &str = r#"
        [skill]
        name = "csv-report"
        version = "1.2.0"
        description = "Summarises CSV files"
        component = "csv_report.wasm"
        capabilities = ["csv.read", "report.write"]
        [config]
        currency = "EUR"
        rows = 10
        [requests]
        files = [{ path = "/data", access = "ro", why = "the CSV files" }]
        [limits]
        memory = "64MiB"
        wall = "10s"
        [tools.report]
        read_only = true
    "#;

    #[test]
    fn a_whole_manifest_reads() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.skill.name.as_str(), "csv-report");
        assert_eq!(manifest.config["rows"], "10");
        assert_eq!(manifest.requests.files[0].access, Access::Ro);
        assert_eq!(manifest.limits.wall.unwrap().to_string(), "10s");
    }

    #[test]
    fn mistakes_are_named() {
        let check = |from: &str, to: &str, says: &str| {
            let error = Manifest::parse(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        check("capabilities", "capabilites", "capabilites");
        check("csv_report.wasm", "../x.wasm", "../x.wasm");
        check("64MiB", "64MB", "64MB");
        check("\"ro\"", "\"rx\"", "rx");
        check("1.2.0", "one", "version");
        check("read_only", "readonly", "readonly");
        check("read_only = true", "media_type = \"text/csv\"", "tools.report");
        let manifest = Manifest::parse(GOOD).unwrap();
        assert!(manifest.fits(&["report".parse().unwrap()]).is_ok());
        let error = manifest.fits(&["read".parse().unwrap()]).unwrap_err().to_string();
        assert!(error.contains("report") && error.contains("it has: read"), "{error}");
    }
}
