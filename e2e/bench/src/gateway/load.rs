//! Maximum load over persistent connections.

use crate::client::{Connection, RequestError};
use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// The result of a round.
pub(super) struct Turn {
    pub(super) per_s: f64,
    pub(super) latencies: Vec<Duration>,
}

/// Requests `path` in a loop on each connection.
pub(super) async fn run(
    tasks: &LocalSet,
    host: &str,
    path: &'static str,
    connections: usize,
    seconds: Duration,
) -> Result<Turn, Box<dyn Error>> {
    let mut opened = vec![];
    for _ in 0..connections {
        opened.push(Connection::open(host).await?);
    }
    let latencies = Rc::new(RefCell::new(Vec::new()));
    let began = Instant::now();
    let clients: Vec<_> = opened
        .into_iter()
        .map(|mut connection| {
            let latencies = Rc::clone(&latencies);
            tasks.spawn_local(async move {
                while began.elapsed() < seconds {
                    let sent = Instant::now();
                    connection.get(path, 1, super::upstream::BODY).await?;
                    latencies.borrow_mut().push(sent.elapsed());
                }
                Ok::<_, RequestError>(())
            })
        })
        .collect();
    for client in clients {
        client.await??;
    }
    let latencies = latencies.take();
    let answered = f64::from(u32::try_from(latencies.len())?);
    Ok(Turn { per_s: answered / began.elapsed().as_secs_f64(), latencies })
}
