//! The gateway is killed while sockets are open: reconnecting clients never see an older state than before.

use crate::stage::{Stage, place};
use serde_json::Value;
use std::collections::HashMap;
use testkit::{Socket, eventually};

/// How often the gateway is killed.
const ROUNDS: usize = 4;
/// Number of orders per round; all of them fit into one snapshot.
const ORDERS: usize = 8;

#[tokio::test]
async fn a_client_that_reconnects_after_a_gateway_kill_sees_no_older_state() {
    let mut stage = Stage::new().await;
    stage.top_up(1, 1_000).await;
    let url = stage.socket_url(1, "/ws/orders");
    let client = stage.user(1);
    let mut seen: HashMap<String, i64> = HashMap::new();
    let mut placed = Vec::new();
    for round in 0..ROUNDS {
        let mut socket = open(&url).await;
        read_snapshot(&mut socket, placed.len(), &mut seen).await;
        for _ in 0..ORDERS {
            placed.push(place(&client, 1).await);
        }
        // Some updates are received before the kill, some are not.
        for _ in 0..=round {
            remember(&mut seen, &socket.next().await);
        }
        stage.gateway.kill();
        while let Some(message) = socket.next_or_end().await {
            remember(&mut seen, &message);
        }
        stage.gateway.start_again();
    }
    let mut socket = open(&url).await;
    read_snapshot(&mut socket, placed.len(), &mut seen).await;
    while !placed.iter().all(|id| seen.get(id) == Some(&2)) {
        remember(&mut seen, &socket.next().await);
    }
    assert_eq!(seen.len(), placed.len(), "only the user's orders were sent");
    assert_eq!(stage.balance(1).await, i64::try_from(1_000 - placed.len()).unwrap());
}

/// Opens the socket as soon as the gateway runs again, like a page would.
async fn open(url: &str) -> Socket {
    let mut socket = None;
    eventually(true, async || {
        socket = Socket::try_open(url).await;
        socket.is_some()
    })
    .await;
    socket.unwrap()
}

/// The first messages of a socket contain the state of each order once.
async fn read_snapshot(socket: &mut Socket, orders: usize, seen: &mut HashMap<String, i64>) {
    for _ in 0..orders {
        let message = socket.next().await;
        assert_eq!(message["type"], "snapshot", "{message}");
        remember(seen, &message);
    }
}

fn remember(seen: &mut HashMap<String, i64>, message: &Value) {
    let id = message["order_id"].as_str().unwrap().to_owned();
    let version = message["version"].as_i64().unwrap();
    let known = seen.insert(id, version);
    assert!(known.is_none_or(|known| known <= version), "version {known:?} was seen before {message}");
}
