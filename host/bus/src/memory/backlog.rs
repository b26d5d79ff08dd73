//! What waits, as memory counts it.

use super::MemoryBus;
use crate::BusError;
use crate::backlog::{Backlog, QueueBacklog, Watched};
use crate::queues::Queue;
use async_trait::async_trait;
use skep_core::UnixMs;
use std::time::Duration;

#[async_trait]
impl Watched for MemoryBus {
    async fn backlog(&self) -> Result<Vec<Backlog>, BusError> {
        let (state, now) = (self.open_state()?, UnixMs::now().0);
        // All domains share one relay.
        let mut audit = state.relay.len();
        let backlogs = state.names.iter().filter_map(|name| {
            let domain = state.domains.get(name)?;
            let queues = Queue::shared().map(|queue| {
                let (calls, first) = domain.waiting(queue);
                let oldest = Duration::from_millis(first.map_or(0, |first| now.saturating_sub(first.0)));
                QueueBacklog { queue: queue.to_string(), calls, oldest }
            });
            let (domain_name, admitted) = (name.clone(), domain.depth());
            let audit = std::mem::take(&mut audit);
            Some(Backlog { domain: domain_name, admitted, audit, queues: queues.collect() })
        });
        Ok(backlogs.collect())
    }
}
