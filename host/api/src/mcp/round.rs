//! What a round of a task asks for, what keeps the next one from beginning, and what that one is told.

use super::content;
use super::inputs::{self, Asked, RESPONSES, STATE};
use rmcp::ErrorData;
use rmcp::model::{ClientCapabilities, InputRequests, JsonObject};
use serde_json::{Value, json};
use skep_core::{Fault, Job, Target};
use skep_router::{JOB_ANSWER_NAME_BYTES_MAX, JobAnswers};

/// The name by which is kept, among a round's answers, what the task failed by. Nothing is asked for by it.
const VERDICT: &str = "";

/// How a task stands, besides its jobs.
pub(super) enum Stand {
    /// As the job that counts now is.
    Is,
    /// It waits for these answers.
    Asks(InputRequests),
    /// It waits for answers to what has these names, and this client can give none of them.
    AsksOthers(Vec<String>, ErrorData),
    /// It was taken back while it waited for answers.
    TakenBack,
    /// It can't go on, and will not be able to.
    Failed(ErrorData),
}

/// What a job asks for, by the look of its output: what it calls may be gone.
pub(super) fn asked(job: &Job) -> Option<Asked> {
    Asked::read(job.result.as_ref()?.as_ref().ok()?)
}

/// What keeps the round from beginning that follows what is asked for.
pub(super) fn hindrance(
    called: &Target,
    asks: bool,
    requests: InputRequests,
    answers: &JobAnswers,
    able: ClientCapabilities,
) -> Option<Stand> {
    if answers.values().any(Value::is_null) {
        return Some(Stand::TakenBack);
    }
    if let Some(verdict) = answers.get(VERDICT) {
        let unreadable = |error| ErrorData::internal_error(format!("what the task failed by: {error}"), None);
        return Some(Stand::Failed(serde_json::from_value(verdict.clone()).unwrap_or_else(unreadable)));
    }
    if !asks {
        // A tool that never asks may well tell of some state.
        return Some(if requests.is_empty() { Stand::Is } else { Stand::Failed(gone(called)) });
    }
    if let Err(error) = inputs::few_enough(&requests).and_then(|()| short_names(&requests)) {
        return Some(Stand::Failed(error));
    }
    let unanswered = |name: &String| !answers.contains_key(name);
    let names: Vec<_> = requests.keys().filter(|name| unanswered(name)).cloned().collect();
    match inputs::affordable(requests, able) {
        Ok(mut pending) => {
            pending.retain(|name, _| unanswered(name));
            (!pending.is_empty()).then_some(Stand::Asks(pending))
        }
        Err(error) => (!names.is_empty()).then_some(Stand::AsksOthers(names, error)),
    }
}

/// What is kept of a task that has failed.
pub(super) fn verdict(error: &ErrorData) -> JobAnswers {
    JobAnswers::from([(VERDICT.to_owned(), json!(error))])
}

fn gone(called: &Target) -> ErrorData {
    let skill = &called.skill;
    content::error(Fault::unknown_tool(format!(
        "`{skill}` asked for something and can't be told: its tool is gone, or takes no answers any more; call anew"
    )))
}

/// Answers are kept by the names of what is asked for.
fn short_names(requests: &InputRequests) -> Result<(), ErrorData> {
    if requests.contains_key(VERDICT) {
        return Err(ErrorData::internal_error("a task may ask by no empty name", None));
    }
    let longest = requests.keys().map(String::len).max().unwrap_or_default();
    if longest <= JOB_ANSWER_NAME_BYTES_MAX {
        return Ok(());
    }
    let why = format!(
        "a task may ask by names of {JOB_ANSWER_NAME_BYTES_MAX} bytes at most, not by one of {longest} bytes"
    );
    Err(ErrorData::internal_error(why, None))
}

/// The input of the next round: that of the one before, with what was answered to it.
pub(super) fn told(input: &[u8], answers: JobAnswers, state: Option<String>) -> Result<String, Fault> {
    let unreadable = |error| Fault::internal(format!("the input of a job that asked for more: {error}"));
    let mut input: JsonObject = serde_json::from_slice(input).map_err(unreadable)?;
    input.insert(RESPONSES.to_owned(), json!(answers));
    input.remove(STATE);
    input.extend(state.map(|state| (STATE.to_owned(), json!(state))));
    Ok(Value::Object(input).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(asks: bool, names: &[&str], answers: Value, able: Value) -> Option<Stand> {
        let called = Target {
            domain: "main".parse().unwrap(),
            skill: "test".parse().unwrap(),
            version: None,
            tool: None,
        };
        let form = json!({ "type": "object", "properties": {} });
        let params = json!({ "message": "?", "requestedSchema": form });
        let request = json!({ "method": "elicitation/create", "params": params });
        let requests: JsonObject = names.iter().map(|name| ((*name).to_owned(), request.clone())).collect();
        let requests = serde_json::from_value(requests.into()).unwrap();
        let (answers, able) =
            (serde_json::from_value(answers).unwrap(), serde_json::from_value(able).unwrap());
        hindrance(&called, asks, requests, &answers, able)
    }

    fn form() -> Value {
        json!({ "elicitation": {} })
    }

    #[test]
    fn a_task_that_asks_for_what_nobody_can_give_has_failed() {
        let failed = |names: &[&str], asks| match stand(asks, names, json!({}), form()) {
            Some(Stand::Failed(error)) => error.message.into_owned(),
            _ => panic!("{names:?} can be given"),
        };
        let long = "n".repeat(JOB_ANSWER_NAME_BYTES_MAX + 1);
        assert!(failed(&["a", &long], true).contains("255 bytes"));
        let many: Vec<_> = (0..17).map(|n| n.to_string()).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(failed(&many, true).contains("not for 17"));
        assert!(failed(&["a", ""], true).contains("empty name"));
        assert!(failed(&["a"], false).contains("gone"));
        let most = stand(true, &[&many[..15], &[&long[1..]]].concat(), json!({}), form());
        assert!(matches!(most, Some(Stand::Asks(pending)) if pending.len() == 16));
    }

    #[test]
    fn a_task_waits_for_those_who_can_answer() {
        let others = stand(true, &["a", "b"], json!({ "a": {} }), json!({}));
        assert!(matches!(others, Some(Stand::AsksOthers(names, _)) if names == ["b"]));
        // Whoever looks, it goes on once all is answered.
        assert!(stand(true, &["a"], json!({ "a": {} }), json!({})).is_none());
        assert!(stand(true, &["a"], json!({ "a": {} }), form()).is_none());
    }

    #[test]
    fn what_was_taken_back_or_never_asked_is_not_lost_with_its_tool() {
        assert!(matches!(stand(false, &["a"], json!({ "a": null }), form()), Some(Stand::TakenBack)));
        assert!(matches!(stand(false, &[], json!({}), form()), Some(Stand::Is)));
    }
}
