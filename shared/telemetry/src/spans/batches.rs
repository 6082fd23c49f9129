//! Exports finished spans in batches. A batch that the collector does not accept is dropped.

use super::data;
use crate::chain;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SpanExporter as _;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use trace::{FinishedSpans, Record};
use tracing::{info, warn};

/// Spans per request to the collector.
const BATCH_MAX: usize = 512;
/// Longest time that the first span of a batch waits for others.
const BATCH_WAIT_MAX: Duration = Duration::from_secs(1);

/// The export task.
pub(super) struct ExportTask {
    exporter: SpanExporter,
    endpoint: String,
    /// Whether the last batch failed, so that the outage is already logged.
    is_failing: bool,
}

impl ExportTask {
    pub(super) fn new(exporter: SpanExporter, endpoint: &str) -> Self {
        Self { exporter, endpoint: endpoint.to_owned(), is_failing: false }
    }

    /// Exports until `stopping` is cancelled, then exports the remaining spans.
    pub(super) async fn run(mut self, mut finished: FinishedSpans, stopping: CancellationToken) {
        info!(endpoint = self.endpoint, "spans are exported to {}", self.endpoint);
        loop {
            let batch = collect_batch(&mut finished, &stopping).await;
            count_dropped("queue_full", finished.take_dropped());
            if batch.is_empty() {
                return;
            }
            self.send(batch).await;
        }
    }

    async fn send(&mut self, batch: Vec<Record>) {
        let size = batch.len() as u64;
        match self.exporter.export(batch.into_iter().map(data::of).collect()).await {
            Ok(()) => {
                metrics::counter!("trace_spans_exported_total").increment(size);
                if std::mem::take(&mut self.is_failing) {
                    info!(endpoint = self.endpoint, "the collector accepts spans again");
                }
            }
            Err(failure) => {
                count_dropped("not_taken", size);
                if !std::mem::replace(&mut self.is_failing, true) {
                    let (endpoint, error) = (&self.endpoint, chain(&failure));
                    warn!(endpoint, error, "the collector at {endpoint} does not accept spans: dropping them");
                }
            }
        }
    }
}

/// Waits for spans, then collects more for a while; an empty batch means the end.
async fn collect_batch(finished: &mut FinishedSpans, stopping: &CancellationToken) -> Vec<Record> {
    let mut batch = Vec::new();
    // There is no time limit for the first span of a batch.
    let mut due: Option<Instant> = None;
    while batch.len() < BATCH_MAX {
        let limit = BATCH_MAX - batch.len();
        if stopping.is_cancelled() {
            finished.close();
            if finished.receive(&mut batch, limit).await == 0 {
                break;
            }
            continue;
        }
        let timer = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            received = finished.receive(&mut batch, limit) => if received == 0 { break },
            () = timer => break,
            () = stopping.cancelled() => {}
        }
        due = due.or_else(|| Some(Instant::now() + BATCH_WAIT_MAX));
    }
    batch
}

fn count_dropped(reason: &'static str, spans: u64) {
    if spans > 0 {
        metrics::counter!("trace_spans_dropped_total", "reason" => reason).increment(spans);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::exporter;
    use axum::Router;
    use axum::routing::post;
    use tokio::net::TcpListener;
    use trace::{Kind, TraceContext};

    fn span() -> Record {
        let now = std::time::SystemTime::now();
        Record {
            context: TraceContext::root(),
            name: "work".into(),
            kind: Kind::Internal,
            started: now,
            ended: now,
            attributes: vec![],
            error: None,
        }
    }

    #[tokio::test]
    async fn an_outage_of_the_collector_loses_spans_and_export_resumes_afterwards() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let endpoint = format!("http://{address}");
        let mut task = ExportTask::new(exporter(&endpoint, "test".into()).unwrap(), &endpoint);
        task.send(vec![span()]).await;
        assert!(task.is_failing);
        let listener = TcpListener::bind(address).await.unwrap();
        let collector = Router::new().route("/v1/traces", post(async || ()));
        tokio::spawn(async move { axum::serve(listener, collector).await });
        task.send(vec![span()]).await;
        assert!(!task.is_failing);
    }
}
