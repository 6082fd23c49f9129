//! One order after the other, on a system that does nothing else.

use crate::client::Connection;
use crate::latency::Latencies;
use crate::watch::Seen;
use std::error::Error;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Orders that open connections and fill caches first.
pub(super) const WARM_UP: usize = 30;
/// Longest wait for one order.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was ordered, and how long each took from POST to PAID.
pub(super) struct Idle {
    pub(super) orders: Vec<Uuid>,
    pub(super) latencies: Latencies,
}

pub(super) async fn measure(api: &str, users: i64, orders: usize, seen: &Seen) -> Result<Idle, Box<dyn Error>> {
    let mut connection = Connection::open(api).await?;
    let mut placed = Vec::with_capacity(orders + WARM_UP);
    let mut latencies = Vec::with_capacity(orders);
    let mut users = (1..=users).cycle();
    for index in 0..orders + WARM_UP {
        let began = Instant::now();
        let id = connection.order(users.next().unwrap_or(1), 1).await?;
        placed.push(id);
        while seen.paid_at(id).is_none() {
            if began.elapsed() > PATIENCE {
                return Err(format!("order {id} is not seen paid within {} s", PATIENCE.as_secs()).into());
            }
            seen.changed().await;
        }
        if index >= WARM_UP
            && let Some(paid_at) = seen.paid_at(id)
        {
            latencies.push(paid_at - began);
        }
    }
    Ok(Idle { orders: placed, latencies: latencies.into_iter().collect() })
}
