//! Lists, reads, writes and searches the files that were granted.

mod list;
mod read;
mod scope;
mod search;
mod walk;
mod write;

use exports::skep::skill::tools::{Error, Guest, Tool};
use scope::Scope;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package skep-plugins:files;
        world files {
            include skep:skill/skill@0.1.0;
            import wasi:filesystem/preopens@0.2.12;
        }
    ",
    generate_all,
});

/// What `list-tools` says.
const TOOLS: &str = include_str!("tools.json");

#[derive(Deserialize)]
struct Description {
    name: String,
    description: String,
    input: serde_json::Value,
    output: serde_json::Value,
}

struct Files;

impl Guest for Files {
    fn list_tools() -> Vec<Tool> {
        let tools: Vec<Description> = serde_json::from_str(TOOLS).unwrap_or_default();
        let tool = |tool: Description| Tool {
            name: tool.name,
            description: tool.description,
            input_schema: tool.input.to_string(),
            output_schema: Some(tool.output.to_string()),
        };
        tools.into_iter().map(tool).collect()
    }

    fn call_tool(name: String, input: String) -> Result<String, Error> {
        let scope = Scope::granted();
        match name.as_str() {
            "list" => answer(&input, |request| list::list(&scope, &request)),
            "stat" => answer(&input, |request| list::stat(&scope, &request)),
            "read" => answer(&input, |request| read::read(&scope, &request)),
            "write" => answer(&input, |request| write::write(&scope, &request)),
            "search" => answer(&input, |request| search::search(&scope, &request)),
            _ => Err(Error::InvalidInput(format!("there is no tool {name}"))),
        }
    }
}

export!(Files);

fn answer<I: DeserializeOwned, O: Serialize>(
    input: &str,
    tool: impl FnOnce(I) -> Result<O, Error>,
) -> Result<String, Error> {
    let request = serde_json::from_str(input).map_err(|e| Error::InvalidInput(e.to_string()))?;
    serde_json::to_string(&tool(request)?).map_err(|e| Error::Failed(e.to_string()))
}

#[cfg(test)]
mod tests;
