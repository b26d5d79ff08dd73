//! From our spans to those of OpenTelemetry. A span that bears a `trace` stands where that says; one without
//! stands below the span that it is in; one in no traced span is nobody's.

use super::collector::Collector;
use opentelemetry::trace::{self, SpanContext, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use skep_core::{SpanId, Trace};
use std::borrow::Cow;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Attributes of one span; what is more is left out.
const ATTRIBUTES_MAX: usize = 32;
/// Longest text of an attribute; what is longer is cut.
const TEXT_BYTES_MAX: usize = 256;

/// Sends what our spans tell to a collector.
pub(super) struct Spans {
    collector: Collector,
    scope: InstrumentationScope,
}

impl Spans {
    pub(super) fn to(collector: &Collector) -> Self {
        let scope = InstrumentationScope::builder("skep").with_version(env!("CARGO_PKG_VERSION")).build();
        Self { collector: collector.clone(), scope }
    }

    /// Hears of nothing but our own spans.
    pub(super) fn filtered<S>(self) -> impl Layer<S> + Send + Sync
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        self.with_filter(filter_fn(|about| {
            about.is_span() && *about.level() <= Level::INFO && about.target().starts_with("skep")
        }))
    }
}

/// What a span has told so far.
#[derive(Default)]
struct Told {
    trace: Option<Trace>,
    below: Option<SpanId>,
    /// When it began, if that was before it was made: milliseconds since 1970.
    started_ms: Option<u64>,
    fault: Option<String>,
    attributes: Vec<KeyValue>,
}

/// A span that is open.
struct Open {
    trace: Trace,
    below: Option<SpanId>,
    started: SystemTime,
    told: Told,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut told = Told::default();
        attributes.record(&mut told);
        let place = match told.trace.take() {
            Some(trace) => Some((trace, told.below)),
            None => span.parent().and_then(|parent| {
                let step = parent.extensions().get::<Open>()?.trace.step();
                Some((step.here, step.below))
            }),
        };
        let Some((trace, below)) = place else { return };
        let since_1970 = told.started_ms.map(Duration::from_millis);
        let started = since_1970.map_or_else(SystemTime::now, |since| SystemTime::UNIX_EPOCH + since);
        span.extensions_mut().insert(Open { trace, below, started, told });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            values.record(&mut open.told);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let open = span.extensions_mut().remove::<Open>();
        if let Some(open) = open {
            self.collector.take(self.data(span.name(), open));
        }
    }
}

impl Spans {
    fn data(&self, name: &'static str, open: Open) -> SpanData {
        let Open { trace, below, started, mut told } = open;
        let state = trace.state().and_then(|state| state.parse().ok()).unwrap_or_default();
        let status = match told.fault.take() {
            Some(fault) => {
                told.attributes.push(KeyValue::new("error.type", fault.clone()));
                Status::error(fault)
            }
            None => Status::Unset,
        };
        SpanData {
            span_context: context(&trace, state),
            parent_span_id: below.map_or(trace::SpanId::INVALID, |id| trace::SpanId::from_bytes(id.0)),
            parent_span_is_remote: matches!(name, "request" | "serve"),
            span_kind: kind(name),
            name: Cow::Borrowed(name),
            start_time: started,
            // Clocks of hosts differ: what began elsewhere doesn't end before that.
            end_time: SystemTime::now().max(started),
            attributes: told.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        }
    }
}

fn context(trace: &Trace, state: TraceState) -> SpanContext {
    let id = trace::TraceId::from_bytes(trace.id().0);
    let span = trace::SpanId::from_bytes(trace.span().0);
    SpanContext::new(id, span, TraceFlags::SAMPLED, false, state)
}

/// A call is asked for on one host and served on another; what else there is stays within one.
fn kind(name: &str) -> SpanKind {
    match name {
        "request" | "serve" => SpanKind::Server,
        "call" => SpanKind::Client,
        _ => SpanKind::Internal,
    }
}

impl Told {
    fn attribute(&mut self, field: &Field, value: impl Into<Value>) {
        if self.attributes.len() < ATTRIBUTES_MAX {
            // Names with a dot are those that OpenTelemetry gave; the others are ours.
            let name = field.name();
            let key =
                if name.contains('.') { Cow::Borrowed(name) } else { Cow::Owned(format!("skep.{name}")) };
            self.attributes.push(KeyValue::new(key, value));
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        match field.name() {
            "trace" => self.trace = text.parse().ok(),
            "below" => self.below = SpanId::read(text),
            "fault" => self.fault = Some(text.to_owned()),
            _ => self.attribute(field, text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()),
        }
    }
}

impl Visit for Told {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "started_ms" => self.started_ms = Some(value),
            _ => self.attribute(field, i64::try_from(value).unwrap_or(i64::MAX)),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attribute(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.attribute(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &format!("{value:?}"));
    }
}
