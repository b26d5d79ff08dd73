//! `SKILL.md`: YAML frontmatter with name and description, then the prompt (the Agent Skills convention).

use serde::Deserialize;

#[derive(Deserialize)]
struct Frontmatter {
    name: String,
    description: String,
}

/// Whether `text` is a prompt that agents can be given; says what is missing if not.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let start = "expected YAML frontmatter between two lines of `---` at its start";
    let rest = text.strip_prefix("---\n").ok_or(start)?;
    let (yaml, _) = rest.split_once("\n---").ok_or(start)?;
    let front: Frontmatter = serde_norway::from_str(yaml).map_err(|e| format!("frontmatter: {e}"))?;
    if front.name.is_empty() || front.description.is_empty() {
        return Err("frontmatter: name and description must not be empty".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
