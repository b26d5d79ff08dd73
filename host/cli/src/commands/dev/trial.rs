//! The call that `--call` asks for, in words as a shell takes them.

use crate::failure::Failure;
use skep_api::types::ONLY_TOOL;
use skep_core::ToolName;

/// A tool and the words of its input, as `skep call` has them.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) tool: String,
    pub(super) input: Vec<String>,
}

impl Trial {
    /// `TOOL INPUT`; the tool may be left out before an input that is written like no tool's name. JSON may
    /// stand there as it is: its quotes are its own.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (tool, input) = match first.parse::<ToolName>() {
            Ok(_) => (first, rest.trim()),
            Err(_) => (ONLY_TOOL, text),
        };
        let input = match input {
            json if json.starts_with(['{', '[', '"']) => vec![json.to_owned()],
            words => shlex::split(words)
                .ok_or_else(|| Failure::Usage(format!("--call: a quote isn't closed in `{words}`")))?,
        };
        Ok(Self { tool: tool.to_owned(), input })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_a_tool_and_its_input() {
        let check = |text: &str, tool: &str, input: &[&str]| {
            let found = Trial::parse(text).unwrap();
            assert_eq!(
                (found.tool.as_str(), found.input),
                (tool, input.iter().map(|w| (*w).into()).collect())
            );
        };
        check("greet", "greet", &[]);
        check(" greet {\"name\": \"A B\"} ", "greet", &["{\"name\": \"A B\"}"]);
        check("add a=1  b=2", "add", &["a=1", "b=2"]);
        check("greet name=\"Ann Lee\" 'words=a  b'", "greet", &["name=Ann Lee", "words=a  b"]);
        check("greet '{\"name\": 1}'", "greet", &["{\"name\": 1}"]);
        check("sum [1, 2]", "sum", &["[1, 2]"]);
        check("sum @numbers.json", "sum", &["@numbers.json"]);
        check("{\"name\": 1}", ONLY_TOOL, &["{\"name\": 1}"]);
        check("name=Ann", ONLY_TOOL, &["name=Ann"]);
        check("", ONLY_TOOL, &[]);
        assert!(Trial::parse("greet name=\"Ann").unwrap_err().to_string().contains("--call"));
    }
}
