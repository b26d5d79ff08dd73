//! The one tool of the host's own: with it an agent asks for a grant. Nobody is given anything by it.

use super::content;
use super::server::Server;
use super::visitor::Visitor;
use crate::asks;
use crate::types::NewAsk;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use skep_core::{Ask, Fault};
use skep_registry::unknown_skill;
use std::sync::Arc;
use utoipa::ToSchema;

/// What clients call it; no skill's tool is called so.
pub(super) const NAME: &str = "skep_request_grant";
const TITLE: &str = "Request a grant";
const ABOUT: &str = "Asks an operator to grant something to a skill, as when a call of it was denied. The request \
     waits until an operator decides; nothing is granted by asking.";
/// Where the API's document keeps the parts that schemas refer to, and where a schema by itself does.
const PARTS: [&str; 2] = ["#/components/schemas/", "#/$defs/"];

/// As clients see it.
pub(super) fn tool() -> Tool {
    let mut tool = Tool::new(NAME, ABOUT, Arc::new(schema::<NewAsk>()));
    tool.title = Some(TITLE.to_owned());
    tool.output_schema = Some(Arc::new(schema::<Ask>()));
    tool.annotations = Some(ToolAnnotations::new().read_only(false).destructive(false).idempotent(true));
    tool
}

impl Server {
    /// Makes the request that was asked for, on behalf of the visitor.
    pub(super) async fn ask(
        &self,
        arguments: JsonObject,
        context: &RequestContext<RoleServer>,
    ) -> CallToolResult {
        match self.asked(&self.visitor(context), arguments).await {
            Ok(ask) => told(&ask),
            Err(fault) => content::failed(fault, None),
        }
    }

    async fn asked(&self, visitor: &Visitor, arguments: JsonObject) -> Result<Ask, Fault> {
        let wanted: NewAsk = serde_json::from_value(Value::Object(arguments))
            .map_err(|e| Fault::invalid_input(format!("the arguments: {e}")))?;
        if !visitor.knows(&wanted.skill) {
            return Err(unknown_skill(&visitor.who.domain, &wanted.skill));
        }
        asks::ask(self.api(), &visitor.who, wanted).await
    }
}

fn told(ask: &Ask) -> CallToolResult {
    let words = format!(
        "Request {} waits for an operator, who sees it with `skep requests`. Until it is approved `{}` has nothing \
         more than before.",
        ask.id, ask.skill
    );
    let mut result = CallToolResult::success(vec![ContentBlock::text(words)]);
    result.structured_content = Some(json!(ask));
    result
}

/// The schema that the API's document has for the type, by itself.
fn schema<T: ToSchema>() -> JsonObject {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let mut whole = json!(T::schema());
    whole["$defs"] = parts.into_iter().map(|(name, part)| (name, json!(part))).collect();
    refer_within(&mut whole);
    whole.as_object().cloned().unwrap_or_default()
}

fn refer_within(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref") {
                *reference = reference.replace(PARTS[0], PARTS[1]);
            }
            fields.values_mut().for_each(refer_within);
        }
        Value::Array(items) => items.iter_mut().for_each(refer_within),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_schemas_are_whole() {
        for schema in [schema::<NewAsk>(), schema::<Ask>()] {
            assert_eq!(schema["type"], "object");
            let text = Value::Object(schema.clone()).to_string();
            for reference in text.split("\"$ref\":\"").skip(1) {
                let name =
                    reference.split('"').next().and_then(|r| r.strip_prefix(PARTS[1])).expect(reference);
                assert!(schema["$defs"].get(name).is_some(), "{name}: {text}");
            }
        }
        let grants = &schema::<NewAsk>()["properties"]["grants"];
        assert_eq!(grants["$ref"], "#/$defs/GrantRequest");
    }
}
