//! What an MCP client may ask of this host, one method a request. Each answers for the visitor who asks.
#![expect(deprecated, reason = "clients of the revisions before still ask in these ways")]

use super::ask;
use super::catalog::Catalog;
use super::changes::Changes;
use super::content;
use super::inputs::{Answers, Turn};
use super::listen;
use super::pages::page;
use super::resources;
use super::tasks;
use super::visitor::Visitor;
use crate::Api;
use axum::http::request::Parts;
use parking_lot::Mutex;
use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::*;
use rmcp::service::{NotificationContext, RequestContext, RoleServer, SubscriptionContext};
use skep_core::{SessionId, SkillName};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a client is told of the host.
const INSTRUCTIONS: &str = "Tools are skills, each of which runs in a sandbox of its own with only what an \
     operator granted. A fault `denied` names the grant that is missing; nobody but an operator can give it, and \
     the tool `skep_request_grant`, where it is listed, asks for it.";
/// Resources that one connection may follow.
const SUBSCRIPTIONS_MAX: usize = 256;

type Context = RequestContext<RoleServer>;

/// One connection of a client; or one request, in revisions without connections.
pub(super) struct Server {
    connection: Arc<Connection>,
    /// As of when the connection began: for the transport, which can't wait for a newer one.
    catalog: Arc<Catalog>,
    _ended: DropGuard,
}

/// What is remembered for a connection.
pub(super) struct Connection {
    pub(super) api: Api,
    pub(super) visitor: Visitor,
    level: Mutex<Option<LoggingLevel>>,
    /// The sessions of skills that keep sessions.
    kept: Mutex<HashMap<SkillName, SessionId>>,
    /// The resources that it follows, and whose they are.
    pub(super) followed: Mutex<BTreeMap<String, SkillName>>,
    pub(super) ended: CancellationToken,
}

impl Server {
    pub(super) fn new(api: Api, visitor: Visitor, catalog: Arc<Catalog>) -> Self {
        let ended = api.mcp.ended.child_token();
        let connection = Connection {
            api,
            visitor,
            level: Mutex::default(),
            kept: Mutex::default(),
            followed: Mutex::default(),
            ended: ended.clone(),
        };
        Self { connection: Arc::new(connection), catalog, _ended: ended.drop_guard() }
    }

    pub(super) fn api(&self) -> &Api {
        &self.connection.api
    }

    pub(super) fn kept(&self) -> &Mutex<HashMap<SkillName, SessionId>> {
        &self.connection.kept
    }

    pub(super) fn level(&self) -> &Mutex<Option<LoggingLevel>> {
        &self.connection.level
    }

