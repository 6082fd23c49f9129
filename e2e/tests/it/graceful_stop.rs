//! orders-service is stopped while requests run: accepted requests are completed, and sockets get a close code.

use crate::load::{self, Attempt, Intent, Kind};
use crate::stage::Stage;
use crate::{invariants, queues, report};
use futures_util::future::join_all;
use http::Method;
use std::collections::BTreeMap;
use testkit::{Client, eventually};
use tokio::sync::watch;

const CLIENTS: usize = 8;
/// Number of responses before the stop begins.
const BEFORE: usize = 40;

/// State of the test: number of responses, and whether the service has exited.
#[derive(Default)]
struct Progress {
    answered: usize,
    has_ended: bool,
}

#[tokio::test]
async fn a_stop_loses_no_accepted_request() {
    let mut stage = Stage::new().await;
    let mut log = load::top_up(&stage.anonymous(), 1..2, 100_000).await;
    let progress = watch::Sender::new(Progress::default());
    let client = stage.user(1);
    let clients = (0..CLIENTS).map(|number| place_until_the_end(&client, number, &progress));
    let stopping = async {
        progress.subscribe().wait_for(|progress| progress.answered >= BEFORE).await.unwrap();
        let ended_cleanly = stage.orders.stop().await;
        progress.send_modify(|progress| progress.has_ended = true);
        ended_cleanly
    };
    let (logs, ended_cleanly) = tokio::join!(join_all(clients), stopping);
    assert!(ended_cleanly, "orders-service exits with 0");
    stage.orders.start_again();
    stage.orders.ready().await;

    let (attempts, answers): (Vec<Attempt>, Vec<u16>) = logs.into_iter().flatten().unzip();
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for status in answers {
        *counts.entry(status).or_default() += 1;
    }
    log.extend(attempts);
    queues::expect_rest(&mut stage).await;
    let verdict = invariants::check(&stage.pool, &log).await;
    report::print(&format!("graceful stop: {verdict}; answers {counts:?}"));
    assert!(counts.keys().all(|status| [201, 502, 503].contains(status)), "answers {counts:?}");
    verdict.expect_clean();
}

#[tokio::test]
async fn sockets_end_with_1012_and_get_the_state_after_reconnecting() {
    let mut stage = Stage::new().await;
    stage.top_up(1, 500).await;
    let id = stage.place(1, 200).await;
    let paths = ["/ws/orders".to_owned(), format!("/ws/orders/{id}"), format!("/orders/ws/orders/{id}")];
    let mut sockets = Vec::new();
    for path in &paths {
        let mut socket = stage.watch(1, path).await;
        socket.next().await;
        sockets.push(socket);
    }
    let (ended_cleanly, codes) =
        tokio::join!(stage.orders.stop(), join_all(sockets.iter_mut().map(testkit::Socket::closed)));
    assert_eq!(codes, [Some(1012); 3]);
    assert!(ended_cleanly, "orders-service exits with 0");
    stage.orders.start_again();
    stage.orders.ready().await;
    for path in &paths {
        stage.watch(1, path).await.until(|message| message["status"] == "PAID").await;
    }
}

#[tokio::test]
async fn a_stopping_gateway_exits_cleanly_and_restarts() {
    let mut stage = Stage::new().await;
    stage.top_up(1, 500).await;
    assert!(stage.gateway.stop().await, "the gateway exits with 0");
    stage.gateway.start_again();
    stage.gateway.ready().await;
    eventually(serde_json::json!(500), async || stage.balance(1).await).await;
}

/// Places orders one after another until the service has exited; each is tried once, without an idempotency key.
async fn place_until_the_end(
    client: &Client,
    number: usize,
    progress: &watch::Sender<Progress>,
) -> Vec<(Attempt, u16)> {
    let mut log = Vec::new();
    while !progress.borrow().has_ended {
        let name = format!("order {number}-{}", log.len());
        let body = format!(r#"{{"amount": 1, "description": "{name}"}}"#);
        let answer = client.send(Method::POST, "/orders/orders", Some("application/json"), &body).await;
        progress.send_modify(|progress| progress.answered += 1);
        let acknowledged = answer.json()["id"].as_str().and_then(|id| id.parse().ok());
        let intent = Intent { name, kind: Kind::Order, user: 1, amount: 100, retries: false };
        log.push((Attempt { intent, acknowledged, was_replayed: false }, answer.status.as_u16()));
    }
    log
}
