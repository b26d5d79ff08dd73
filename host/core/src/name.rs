//! Names of skills, domains and tools, and the references that people type.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest name of a skill, a domain or a secret, in characters.
const NAME_CHARS_MAX: usize = 63;
/// Longest name of a tool, in characters.
const TOOL_CHARS_MAX: usize = 128;

/// A name or reference that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not `[a-z][a-z0-9-]{0,62}`.
    #[error("`{0}` is no {1} name: use a lower-case letter, then at most 62 of a-z, 0-9 and `-`")]
    Name(String, &'static str),
    /// Not `[A-Za-z0-9_.-]{1,128}`.
    #[error("`{0}` is no tool name: use at most 128 letters, digits, `_`, `-` and `.`")]
    Tool(String),
    /// Not `[A-Z][A-Z0-9_]{0,62}`.
    #[error("`{0}` is no name of a secret: use an upper-case letter, then at most 62 of A-Z, 0-9 and `_`")]
    Secret(String),
    /// The part behind `@` is no semantic version.
    #[error("`{0}` is no version: {1}")]
    Version(String, String),
}

fn is_name(text: &str) -> bool {
    let tail_ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= NAME_CHARS_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(tail_ok)
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $check:expr, $error:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                let error: fn(String) -> NameError = $error;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(error(text.to_owned())) }
            }
        }
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// The name of a skill: `[a-z][a-z0-9-]{0,62}`.
    SkillName, is_name, |text| NameError::Name(text, "skill")
);
name_type!(
    /// The name of a domain, the bulkhead that a message lives in: `[a-z][a-z0-9-]{0,62}`.
    DomainName, is_name, |text| NameError::Name(text, "domain")
);
name_type!(
    /// The name of a tool within its skill: `[A-Za-z0-9_.-]{1,128}`.
    ToolName, is_tool, NameError::Tool
);

name_type!(
    /// The name of a secret: `[A-Z][A-Z0-9_]{0,62}`.
    SecretName, is_secret, NameError::Secret
);

fn is_secret(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.len() <= NAME_CHARS_MAX && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(ok)
}

fn is_tool(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=TOOL_CHARS_MAX).contains(&text.len()) && text.chars().all(ok)
}

impl Default for DomainName {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

/// A skill as people type it: `NAME` or `NAME@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SkillRef {
    /// The skill.
    pub name: SkillName,
    /// One of its versions; the current one if absent.
    pub version: Option<semver::Version>,
}

impl FromStr for SkillRef {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let Some((name, version)) = text.split_once('@') else {
            return Ok(Self { name: text.parse()?, version: None });
        };
        let version = semver::Version::parse(version)
            .map_err(|e| NameError::Version(version.to_owned(), e.to_string()))?;
        Ok(Self { name: name.parse()?, version: Some(version) })
    }
}

impl TryFrom<String> for SkillRef {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<SkillRef> for String {
    fn from(skill: SkillRef) -> String {
        skill.to_string()
    }
}

impl From<SkillName> for SkillRef {
    fn from(name: SkillName) -> Self {
        Self { name, version: None }
    }
}

impl fmt::Display for SkillRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// A tool as people type it: `SKILL[@VERSION][/TOOL]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRef {
    /// The skill.
    pub skill: SkillRef,
    /// The tool; may be left out where the skill has only one.
    pub tool: Option<ToolName>,
}

impl FromStr for ToolRef {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('/') {
            Some((skill, tool)) => Ok(Self { skill: skill.parse()?, tool: Some(tool.parse()?) }),
            None => Ok(Self { skill: text.parse()?, tool: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skill_names_follow_the_rule() {
        for good in ["a", "csv-report", "x1", &"a".repeat(63)] {
            assert!(good.parse::<SkillName>().is_ok(), "{good}");
        }
        for bad in ["", "A", "1a", "-a", "a_b", "a/b", "ä", &"a".repeat(64)] {
            assert!(bad.parse::<SkillName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn references_read_as_typed() {
        let tool: ToolRef = "csv@1.2.0/report".parse().unwrap();
        assert_eq!(tool.skill.to_string(), "csv@1.2.0");
        assert_eq!(tool.tool.unwrap().as_str(), "report");
        assert!("csv@one".parse::<SkillRef>().is_err());
        assert!("csv/".parse::<ToolRef>().is_err());
    }
}
