//! What waits, as Redis counts it.

use super::RedisBus;
use super::answer;
use super::keys::{GROUP, Keys};
use super::scripts::{self, Args};
use super::shared::Shared;
use crate::BusError;
use crate::backlog::{Backlog, QueueBacklog, Watched};
use crate::queues::Queue;
use async_trait::async_trait;
use std::time::Duration;

#[async_trait]
impl Watched for RedisBus {
    async fn backlog(&self) -> Result<Vec<Backlog>, BusError> {
        self.shared.check_life()?;
        let domains = self.shared.domains();
        let mut backlogs = Vec::with_capacity(domains.len());
        for keys in domains.iter() {
            backlogs.push(of_domain(&self.shared, keys).await?);
        }
        Ok(backlogs)
    }
}

async fn of_domain(shared: &Shared, keys: &Keys) -> Result<Backlog, BusError> {
    let names: Vec<String> = Queue::shared().map(|queue| queue.to_string()).collect();
    let command = shared.script(&scripts::BACKLOG, keys).args([GROUP]).args(&names);
    let mut numbers = answer::numbers(shared.link.command(&command).await?)?.into_iter();
    let mut next =
        || numbers.next().ok_or_else(|| BusError::Internal("a backlog without numbers".to_owned()));
    let (admitted, audit) = (next()?, next()?);
    let mut queues = Vec::with_capacity(names.len());
    for queue in names {
        queues.push(QueueBacklog { queue, calls: next()?, oldest: Duration::from_millis(next()?) });
    }
    Ok(Backlog { domain: keys.domain.clone(), admitted, audit, queues })
}
