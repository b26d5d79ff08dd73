//! Completion: of a prompt's arguments and a template's parts, where their schemas tell what they may be.

use super::catalog::Entry;
use super::server::Server;
use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, Reference};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

impl Server {
    pub(super) async fn completed(
        &self,
        asked: CompleteRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        let meant = |entry: &Entry| match &asked.r#ref {
            Reference::Prompt(prompt) => entry.section.prompt && entry.name == prompt.name,
            Reference::Resource(resource) => entry.section.resource.as_ref() == Some(&resource.uri),
            _ => false,
        };
        let entry = visitor.entries(&catalog).find(|entry| meant(entry));
        // What has no arguments has nothing to complete.
        let known = entry.map(|entry| values(entry, &asked.argument.name)).unwrap_or_default();
        let mut fitting: Vec<_> =
            known.into_iter().filter(|v| v.starts_with(&asked.argument.value)).collect();
        let total = fitting.len();
        fitting.truncate(CompletionInfo::MAX_VALUES);
        let mut info = CompletionInfo::default();
        info.has_more = Some(total > fitting.len());
        info.total = u32::try_from(total).ok();
        info.values = fitting;
        Ok(CompleteResult::new(info))
    }
}

fn values(entry: &Entry, argument: &str) -> Vec<String> {
    let schema = entry.arguments.get("properties").and_then(|properties| properties.get(argument));
    let listed = schema.and_then(|schema| schema.get("enum").or_else(|| schema.get("examples")));
    let texts = |values: &Vec<Value>| values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    listed.and_then(Value::as_array).map(texts).unwrap_or_default()
}
