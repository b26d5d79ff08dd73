//! `skep:skill/skills`: other skills, those that the permit names.

use crate::bindings::skep::skill::skills::{self, SkillInfo, ToolInfo};
use crate::json::cut;
use crate::{Services, Tool};
use skep_core::{Fault, NameError, Permit, SkillName, ToolName};
use std::collections::BTreeSet;
use std::str::FromStr;
use wasmtime::component::{HasData, Linker};

/// Longest name that is looked at, in characters; longer ones are no names.
const NAME_CHARS_MAX: usize = 200;
/// Longest capability that may be looked for.
const CAPABILITY_BYTES_MAX: usize = 256;
/// Most skills that `find` gives.
const FOUND_MAX: usize = 100;
/// Most bytes of descriptions and schemas that `find` gives; the matches that don't fit are left out.
const FOUND_BYTES_MAX: usize = 4 << 20;

/// What a guest may call: made from its permit.
pub(crate) struct Callable {
    caller: SkillName,
    skills: BTreeSet<SkillName>,
}

impl Callable {
    pub(crate) fn new(permit: &Permit) -> Self {
        Self { caller: permit.skill().clone(), skills: permit.skills().clone() }
    }

    fn check(&self, skill: &SkillName) -> Result<(), Fault> {
        if self.skills.contains(skill) {
            return Ok(());
        }
        let caller = &self.caller;
        Err(Fault::denied(format!(
            "skill `{caller}` may not call `{skill}`: `skep grant {caller} --skill {skill}` lets it, \
             if its manifest asks for it"
        )))
    }
}

/// Other skills, as one guest sees them.
pub(super) struct Skills<'a> {
    pub(super) services: &'a dyn Services,
    pub(super) callable: &'a Callable,
}

impl Skills<'_> {
    async fn ask(&self, skill: &str, tool: Option<&str>, input: String) -> Result<String, Fault> {
        let skill: SkillName = named(skill)?;
        let tool: Option<ToolName> = tool.map(named).transpose()?;
        self.callable.check(&skill)?;
        let output = self.services.call_skill(&skill, tool.as_ref(), input.into()).await?;
        String::from_utf8(output.as_bytes().to_vec())
            .map_err(|e| Fault::internal(format!("the answer of skill `{skill}` is no UTF-8: {e}")))
    }

    async fn look(&self, capability: &str) -> Result<Vec<SkillInfo>, Fault> {
        if capability.len() > CAPABILITY_BYTES_MAX {
            let message = format!("a capability has {CAPABILITY_BYTES_MAX} bytes at most");
            return Err(Fault::invalid_input(message));
        }
        let callable: Vec<SkillName> = self.callable.skills.iter().cloned().collect();
        if callable.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.services.find_skills(capability, &callable).await?;
        let mut bytes = 0;
        let fitting = found
            .into_iter()
            .filter(|skill| self.callable.skills.contains(&skill.name))
            .map(described)
            .take_while(|skill| {
                bytes += size(skill);
                bytes <= FOUND_BYTES_MAX
            });
        Ok(fitting.take(FOUND_MAX).collect())
    }
}

impl skills::Host for Skills<'_> {
    async fn call(
        &mut self,
        skill: String,
        tool: Option<String>,
        input: String,
    ) -> Result<String, skills::Fault> {
        self.ask(&skill, tool.as_deref(), input).await.map_err(told)
    }

    async fn find(&mut self, capability: String) -> Result<Vec<SkillInfo>, skills::Fault> {
        self.look(&capability).await.map_err(told)
    }
}

fn named<N: FromStr<Err = NameError>>(text: &str) -> Result<N, Fault> {
    cut(text, NAME_CHARS_MAX).parse().map_err(|e: NameError| Fault::invalid_input(e.to_string()))
}

fn told(fault: Fault) -> skills::Fault {
    skills::Fault { code: fault.code.as_str().to_owned(), message: fault.message }
}

fn described(skill: crate::SkillInfo) -> SkillInfo {
    let tool = |tool: Tool| ToolInfo {
        name: tool.name.into(),
        description: tool.description,
        input_schema: tool.input_schema.to_string(),
        output_schema: tool.output_schema.map(|schema| schema.to_string()),
    };
    SkillInfo {
        name: skill.name.into(),
        version: skill.version.to_string(),
        description: skill.description,
        capabilities: skill.capabilities,
        tools: skill.tools.into_iter().map(tool).collect(),
    }
}

fn size(skill: &SkillInfo) -> usize {
    let tool = |tool: &ToolInfo| {
        tool.description.len() + tool.input_schema.len() + tool.output_schema.as_ref().map_or(0, String::len)
    };
    skill.description.len()
        + skill.capabilities.iter().map(String::len).sum::<usize>()
        + skill.tools.iter().map(tool).sum::<usize>()
}

struct HasSkills;

impl HasData for HasSkills {
    type Data<'a> = Skills<'a>;
}

/// Serves the interface from what `T` has for it.
pub(super) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    skills: fn(&mut T) -> Skills<'_>,
) -> wasmtime::Result<()> {
    skills::add_to_linker::<T, HasSkills>(linker, skills)
}
