//! `SKILL.md`: YAML frontmatter with name and description, then the prompt (the Agent Skills convention).

use serde::Deserialize;
use serde_json::{Map, Value};

/// What stands above a prompt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Frontmatter {
    /// The name that its author gave it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whatever else its author wrote there.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The frontmatter of a `SKILL.md` and the prompt below it; says what is missing if it has none.
pub fn prompt_parts(text: &str) -> Result<(Frontmatter, &str), String> {
    let start = "expected YAML frontmatter between two lines of `---` at its start";
    let rest = text.strip_prefix("---\n").ok_or(start)?;
    let (yaml, below) = rest.split_once("\n---").ok_or(start)?;
    let front: Frontmatter = serde_norway::from_str(yaml).map_err(|e| format!("frontmatter: {e}"))?;
    if front.name.is_empty() || front.description.is_empty() {
        return Err("frontmatter: name and description must not be empty".to_owned());
    }
    Ok((front, below.split_once('\n').map_or("", |(_, prompt)| prompt.trim())))
}

/// Whether `text` is a prompt that agents can be given; says what is missing if not.
pub(crate) fn check(text: &str) -> Result<(), String> {
    prompt_parts(text).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_parted_from_what_stands_above_it() {
        let (front, prompt) =
            prompt_parts("---\nname: a\ndescription: b\nlicense: MIT\n---\n\nDo it.\n").unwrap();
        assert_eq!((front.name.as_str(), front.more["license"].as_str()), ("a", Some("MIT")));
        assert_eq!(prompt, "Do it.");
        assert_eq!(prompt_parts("---\nname: a\ndescription: b\n---").unwrap().1, "");
    }

    #[test]
    fn frontmatter_needs_name_and_description() {
        assert!(check("---\nname: a\ndescription: b\n---\ntext").is_ok());
        for bad in
            ["", "text", "---\nname: a\n---\n", "---\nname: a\ndescription: ''\n---\n", "---\n: [\n---\n"]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
