//! The collector that traces go to (OTLP, protobuf over HTTP): batched and sent by a thread of their own,
//! so that no call waits for it or fails with it.

use crate::failure::Failure;
use anyhow::{Context, anyhow};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanExporter as Export, SpanProcessor,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Spans that wait to be sent; what is more is dropped.
const SPANS_MAX: usize = 8192;
/// Spans sent at once.
const BATCH_MAX: usize = 512;
/// How long a span waits for others to go with.
const BATCH_WAIT: Duration = Duration::from_secs(1);
/// How long the collector may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long a stopping host waits for the collector.
const CLOSE_MAX: Duration = Duration::from_secs(3);

/// A queue before one collector.
#[derive(Clone)]
pub(super) struct Collector(Arc<BatchSpanProcessor>);

impl Collector {
    /// A queue before the collector at `url`, which needn't be there yet.
    pub(super) fn open(url: &str) -> Result<Self, Failure> {
        let endpoint = format!("{}/v1/traces", url.trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http();
        let exporter =
            exporter.with_endpoint(endpoint).with_protocol(Protocol::HttpBinary).with_timeout(ANSWER_MAX);
        let exporter = exporter.build().map_err(|e| anyhow!(e)).context("the collector at --otlp")?;
        Ok(Self::before(exporter))
    }

    fn before(exporter: impl Export + 'static) -> Self {
        let limits = BatchConfigBuilder::default()
            .with_max_queue_size(SPANS_MAX)
            .with_max_export_batch_size(BATCH_MAX)
            .with_scheduled_delay(BATCH_WAIT)
            .build();
        let exporter = Watched { exporter, away: AtomicBool::new(false) };
        let mut queue = BatchSpanProcessor::new(exporter, limits);
        queue.set_resource(&this_host());
        Self(Arc::new(queue))
    }

    /// Queues a span; drops it where there is no room.
    pub(super) fn take(&self, span: SpanData) {
        self.0.on_end(span);
    }

    pub(super) fn close(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(CLOSE_MAX) {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}

fn this_host() -> Resource {
    let instance = uuid::Uuid::new_v4().to_string();
    Resource::builder()
        .with_service_name("skep")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", instance))
        .build()
}

/// An exporter that says when its collector goes and when it is back, once each.
#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    away: AtomicBool,
}

impl<E: Export> Export for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.exporter.export(batch).await;
        match (&sent, self.away.swap(sent.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::warn!(%error, "traces are lost: their collector doesn't take them")
            }
            (Ok(()), true) => tracing::info!("traces reach their collector again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::SystemTime;

    /// A collector that takes nothing until it is told to, and then all.
    #[derive(Debug)]
    struct Stuck {
        told: Mutex<Receiver<()>>,
        taken: Arc<AtomicUsize>,
    }

    impl Export for Stuck {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            // Over as soon as whoever tells is gone.
            let _ = self.told.lock().unwrap().recv();
            assert!(batch.len() <= BATCH_MAX);
            self.taken.fetch_add(batch.len(), Ordering::Relaxed);
            Ok(())
        }
    }

    fn span() -> SpanData {
        let now = SystemTime::now();
        SpanData {
            span_context: SpanContext::empty_context(),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "call".into(),
            start_time: now,
            end_time: now,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: Default::default(),
        }
    }

    #[test]
    fn no_more_waits_for_a_collector_than_the_bound_and_all_of_that_is_sent_at_the_end() {
        let (tell, told) = channel();
        let taken = Arc::<AtomicUsize>::default();
        let collector = Collector::before(Stuck { told: Mutex::new(told), taken: taken.clone() });
        for _ in 0..SPANS_MAX + 4 * BATCH_MAX {
            collector.take(span());
        }
        drop(tell);
        collector.close();
        let taken = taken.load(Ordering::Relaxed);
        // A batch may have been on its way when the queue was filled.
        assert!((SPANS_MAX..=SPANS_MAX + BATCH_MAX).contains(&taken), "{taken}");
    }
}
