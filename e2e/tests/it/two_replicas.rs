//! Two replicas of orders-service, each behind its own gateway: sockets on both receive every change, in order.

use crate::stage::{Stage, gateway, place, service, watch};
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::HashMap;
use testkit::{Client, Program, Socket};

const USERS: i64 = 3;
/// Number of orders per user: all fit into one snapshot, in case a replica has to send one during the test.
const ORDERS: usize = 40;

/// Another orders-service on the same database and virtual host, with its own gateway.
struct Replica {
    gateway: Program,
    /// Stored to keep it running.
    _orders: Program,
}

impl Replica {
    async fn beside(stage: &Stage) -> Self {
        let mut orders = service("orders", &stage.database, &stage.broker);
        let mut gateway = gateway(&orders, &stage.payments);
        orders.start_again();
        gateway.start_again();
        tokio::join!(orders.ready(), gateway.ready());
        Self { gateway, _orders: orders }
    }
}

#[tokio::test]
async fn versions_never_go_backwards_under_load_on_either_replica() {
    let stage = Stage::new().await;
    let replica = Replica::beside(&stage).await;
    let mut watchers = Vec::new();
    let mut placers = Vec::new();
    for user in 1..=USERS {
        stage.top_up(user, 1_000).await;
        for gateway in [&stage.gateway, &replica.gateway] {
            watchers.push(watch_until_paid(watch(gateway, user, "/ws/orders").await));
            placers.push(place_many(Client::new(&gateway.url()).as_user(user)));
        }
    }
    let (versions, _) = tokio::join!(join_all(watchers), join_all(placers));
    for received in versions {
        assert_eq!(received.len(), ORDERS, "orders received by a socket");
    }
}

#[tokio::test]
async fn sockets_on_both_replicas_see_an_order_being_paid() {
    let stage = Stage::new().await;
    let replica = Replica::beside(&stage).await;
    stage.top_up(1, 1_000).await;
    for gateway in [&stage.gateway, &replica.gateway] {
        let id = place(&Client::new(&gateway.url()).as_user(1), 10).await;
        let path = format!("/ws/orders/{id}");
        for other in [&replica.gateway, &stage.gateway] {
            watch(other, 1, &path).await.until(|message| message["status"] == "PAID").await;
        }
    }
}

/// Places half of a user's orders; the other half goes through the other gateway.
async fn place_many(client: Client) {
    for _ in 0..ORDERS / 2 {
        place(&client, 1).await;
    }
}

/// Reads a socket until all of the user's orders are paid; every message must be newer than the known version.
async fn watch_until_paid(mut socket: Socket) -> HashMap<String, i64> {
    let mut known: HashMap<String, i64> = HashMap::new();
    while known.values().filter(|version| **version == 2).count() < ORDERS {
        let message: Value = socket.next().await;
        let version = message["version"].as_i64().unwrap();
        assert_eq!(message["status"], if version == 1 { "PENDING" } else { "PAID" }, "{message}");
        let before = known.insert(message["order_id"].as_str().unwrap().to_owned(), version);
        assert!(before.is_none_or(|before| before < version), "version {before:?} was received before {message}");
    }
    known
}
