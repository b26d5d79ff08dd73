//! Telling clients of changes: over their connection, or on the stream of the request with which they listen.

use super::changes::{Change, Changes};
use super::server::Connection;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, RoleServer, ServiceError, SubscriptionContext, SubscriptionSendError};
use skep_core::SkillName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tells a connection for as long as it lasts.
pub(super) fn connection(connection: Arc<Connection>, peer: Peer<RoleServer>, mut changes: Changes) {
    let ended = connection.ended.clone();
    tokio::spawn(ended.run_until_cancelled_owned(async move {
        while let Some(change) = changes.next().await {
            let followed = of(&connection.followed.lock(), &change);
            if tell(&peer, &change, followed).await.is_err() {
                return;
            }
        }
    }));
}

async fn tell(peer: &Peer<RoleServer>, change: &Change, followed: Vec<String>) -> Result<(), ServiceError> {
    if change.tools {
        peer.notify_tool_list_changed().await?;
    }
    if change.prompts {
        peer.notify_prompt_list_changed().await?;
    }
    if change.resources {
        peer.notify_resource_list_changed().await?;
    }
    for uri in followed {
        peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await?;
    }
    Ok(())
}

/// Tells a subscription until it can't be told any more.
pub(super) async fn subscription(
    subscription: &SubscriptionContext,
    mut changes: Changes,
    followed: BTreeMap<String, SkillName>,
) {
    while let Some(change) = changes.next().await {
        if report(subscription, &change, of(&followed, &change)).await.is_err() {
            return;
        }
    }
}

async fn report(
    subscription: &SubscriptionContext,
    change: &Change,
    followed: Vec<String>,
) -> Result<(), SubscriptionSendError> {
    let (sink, accepted) = (subscription.sink(), subscription.accepted());
    if change.tools && accepted.tools_list_changed == Some(true) {
        sink.notify_tool_list_changed().await?;
    }
    if change.prompts && accepted.prompts_list_changed == Some(true) {
        sink.notify_prompt_list_changed().await?;
    }
    if change.resources && accepted.resources_list_changed == Some(true) {
        sink.notify_resource_list_changed().await?;
    }
    for uri in followed {
        sink.notify_resource_updated(uri).await?;
    }
    Ok(())
}

fn of(followed: &BTreeMap<String, SkillName>, change: &Change) -> Vec<String> {
    followed.iter().filter(|(_, skill)| change.skills.contains(*skill)).map(|(uri, _)| uri.clone()).collect()
}
