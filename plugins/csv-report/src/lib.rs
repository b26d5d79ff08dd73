//! Statistics over CSV files: the tools, and how they reach the host.

mod column;
mod group;
mod numbers;
mod report;
mod settings;
mod table;

use exports::skep::skill::tools::{Error, Guest, Tool};
use serde::{Deserialize, Serialize};
use settings::Settings;
use skep::skill::context;
use table::Table;

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package skep-plugins:csv-report;
        world csv-report {
            include skep:skill/skill@0.1.0;
            import wasi:config/store@0.2.0-rc.1;
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

struct CsvReport;

impl Guest for CsvReport {
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
        match name.as_str() {
            "columns" => columns(&input),
            "report" => report(&input),
            _ => Err(Error::InvalidInput(format!("there is no tool {name}"))),
        }
    }
}

export!(CsvReport);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnsRequest {
    path: String,
    #[serde(default = "rows_usual")]
    rows: usize,
    delimiter: Option<String>,
}

fn rows_usual() -> usize {
    5
}

#[derive(Serialize)]
struct Preview {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    bytes: u64,
}

fn columns(input: &str) -> Result<String, Error> {
    let request: ColumnsRequest = read(input)?;
    let settings = Settings::of_host()?;
    let mut table = Table::open(&request.path, settings.delimiter(request.delimiter.as_deref())?)?;
    let rows = table.first_rows(request.rows)?;
    written(&Preview { columns: table.columns, rows, bytes: table.bytes })
}

fn report(input: &str) -> Result<String, Error> {
    let request: report::Request = read(input)?;
    let settings = Settings::of_host()?;
    let table = Table::open(&request.path, settings.delimiter(request.delimiter.as_deref())?)?;
    let report = report::make(table, &request, &settings, |done, total| {
        context::progress(done, Some(total), Some("bytes read"));
        !context::cancelled()
    })?;
    written(&report)
}

fn read<'a, T: Deserialize<'a>>(input: &'a str) -> Result<T, Error> {
    serde_json::from_str(input).map_err(|e| Error::InvalidInput(e.to_string()))
}

fn written(answer: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(answer).map_err(|e| Error::Failed(e.to_string()))
}
