//! Prompts: what skills' tools write for a model; and `SKILL.md` for clients that know nothing of skills.

use super::catalog::{Catalog, Entry};
use super::content;
use super::inputs::{Answers, Turn, is_stateless};
use super::pages::page;
use super::server::Server;
use super::visitor::Visitor;
use rmcp::ErrorData;
use rmcp::model::{
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, ListPromptsResult, PaginatedRequestParams,
    Prompt, PromptArgument, PromptMessage, ResultType, Role,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;
use skep_core::Reply;

type Context = RequestContext<RoleServer>;

impl Server {
    pub(super) async fn prompts(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: &Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        let tools =
            visitor.entries(&catalog).filter(|entry| entry.section.prompt).map(|entry| of_tool(entry));
        let mut prompts: Vec<Prompt> = tools.chain(of_skills(&visitor, &catalog, context)).collect();
        prompts.sort_by(|a, b| a.name.cmp(&b.name));
        let (prompts, next) = page(prompts.into_iter(), |prompt| &prompt.name, asked)?;
        let mut listed = ListPromptsResult::with_all_items(prompts);
        listed.next_cursor = next;
        Ok(listed)
    }

    pub(super) async fn prompt(
        &self,
        asked: GetPromptRequestParams,
        context: &Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        if let Some(entry) = catalog.entry(&asked.name).filter(|e| e.section.prompt && visitor.may(e)) {
            let answers = Answers { responses: asked.input_responses, state: asked.request_state };
            let turn = self.converse(entry, asked.arguments.unwrap_or_default(), answers, context).await?;
            return match turn {
                Turn::Asks(asks) => Ok(asks.into()),
                Turn::Done(reply) => Ok(written(entry, *reply)?.into()),
            };
        }
        let pages = visitor.pages(&catalog).filter(|_| !is_stateless(context));
        let document =
            pages.filter(|page| page.skill.as_str() == asked.name).find_map(|p| p.document.as_ref());
        let document = document.ok_or_else(|| {
            ErrorData::invalid_params(
                format!("no prompt `{}`: `prompts/list` tells what there is", asked.name),
                None,
            )
        })?;
        let message = PromptMessage::new_text(Role::User, &document.prompt);
        Ok(GetPromptResult::new(vec![message]).with_description(&document.front.description).into())
    }
}

fn of_tool(entry: &Entry) -> Prompt {
    let properties = entry.arguments.get("properties").and_then(Value::as_object);
    let required = entry.arguments.get("required").and_then(Value::as_array);
    let argument = |(name, schema): (&String, &Value)| {
        let mut argument = PromptArgument::new(name);
        argument.description = schema["description"].as_str().map(str::to_owned);
        argument.required = Some(required.is_some_and(|names| names.iter().any(|n| n == name)));
        argument
    };
    let arguments = properties.map(|properties| properties.iter().map(argument).collect());
    let mut prompt = Prompt::new(&entry.name, Some(&entry.about), arguments);
    prompt.title = entry.section.title.clone();
    prompt
}

/// Revisions without the skills extension know `SKILL.md` as prompts.
fn of_skills<'a>(
    visitor: &'a Visitor,
    catalog: &'a Catalog,
    context: &Context,
) -> impl Iterator<Item = Prompt> + use<'a> {
    let known = !is_stateless(context);
    visitor.pages(catalog).filter(move |_| known).filter_map(|page| {
        let about = &page.document.as_ref()?.front.description;
        Some(Prompt::new(page.skill.as_str(), Some(about), None))
    })
}

/// Messages as the tool wrote them, or one of its words.
fn written(entry: &Entry, reply: Reply) -> Result<GetPromptResult, ErrorData> {
    let value = reply.outcome.and_then(|output| content::value(&output)).map_err(content::error)?;
    if value.get("messages").is_some() {
        let read: Result<GetPromptResult, _> = serde_json::from_value(value);
        let wrong = |e| ErrorData::internal_error(format!("`{}` wrote no prompt: {e}", entry.name), None);
        let mut result = read.map_err(wrong)?;
        result.result_type = Some(ResultType::COMPLETE);
        return Ok(result);
    }
    let message = PromptMessage::new_text(Role::User, content::text(&value));
    Ok(GetPromptResult::new(vec![message]).with_description(&entry.about))
}
