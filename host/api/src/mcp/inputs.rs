//! What a tool asks of the client before it can answer, and the answers on their way back.
//!
//! A tool whose answer is MCP content may give `{"inputRequests": …, "requestState": …}` instead: then the call is
//! over, and made again with the property `inputResponses` (and `requestState`) in its input. So no guest waits
//! for a person, and it is the same to a guest whether the client is asked in between or calls again itself.
//! The same holds of jobs, whose clients answer when they find out that they are asked (`standing.rs`).

use super::catalog::Entry;
use super::server::Server;
use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, InputRequest, InputRequests, InputRequiredResult, InputResponses, JsonObject,
    ProtocolVersion, RequestStateCodec, SealOptions, ServerRequest,
};
use rmcp::service::{PeerRequestOptions, RequestContext, RoleServer, ServiceError};
use serde::Deserialize;
use serde_json::{Value, json};
use skep_core::Reply;
use std::time::Duration;

/// The property of a tool's input that takes the client's answers. Clients don't see it.
pub(super) const RESPONSES: &str = "inputResponses";
/// The property that takes what the tool wanted to be kept until then.
pub(super) const STATE: &str = "requestState";
/// How often one call may ask.
pub(super) const ROUNDS_MAX: usize = 8;
/// What one call may ask for at once.
const REQUESTS_MAX: usize = 16;
/// How long a client may take to answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(600);
/// How long a client may keep the state of a call.
const STATE_LIFE: Duration = Duration::from_secs(3600);

/// What the client sent along when it called again.
pub(super) struct Answers {
    pub(super) responses: Option<InputResponses>,
    pub(super) state: Option<String>,
}

/// What a tool is told of answers: those, and the state that it wanted to be kept until then.
pub(super) type Known = (Option<InputResponses>, Option<String>);

/// How far a conversation came.
pub(super) enum Turn {
    /// The tool gave its answer.
    Done(Box<Reply>),
    /// The client is to provide something, and call again.
    Asks(InputRequiredResult),
}

/// What a tool asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    #[serde(default)]
    pub(super) input_requests: InputRequests,
    pub(super) request_state: Option<String>,
}

/// Whether a tool with this schema takes the answers of a client.
pub(super) fn takes_answers(schema: &JsonObject) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(RESPONSES).is_some())
}

/// The input of a tool, from the arguments and the answers.
pub(super) fn input(entry: &Entry, mut arguments: JsonObject, (responses, state): Known) -> Value {
    arguments.remove(RESPONSES);
    arguments.remove(STATE);
    if entry.asks {
        arguments.extend(responses.map(|r| (RESPONSES.to_owned(), json!(r))));
        arguments.extend(state.map(|s| (STATE.to_owned(), json!(s))));
    }
    entry.input.unwrap(arguments)
}

/// The schema as clients see it.
pub(super) fn without_answers(mut schema: JsonObject) -> JsonObject {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.remove(RESPONSES);
        properties.remove(STATE);
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| name != RESPONSES && name != STATE);
    }
    schema
}

impl Server {
    /// Calls a tool until it answers, or until the client has to.
    pub(super) async fn converse(
        &self,
        entry: &Entry,
        arguments: JsonObject,
        answers: Answers,
        context: &RequestContext<RoleServer>,
    ) -> Result<Turn, ErrorData> {
        let mut known = self.known(entry, answers, context)?;
        for _ in 0..ROUNDS_MAX {
            let reply = self.run(entry, input(entry, arguments.clone(), known), context).await?;
            let asked = reply.outcome.as_ref().ok().and_then(|output| asked(entry, output.as_bytes()));
            let Some(asked) = asked else { return Ok(Turn::Done(Box::new(reply))) };
            few_enough(&asked.input_requests)?;
            let requests =
                affordable(asked.input_requests, context.client_capabilities().unwrap_or_default())?;
            if is_stateless(context) {
                let state = asked.request_state.map(|state| self.sealed(entry, &state, context));
                let requests = (!requests.is_empty()).then_some(requests);
                return Ok(Turn::Asks(InputRequiredResult::new(requests, state)));
            }
            known = (Some(fulfilled(requests, context).await?), asked.request_state);
        }
        Err(too_often(&entry.name))
    }

    /// What the tool is told of what the client sent along.
    pub(super) fn known(
        &self,
        entry: &Entry,
        answers: Answers,
        context: &RequestContext<RoleServer>,
    ) -> Result<Known, ErrorData> {
        let state = answers.state.map(|sealed| self.opened(entry, &sealed, context)).transpose()?;
        Ok((answers.responses, state))
    }

    /// State that goes out and comes back is held to who called what.
    fn sealed(&self, entry: &Entry, state: &str, context: &RequestContext<RoleServer>) -> String {
        let bound = self.bound(entry, context);
        let options = SealOptions::new().associated_data(&bound).ttl(STATE_LIFE);
        self.states().seal_with(state.as_bytes(), &options)
    }