    /// Who asks: as the HTTP request proves, else as the connection did.
    pub(super) fn visitor(&self, context: &Context) -> Visitor {
        let proven = context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Visitor>());
        proven.unwrap_or(&self.connection.visitor).clone()
    }

    /// What there is now, in the visitor's domain.
    pub(super) async fn catalog(&self, context: &Context) -> Result<Arc<Catalog>, ErrorData> {
        let domain = self.visitor(context).who.domain;
        self.api().mcp.catalog(self.api().router(), &domain).await.map_err(content::error)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_skills()
            .enable_tasks()
            .build();
        let own = Implementation::new("skep", env!("CARGO_PKG_VERSION")).with_title("Skep");
        ServerConfig::new(capabilities).with_server_info(own).with_instructions(INSTRUCTIONS)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.catalog.entry(name).map(|entry| entry.shown())
    }

    async fn list_tools(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        let (visitor, catalog) = (self.visitor(&context), self.catalog(&context).await?);
        let tools = visitor.entries(&catalog).filter(|entry| entry.section.is_tool());
        let mut tools: Vec<Tool> = tools.map(|entry| entry.shown()).collect();
        tools.extend(visitor.may_ask().then(ask::tool));
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        let (tools, next) = page(tools.into_iter(), |tool| &tool.name, asked)?;
        let mut listed = ListToolsResult::with_all_items(tools);
        listed.next_cursor = next;
        Ok(listed)
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let (visitor, catalog) = (self.visitor(&context), self.catalog(&context).await?);
        if asked.name == ask::NAME && visitor.may_ask() {
            return Ok(self.ask(asked.arguments.unwrap_or_default(), &context).await.into());
        }
        let entry = catalog.entry(&asked.name).filter(|e| e.section.is_tool() && visitor.may(e));
        let entry = entry.ok_or_else(|| {
            let why = format!("no tool `{}`: `tools/list` tells what there is", asked.name);
            ErrorData::invalid_params(why, None)
        })?;
        let answers = Answers { responses: asked.input_responses, state: asked.request_state };
        let arguments = asked.arguments.unwrap_or_default();
        if tasks::is_one(entry, &answers, &context)? {
            return self.begin(entry, arguments, answers, &context).await;
        }
        let turn = self.converse(entry, arguments, answers, &context).await?;
        Ok(match turn {
            Turn::Done(reply) => content::result(entry, *reply).into(),
            Turn::Asks(asks) => asks.into(),
        })
    }

    async fn get_task(&self, asked: GetTaskParams, context: Context) -> Result<GetTaskResult, ErrorData> {
        self.task(&asked.task_id, &context).await
    }

    async fn update_task(&self, asked: UpdateTaskParams, context: Context) -> Result<(), ErrorData> {
        self.answer_task(&asked.task_id, asked.input_responses, &context).await
    }

    async fn cancel_task(&self, asked: CancelTaskParams, context: Context) -> Result<(), ErrorData> {
        self.take_back_task(&asked.task_id, &context).await
    }

    async fn list_prompts(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.prompts(asked, &context).await
    }

    async fn get_prompt(
        &self,
        asked: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompt(asked, &context).await
    }

    async fn list_resources(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.resources(asked, &context).await
    }

    async fn list_resource_templates(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.templates(asked, &context).await
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.read(asked, &context).await
    }

    async fn list_skills(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListSkillsResult, ErrorData> {
        self.skills(asked, &context).await
    }

    async fn get_skill(
        &self,
        asked: GetSkillRequestParams,
        context: Context,
    ) -> Result<GetSkillResult, ErrorData> {
        self.skill(asked, &context).await
    }

    async fn complete(
        &self,
        asked: CompleteRequestParams,
        context: Context,
    ) -> Result<CompleteResult, ErrorData> {
        self.completed(asked, &context).await
    }

    async fn set_level(&self, asked: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        *self.level().lock() = Some(asked.level);
        Ok(())
    }

    async fn subscribe(&self, asked: SubscribeRequestParams, context: Context) -> Result<(), ErrorData> {
        let (visitor, catalog) = (self.visitor(&context), self.catalog(&context).await?);
        let place = resources::find(&visitor, &catalog, &asked.uri);
        let place = place.ok_or_else(|| resources::not_there(&asked.uri, &context))?;
        let mut followed = self.connection.followed.lock();
        if followed.len() >= SUBSCRIPTIONS_MAX && !followed.contains_key(&asked.uri) {
            let why = format!("{SUBSCRIPTIONS_MAX} resources are followed already: unsubscribe from one");
            return Err(ErrorData::invalid_params(why, None));
        }
        followed.insert(asked.uri, place.skill().clone());
        Ok(())
    }

    async fn unsubscribe(&self, asked: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        self.connection.followed.lock().remove(&asked.uri);
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let connection = &self.connection;
        match Changes::new(connection.api.clone(), connection.visitor.clone()).await {
            Ok(changes) => listen::connection(connection.clone(), context.peer, changes),
            Err(fault) => tracing::warn!(%fault, "an MCP client won't hear of changes"),
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = requested.clone();
        if let Some(uris) = &mut accepted.resource_subscriptions {
            uris.truncate(SUBSCRIPTIONS_MAX);
        }
        Some(accepted)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let visitor = self.visitor(subscription.request_context());
        let changes = Changes::new(self.api().clone(), visitor.clone()).await.map_err(content::error)?;
        let catalog = self.catalog(subscription.request_context()).await?;
        let uris = subscription.accepted().resource_subscriptions.clone().unwrap_or_default();
        let owned = |uri: String| {
            let skill = resources::find(&visitor, &catalog, &uri)?.skill().clone();
            Some((uri, skill))
        };
        let followed = uris.into_iter().filter_map(owned).collect();
        tokio::select! {
            () = listen::subscription(&subscription, changes, followed) => {}
            () = subscription.cancelled() => {}
            () = self.connection.ended.cancelled() => {}
        }
        Ok(())
    }
}
