//! Latency of orders placed one after another on an otherwise idle system.

use crate::client::Connection;
use crate::latency::Latencies;
use crate::watch::Seen;
use std::error::Error;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Number of warm-up orders.
pub(super) const WARM_UP: usize = 30;
/// Time limit for one order.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The placed orders, with their latencies from POST to PAID.
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
            if began.elapsed() > TIMEOUT {
                return Err(format!("order {id} was not seen as paid within {} s", TIMEOUT.as_secs()).into());
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