    fn opened(
        &self,
        entry: &Entry,
        sealed: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let opened = self.states().open_with(sealed, &self.bound(entry, context)).ok();
        let state = opened.and_then(|bytes| String::from_utf8(bytes).ok());
        state.ok_or_else(|| {
            let why =
                "`requestState` isn't what this host gave out for this call, or it is too old: call anew";
            ErrorData::invalid_params(why, None)
        })
    }

    fn bound(&self, entry: &Entry, context: &RequestContext<RoleServer>) -> Vec<u8> {
        let visitor = self.visitor(context);
        format!("{} {} {}", visitor.who.identity.principal, visitor.who.domain, entry.name).into_bytes()
    }

    fn states(&self) -> &RequestStateCodec {
        &self.api().mcp.states
    }
}

/// Whether the client is of a revision in which hosts ask by their answers.
pub(super) fn is_stateless(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|v| v.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

pub(super) fn too_often(name: &str) -> ErrorData {
    ErrorData::internal_error(format!("`{name}` asked the client more than {ROUNDS_MAX} times"), None)
}

/// What the tool asks for with this output, if that is what it does.
pub(super) fn asked(entry: &Entry, output: &[u8]) -> Option<Asked> {
    if entry.asks { Asked::read(output) } else { None }
}

impl Asked {
    /// What an output asks for, if it is one that does.
    pub(super) fn read(output: &[u8]) -> Option<Self> {
        let asked: Self = serde_json::from_slice(output).ok()?;
        let something = !asked.input_requests.is_empty() || asked.request_state.is_some();
        something.then_some(asked)
    }
}

/// Whether it is no more than may be asked for at once.
pub(super) fn few_enough(requests: &InputRequests) -> Result<(), ErrorData> {
    if requests.len() <= REQUESTS_MAX {
        return Ok(());
    }
    let why = format!("a call may ask for {REQUESTS_MAX} things at once, not for {}", requests.len());
    Err(ErrorData::internal_error(why, None))
}

/// Of what is asked for, that which the client said it can do; an error if it can do none of it.
pub(super) fn affordable(
    requests: InputRequests,
    able: ClientCapabilities,
) -> Result<InputRequests, ErrorData> {
    let mut lacking = ClientCapabilities::default();
    let none_asked = requests.is_empty();
    let kept: InputRequests = requests
        .into_iter()
        .filter(|(_, request)| match request {
            InputRequest::CreateMessage(_) => {
                lacking.sampling = Some(Default::default());
                able.sampling.is_some()
            }
            InputRequest::Elicitation(_) => {
                lacking.elicitation = Some(Default::default());
                able.elicitation.is_some()
            }
            InputRequest::ListRoots(_) => {
                lacking.roots = Some(Default::default());
                able.roots.is_some()
            }
            _ => false,
        })
        .collect();
    if kept.is_empty() && !none_asked {
        return Err(ErrorData::missing_required_client_capability(lacking));
    }
    Ok(kept)
}

/// Asks a client that is told what to provide while its call goes on.
async fn fulfilled(
    requests: InputRequests,
    context: &RequestContext<RoleServer>,
) -> Result<InputResponses, ErrorData> {
    let mut responses = InputResponses::new();
    for (name, request) in requests {
        let request = match request {
            InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
            InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
            InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
            _ => continue,
        };
        let options = PeerRequestOptions::with_timeout(ANSWER_WAIT_MAX);
        let answer =
            async { context.peer.send_request_with_option(request, options).await?.await_response().await };
        let answer = tokio::select! {
            answer = answer => answer.map_err(unanswered)?,
            () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
        };
        let value = serde_json::to_value(answer);
        responses.insert(name, value.map_err(|e| ErrorData::internal_error(e.to_string(), None))?);
    }
    Ok(responses)
}

fn unanswered(error: ServiceError) -> ErrorData {
    match error {
        ServiceError::McpError(error) => error,
        other => {
            ErrorData::internal_error(format!("the client didn't provide what was asked: {other}"), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_do_not_see_where_their_answers_go() {
        let schema = json!({
            "type": "object",
            "properties": { "a": {}, RESPONSES: {}, STATE: {} },
            "required": ["a", RESPONSES],
        });
        let schema = schema.as_object().cloned().unwrap();
        assert!(takes_answers(&schema));
        let shown = without_answers(schema);
        assert!(!takes_answers(&shown));
        assert_eq!((&shown["properties"], &shown["required"]), (&json!({ "a": {} }), &json!(["a"])));
    }

    #[test]
    fn clients_are_asked_only_for_what_they_can_do() {
        let requests: InputRequests = serde_json::from_value(json!({
            "roots": { "method": "roots/list" },
            "words": { "method": "sampling/createMessage", "params": { "messages": [], "maxTokens": 1 } },
        }))
        .unwrap();
        let able = |able: Value| serde_json::from_value::<ClientCapabilities>(able).unwrap();
        let kept = affordable(requests.clone(), able(json!({ "sampling": {} }))).unwrap();
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["words"]);
        let error = affordable(requests, able(json!({ "elicitation": {} }))).unwrap_err();
        assert_eq!(error.data.unwrap()["requiredCapabilities"]["sampling"], json!({}));
    }
}
