//! Profiles: which skills and tools an operator shows to a kind of client. They only narrow what it may call.

use serde::Deserialize;
use skep_core::{SkillName, ToolName, ToolRef};
use std::collections::BTreeSet;

/// What is shown under a profile's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Profile {
    skills: BTreeSet<SkillName>,
    tools: BTreeSet<(SkillName, ToolName)>,
    request_grants: bool,
}

/// A profile as the configuration has it: whole skills, single tools written `SKILL/TOOL`, and whether clients may
/// ask for grants.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    skills: BTreeSet<SkillName>,
    tools: Vec<String>,
    request_grants: bool,
}

impl TryFrom<Written> for Profile {
    type Error = String;
    fn try_from(Written { skills, tools, request_grants }: Written) -> Result<Self, String> {
        let tool = |text: &String| match text.parse::<ToolRef>() {
            Ok(ToolRef { skill, tool: Some(tool) }) if skill.version.is_none() => Ok((skill.name, tool)),
            _ => Err(format!("tools: `{text}` must be SKILL/TOOL")),
        };
        let tools = tools.iter().map(tool).collect::<Result<_, _>>()?;
        Ok(Self { skills, tools, request_grants })
    }
}

impl Profile {
    pub(super) fn shows(&self, skill: &SkillName, tool: &ToolName) -> bool {
        self.skills.contains(skill) || self.tools.contains(&(skill.clone(), tool.clone()))
    }

    /// Whether clients may ask for grants, to the skills that are shown.
    pub(super) fn requests_grants(&self) -> bool {
        self.request_grants
    }

    /// Whether anything of the skill is shown.
    pub(super) fn shows_some_of(&self, skill: &SkillName) -> bool {
        self.skills.contains(skill) || self.tools.iter().any(|(of, _)| of == skill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_named_is_shown() {
        let read = |value| serde_json::from_value::<Profile>(value);
        let profile = read(json!({ "skills": ["jq"], "tools": ["files/read"] })).unwrap();
        let check = |skill: &str, tool: &str, shown: bool| {
            let (skill, tool) = (skill.parse().unwrap(), tool.parse().unwrap());
            assert_eq!(profile.shows(&skill, &tool), shown, "{skill}/{tool}");
        };
        check("jq", "filter", true);
        check("files", "read", true);
        check("files", "write", false);
        check("hash", "read", false);
        assert!(profile.shows_some_of(&"files".parse().unwrap()));
        for bad in ["files", "files@1.0.0/read", "Files/read"] {
            assert!(read(json!({ "tools": [bad] })).unwrap_err().to_string().contains(bad), "{bad}");
        }
        assert!(read(json!({ "skills": ["Jq"] })).is_err() && read(json!({ "tool": [] })).is_err());
    }
}
