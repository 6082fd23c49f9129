//! The destination of finished spans: a bounded queue to the exporter, if there is one.

use crate::record::Record;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

static INSTALLED: OnceLock<Sink> = OnceLock::new();

/// An exporter is already installed; a process has only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyInstalled;

impl fmt::Display for AlreadyInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span exporter is already installed")
    }
}

impl std::error::Error for AlreadyInstalled {}

/// The receiving end of the queue, for the exporter.
#[derive(Debug)]
pub struct FinishedSpans {
    records: mpsc::Receiver<Record>,
    dropped: Arc<AtomicU64>,
}

/// The sending end of the queue; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    records: mpsc::Sender<Record>,
    dropped: Arc<AtomicU64>,
}

/// Installs a queue of at most `capacity` spans for the exporter. Further spans are dropped, because work must not wait
/// for tracing.
///
/// # Errors
/// [`AlreadyInstalled`] on the second call.
pub fn install(capacity: usize) -> Result<FinishedSpans, AlreadyInstalled> {
    let (sink, finished) = queue(capacity);
    INSTALLED.set(sink).map_err(|_| AlreadyInstalled)?;
    Ok(finished)
}

/// Whether spans are exported: for callers that would otherwise collect attributes in vain.
pub fn is_exporting() -> bool {
    INSTALLED.get().is_some()
}

pub(crate) fn installed() -> Option<&'static Sink> {
    INSTALLED.get()
}

pub(crate) fn queue(capacity: usize) -> (Sink, FinishedSpans) {
    let (sender, receiver) = mpsc::channel(capacity);
    let dropped = Arc::<AtomicU64>::default();
    (Sink { records: sender, dropped: Arc::clone(&dropped) }, FinishedSpans { records: receiver, dropped })
}

impl Sink {
    pub(crate) fn take(&self, record: Record) {
        if self.records.try_send(record).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl FinishedSpans {
    /// Waits for spans and appends up to `limit` of them; returns their number. 0 means that there will be no more.
    pub async fn receive(&mut self, batch: &mut Vec<Record>, limit: usize) -> usize {
        self.records.recv_many(batch, limit).await
    }

    /// Accepts no more spans; queued ones can still be received.
    pub fn close(&mut self) {
        self.records.close();
    }

    /// Spans that were dropped since the last call because the queue was full or closed.
    pub fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}
