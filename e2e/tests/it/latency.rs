//! Latency from placing an order to seeing it as paid: reported, and only checked against an extreme limit.

use crate::report;
use crate::stage::Stage;
use serde_json::json;
use std::time::{Duration, Instant};

const ORDERS: usize = 50;
/// No user would wait longer, on any machine.
const ABSURD: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_order_is_seen_paid_soon() {
    let stage = Stage::new().await;
    stage.top_up(1, 1_000).await;
    let mut socket = stage.watch(1, "/ws/orders").await;
    // The first order opens connections and wakes pools.
    let mut elapsed = Vec::new();
    for _ in 0..=ORDERS {
        let started = Instant::now();
        let id = stage.place(1, 1).await;
        socket.until(|message| message["order_id"] == json!(id) && message["status"] == "PAID").await;
        elapsed.push(started.elapsed());
    }
    let mut elapsed = elapsed.split_off(1);
    elapsed.sort();
    let percentile = |percent: usize| elapsed[(elapsed.len() * percent).div_ceil(100) - 1];
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    report::print(&format!(
        "POST to PAID on the socket, {ORDERS} orders one after the other: p50 {:.1} ms, p99 {:.1} ms",
        milliseconds(percentile(50)),
        milliseconds(percentile(99)),
    ));
    assert!(percentile(50) < ABSURD, "p50 {:?}", percentile(50));
}
