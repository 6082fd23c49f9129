//! Idle sockets: their memory in every process, and the time until all of them are notified.

use crate::cli;
use crate::client::Connection;
use crate::parts::{Cost, Part};
use crate::report::Report;
use crate::watch::{WatchError, open};
use e2e::invariants::violations;
use futures_util::StreamExt;
use serde_json::json;
use sqlx::PgPool;
use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio_tungstenite::tungstenite::protocol::Message;

/// The user whose orders all sockets watch.
const USER: i64 = 1;
/// Number of sockets that are opened concurrently.
const OPENING: usize = 32;
/// Idle time before memory is measured.
const REST: Duration = Duration::from_secs(5);
/// Time limit until a message has reached all sockets.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Number of orders pushed to all sockets, one after another.
const PUSHES: usize = 5;

/// Opens the sockets, measures, and reports.
pub(crate) async fn measure(options: &cli::Sockets) -> Result<Report, Box<dyn Error>> {
    let tasks = LocalSet::new();
    tasks.run_until(run(&tasks, options)).await
}

/// Number of messages received by all sockets together.
#[derive(Default)]
struct Received {
    messages: Cell<usize>,
    changed: Notify,
}

async fn run(tasks: &LocalSet, options: &cli::Sockets) -> Result<Report, Box<dyn Error>> {
    let system = &options.system;
    servers::raise_open_files(options.sockets as u64 + 1_000)?;
    let mut connection = Connection::open(&system.api).await?;
    connection.top_up(USER, 1_000).await?;
    let before: Vec<Cost> = system.parts.iter().map(Part::cost).collect();
    let received = Rc::new(Received::default());
    let began = Instant::now();
    open_all(tasks, &system.api, options.sockets, &received).await?;
    let opened_within = began.elapsed();
    tokio::time::sleep(REST).await;

    let mut report = Report::default();
    let count = f64::from(u32::try_from(options.sockets)?);
    report.figure("sockets open", "sockets", count, 0, "through the gateway, all idle");
    report.figure("", "opened_per_s", count / opened_within.as_secs_f64(), 0, "opened per second");
    report_memory(&mut report, &system.parts, &before, count);
    let mut slowest = Duration::ZERO;
    let mut usual = vec![];
    for _ in 0..PUSHES {
        let duration = push(&mut connection, &received, options.sockets).await?;
        slowest = slowest.max(duration);
        usual.push(duration);
    }
    usual.sort_unstable();
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    report.figure("a new order pushed to all", "push_ms_p50", milliseconds(usual[PUSHES / 2]), 0, "ms, median of 5");
    report.figure("", "push_ms_max", milliseconds(slowest), 0, "ms, slowest");
    let pool = PgPool::connect(&system.database_url).await?;
    report.checked(violations(&pool).await?);
    Ok(report)
}

async fn open_all(tasks: &LocalSet, host: &str, sockets: usize, received: &Rc<Received>) -> Result<(), WatchError> {
    let opening = futures_util::stream::iter(0..sockets).map(|_| open(host, USER)).buffer_unordered(OPENING);
    let mut opening = std::pin::pin!(opening);
    while let Some(socket) = opening.next().await {
        let mut socket = socket?;
        let received = Rc::clone(received);
        tasks.spawn_local(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(_) = message {
                    received.messages.set(received.messages.get() + 1);
                    received.changed.notify_waiters();
                }
            }
        });
    }
    Ok(())
}

/// Places an order and waits until every socket has received both updates, placed and paid.
async fn push(connection: &mut Connection, received: &Received, sockets: usize) -> Result<Duration, Box<dyn Error>> {
    received.messages.set(0);
    let began = Instant::now();
    connection.order(USER, 1).await?;
    let mut first = None;
    while received.messages.get() < 2 * sockets {
        if began.elapsed() > TIMEOUT {
            return Err(format!("received {} of {} messages", received.messages.get(), 2 * sockets).into());
        }
        if first.is_none() && received.messages.get() >= sockets {
            first = Some(began.elapsed());
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), received.changed.notified()).await;
    }
    Ok(first.unwrap_or_else(|| began.elapsed()))
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a process")]
fn report_memory(report: &mut Report, parts: &[Part], before: &[Cost], count: f64) {
    let (mut all, mut by_part) = (0.0, serde_json::Map::new());
    for (part, before) in parts.iter().zip(before) {
        let grown = part.cost().own_bytes.saturating_sub(before.own_bytes) as f64 / count;
        if grown < 1.0 || part.is_server() {
            continue;
        }
        let label = if by_part.is_empty() { "bytes per socket" } else { "" };
        report.note(label, format!("{grown:6.0} {}", part.name));
        by_part.insert(part.name.clone(), json!(grown.round()));
        all += grown;
    }
    report.field("bytes_per_socket_by_part", by_part.into());
    report.figure("", "bytes_per_socket", all, 0, "in all processes of the services");
}
