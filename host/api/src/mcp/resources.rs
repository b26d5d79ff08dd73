//! Resources: what skills' tools read, at plain addresses and by templates; and each skill's `SKILL.md`.

use super::address;
use super::catalog::{Catalog, Entry, Page};
use super::content;
use super::inputs::{Answers, Turn, is_stateless};
use super::pages::page;
use super::server::Server;
use super::visitor::Visitor;
use rmcp::ErrorData;
use rmcp::model::{
    JsonObject, ListResourceTemplatesResult, ListResourcesResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate, ResultType,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use skep_core::{Reply, SkillName};
use std::sync::Arc;

/// The media type of `SKILL.md`.
const MARKDOWN: &str = "text/markdown";

type Context = RequestContext<RoleServer>;

/// What is at an address.
pub(super) enum Place<'a> {
    /// A skill's `SKILL.md`.
    Document(&'a Page),
    /// What a tool reads, given the parts of the address.
    Read(&'a Arc<Entry>, JsonObject),
}

impl Place<'_> {
    /// Whose it is.
    pub(super) fn skill(&self) -> &SkillName {
        match self {
            Self::Document(page) => &page.skill,
            Self::Read(entry, _) => &entry.skill,
        }
    }
}

/// What a visitor finds at an address.
pub(super) fn find<'a>(visitor: &'a Visitor, catalog: &'a Catalog, uri: &str) -> Option<Place<'a>> {
    let own = |page: &&Page| page.document.is_some() && address::of_skill(&page.skill) == uri;
    if let Some(page) = visitor.pages(catalog).find(own) {
        return Some(Place::Document(page));
    }
    let read = |entry: &'a Arc<Entry>| {
        let parts = address::parts(entry.section.resource.as_ref()?, uri)?;
        Some(Place::Read(entry, parts))
    };
    // A plain address comes before a template that fits as well.
    let plain = |place: &Place<'_>| matches!(place, Place::Read(_, parts) if parts.is_empty());
    let mut places: Vec<_> = visitor.entries(catalog).filter_map(read).collect();
    places.sort_by_key(|place| !plain(place));
    places.into_iter().next()
}

impl Server {
    pub(super) async fn resources(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: &Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        let documents = visitor.pages(&catalog).filter_map(of_skill);
        let read = visitor.entries(&catalog).filter_map(|entry| of_tool(entry));
        let mut all: Vec<Resource> = documents.chain(read).collect();
        all.sort_by(|a, b| a.uri.cmp(&b.uri));
        let (resources, next) = page(all.into_iter(), |resource| &resource.uri, asked)?;
        let mut listed = ListResourcesResult::with_all_items(resources);
        listed.next_cursor = next;
        Ok(listed)
    }

    pub(super) async fn templates(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: &Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        let mut all: Vec<_> = visitor.entries(&catalog).filter_map(|entry| template(entry)).collect();
        all.sort_by(|a, b| a.uri_template.cmp(&b.uri_template));
        let (templates, next) = page(all.into_iter(), |template| &template.uri_template, asked)?;
        let mut listed = ListResourceTemplatesResult::with_all_items(templates);
        listed.next_cursor = next;
        Ok(listed)
    }

    pub(super) async fn read(
        &self,
        asked: ReadResourceRequestParams,
        context: &Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        match find(&visitor, &catalog, &asked.uri) {
            Some(Place::Document(page)) => {
                let text = page.document.as_ref().map(|document| document.text.as_str()).unwrap_or_default();
                let contents = ResourceContents::text(text, &asked.uri).with_mime_type(MARKDOWN);
                Ok(ReadResourceResult::new(vec![contents]).into())
            }
            Some(Place::Read(entry, parts)) => {
                let answers = Answers { responses: asked.input_responses, state: asked.request_state };
                match self.converse(entry, parts, answers, context).await? {
                    Turn::Asks(asks) => Ok(asks.into()),
                    Turn::Done(reply) => Ok(contents(entry, &asked.uri, *reply)?.into()),
                }
            }
            None => Err(not_there(&asked.uri, context)),
        }
    }
}

/// The revisions have different codes for it.
pub(super) fn not_there(uri: &str, context: &Context) -> ErrorData {
    let why = format!("no resource is at `{uri}`: `resources/list` tells what there is");
    let data = Some(json!({ "uri": uri }));
    if is_stateless(context) {
        ErrorData::invalid_params(why, data)
    } else {
        ErrorData::resource_not_found(why, data)
    }
}

fn of_skill(page: &Page) -> Option<Resource> {
    let document = page.document.as_ref()?;
    let resource = Resource::new(address::of_skill(&page.skill), page.skill.as_str());
    let resource = resource.with_description(&document.front.description).with_mime_type(MARKDOWN);
    Some(resource.with_size(document.text.len() as u64))
}

fn of_tool(entry: &Entry) -> Option<Resource> {
    let uri = entry.section.resource.as_ref().filter(|uri| !address::is_template(uri))?;
    let mut resource = Resource::new(uri, &entry.name).with_description(&entry.about);
    (resource.title, resource.mime_type) = (entry.section.title.clone(), entry.section.media_type.clone());
    Some(resource)
}

fn template(entry: &Entry) -> Option<ResourceTemplate> {
    let uri = entry.section.resource.as_ref().filter(|uri| address::is_template(uri))?;
    let mut template = ResourceTemplate::new(uri, &entry.name).with_description(&entry.about);
    (template.title, template.mime_type) = (entry.section.title.clone(), entry.section.media_type.clone());
    Some(template)
}

/// Contents as the tool gave them, or one of its words.
fn contents(entry: &Entry, uri: &str, reply: Reply) -> Result<ReadResourceResult, ErrorData> {
    let value = reply.outcome.and_then(|output| content::value(&output)).map_err(content::error)?;
    if value.get("contents").is_some_and(Value::is_array) {
        let read: Result<ReadResourceResult, _> = serde_json::from_value(value);
        let wrong = |e| ErrorData::internal_error(format!("`{}` gave no contents: {e}", entry.name), None);
        let mut result = read.map_err(wrong)?;
        result.result_type = Some(ResultType::COMPLETE);
        return Ok(result);
    }
    let usual = if value.is_string() { "text/plain" } else { "application/json" };
    let media_type = entry.section.media_type.as_deref().unwrap_or(usual);
    let contents = ResourceContents::text(content::text(&value), uri).with_mime_type(media_type);
    Ok(ReadResourceResult::new(vec![contents]))
}
