//! Addresses of resources: plain ones, templates with parts, and the skills' own files.

use serde_json::{Map, Value};
use skep_core::SkillName;

/// What every skill's prompt is called.
const SKILL_MD: &str = "SKILL.md";

/// The address of a skill's `SKILL.md`.
pub(super) fn of_skill(skill: &SkillName) -> String {
    format!("skill://{skill}/{SKILL_MD}")
}

pub(super) fn is_template(address: &str) -> bool {
    address.contains('{')
}

/// The parts of `address`, if it is one that `template` describes. A part is never empty and has no `/`.
pub(super) fn parts(template: &str, address: &str) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    let mut pieces = template.split('{');
    let mut rest = address.strip_prefix(pieces.next()?)?;
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let (name, literal) = piece.split_once('}')?;
        // Behind the last part the address ends; behind another one its literal comes next.
        let end = match pieces.peek() {
            None => rest.len().checked_sub(literal.len()).filter(|end| rest.is_char_boundary(*end))?,
            Some(_) => rest.find(literal)?,
        };
        let (part, behind) = rest.split_at(end);
        if part.is_empty() || part.contains('/') {
            return None;
        }
        found.insert(name.to_owned(), Value::String(part.to_owned()));
        rest = behind.strip_prefix(literal)?;
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_find_their_parts() {
        let check = |template: &str, address: &str, expect: Option<Value>| {
            assert_eq!(parts(template, address).map(Value::Object), expect, "{template} {address}");
        };
        check("t://a", "t://a", Some(json!({})));
        check("t://a", "t://ab", None);
        check("t://{id}/data", "t://123/data", Some(json!({ "id": "123" })));
        check("t://{id}/data", "t:///data", None);
        check("t://{id}/data", "t://1/2/data", None);
        check("t://{id}/data", "t://1/date", None);
        check("t://{a}/{b}", "t://x/y", Some(json!({ "a": "x", "b": "y" })));
        check("t://{a}-{b}.md", "t://x-y-z.md", Some(json!({ "a": "x", "b": "y-z" })));
        check("t://{a}", "t://ä", Some(json!({ "a": "ä" })));
        check("t://{a}ä", "t://ö", None);
    }
}
