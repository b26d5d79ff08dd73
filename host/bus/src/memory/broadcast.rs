//! Events where there is no other host: what is told is heard here.

use super::MemoryBus;
use crate::BusError;
use crate::broadcast::{Broadcast, Heard};
use async_trait::async_trait;
use skep_core::{DomainName, Event};
use std::sync::Arc;

#[async_trait]
impl Broadcast for MemoryBus {
    fn listened(&self, domain: Option<&DomainName>) -> bool {
        self.ears.listening() && domain.is_none_or(|domain| self.check_domain(domain).is_ok())
    }

    fn broadcast(&self, event: Event) {
        if self.listened(event.topic.domain.as_ref()) {
            self.ears.take(Arc::new(event));
        }
    }

    fn listen(&self, listening: bool) {
        self.ears.listen(listening);
    }

    async fn hear(&self) -> Result<Heard, BusError> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(BusError::Closed),
            heard = self.ears.hear() => Ok(heard),
        }
    }
}
