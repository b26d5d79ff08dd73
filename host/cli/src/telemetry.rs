//! What a host says of itself while it runs: log lines on standard error, and traces to a collector.

mod choice;
mod collector;
mod spans;

pub(crate) use choice::traced;

use crate::failure::Failure;
use crate::settings::{LogFormat, Settings};
use collector::Collector;
use spans::Spans;
use std::io::IsTerminal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

/// What is logged unless SKEP_LOG_FILTER says otherwise; each step of a migration or message of MCP is not.
const LOG_FILTER: &str = "info,refinery_core=warn,rmcp=warn";

/// The way out for traces, if they have one.
pub(crate) struct Telemetry(Option<Collector>);

impl Telemetry {
    /// Begins to log and, where a collector is named, to send traces.
    pub(crate) fn start(settings: &Settings) -> Result<Self, Failure> {
        let collector = settings.otlp.as_deref().map(Collector::open).transpose()?;
        let spans = collector.as_ref().map(|collector| Spans::to(collector).filtered());
        tracing_subscriber::registry().with(logs(settings.log)).with(spans).init();
        Ok(Self(collector))
    }

    /// Sends what is left, for as long as a collector may take. Called when nothing runs any more.
    pub(crate) async fn stop(self) {
        if let Some(collector) = self.0 {
            // It waits for the thread that sends.
            let _ = tokio::task::spawn_blocking(move || collector.close()).await;
        }
    }
}

fn logs(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let filter = EnvFilter::try_from_env("SKEP_LOG_FILTER").unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    let lines = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
        LogFormat::Text => {
            lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).with_filter(filter).boxed()
        }
    }
}
