//! MCP's skills extension: every `SKILL.md` with its frontmatter, and the digest of its text.

use super::address;
use super::catalog::Page;
use super::pages::page;
use super::resources::not_there;
use super::server::Server;
use rmcp::ErrorData;
use rmcp::model::{
    GetSkillRequestParams, GetSkillResult, ListSkillsResult, PaginatedRequestParams, Skill, SkillFrontmatter,
    SkillResource, SkillResources,
};
use rmcp::service::{RequestContext, RoleServer};

type Context = RequestContext<RoleServer>;

impl Server {
    pub(super) async fn skills(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: &Context,
    ) -> Result<ListSkillsResult, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        let (skills, next) = page(visitor.pages(&catalog).filter_map(shown), |skill| &skill.uri, asked)?;
        let mut listed = ListSkillsResult::with_all_items(skills);
        listed.next_cursor = next;
        Ok(listed)
    }

    pub(super) async fn skill(
        &self,
        asked: GetSkillRequestParams,
        context: &Context,
    ) -> Result<GetSkillResult, ErrorData> {
        let (visitor, catalog) = (self.visitor(context), self.catalog(context).await?);
        let found = visitor.pages(&catalog).filter_map(shown).find(|skill| skill.uri == asked.uri);
        found.map(GetSkillResult::new).ok_or_else(|| not_there(&asked.uri, context))
    }
}

/// The name is the one that it is installed under, which the address has too.
fn shown(page: &Page) -> Option<Skill> {
    let document = page.document.as_ref()?;
    let uri = address::of_skill(&page.skill);
    let mut front = SkillFrontmatter::new(page.skill.as_str(), &document.front.description);
    front.extra = document.front.more.clone();
    let files = vec![SkillResource::from_bytes(&uri, document.text.as_bytes())];
    Some(Skill::new(uri, front, SkillResources::Files(files)))
}
