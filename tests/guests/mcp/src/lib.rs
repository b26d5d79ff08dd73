//! The tools, prompts and resources that MCP's conformance suite calls by fixed names. `test/skill.toml` makes the
//! skill `test` of it, and `json/skill.toml` the skill `json`, so that clients see the names that the suite knows.

mod ask;
mod content;
mod prompt;
mod report;
mod resource;
mod task;
mod tools;

use exports::skep::skill::tools::{Error, Guest, Tool};

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package skep-tests:mcp;
        world everything {
            include skep:skill/skill@0.1.0;
        }
    ",
    generate_all,
});

struct Everything;

impl Guest for Everything {
    fn list_tools() -> Vec<Tool> {
        tools::ALL.iter().map(tools::Known::describe).collect()
    }

    fn call_tool(name: String, input: String) -> Result<String, Error> {
        let known = tools::ALL.iter().find(|known| known.name == name);
        let known = known.ok_or_else(|| Error::InvalidInput(format!("no tool {name}")))?;
        let input = serde_json::from_str(&input).map_err(|e| Error::InvalidInput(e.to_string()))?;
        (known.run)(&input).map(|answer| answer.to_string())
    }
}

export!(Everything);
