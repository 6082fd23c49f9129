//! The first command after an outage of Redis is not lost.

use crate::client::{anonymous, fetch};
use crate::raw::Raw;
use crate::service::Service;
use crate::sockets::{echo_bytes, handshake};
use crate::stage::Stage;
use crate::tokens::{Signer, signing_in_to};
use axum::Router;
use axum::routing::any;
use serde_json::Value;
use servers::{Redis, RedisOptions};
use uuid::Uuid;

async fn gateway(server: &Redis) -> (Stage, Service, Signer) {
    let router = Router::new().route("/ws/orders", any(echo_bytes)).fallback(|| async { "served" });
    signing_in_to(router, |plan| plan.with(&format!("--redis-url={}", server.url()))).await
}

async fn ticket(stage: &Stage, signer: &Signer) -> String {
    let token = format!("Bearer {}", signer.token(7, "user"));
    let answer = fetch(anonymous("POST", stage.api, "/tickets").header("Authorization", token)).await;
    let issued: Value = serde_json::from_str(answer.text()).unwrap();
    issued["ticket"].as_str().unwrap().to_owned()
}

/// The status of a handshake with the ticket.
async fn open(stage: &Stage, ticket: &str) -> u16 {
    let request = handshake(&format!("/ws/orders?ticket={ticket}")) + "\r\n";
    Raw::sending(stage.api, request).await.status().await
}

#[tokio::test]
async fn the_first_use_of_a_ticket_and_the_first_call_after_an_outage_are_recorded() {
    let folder = std::env::temp_dir().join(format!("chipin-{}", Uuid::now_v7().simple()));
    let mut server = Redis::start(RedisOptions::new(&folder)).unwrap();
    let ((one, _service, signer), (other, _other_service, _)) = (gateway(&server).await, gateway(&server).await);
    // Both gateways have a connection.
    for stage in [&one, &other] {
        assert_eq!(open(stage, &ticket(&one, &signer).await).await, 101);
    }
    server.stop();
    server.start_again().unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    let token = format!("Bearer {}", signer.token(7, "user"));
    let answer = fetch(anonymous("GET", one.api, "/orders/orders").header("Authorization", token)).await;
    assert_eq!(answer.status, 200);
    // What is counted expires after some milliseconds, so the server is asked which commands it has run.
    let commands: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.unwrap();
    assert!(commands.contains("cmdstat_eval"), "the call was not counted: {commands}");

    let ticket = ticket(&one, &signer).await;
    server.stop();
    server.start_again().unwrap();
    assert_eq!(open(&one, &ticket).await, 101);
    assert_eq!(open(&other, &ticket).await, 401, "the ticket was used at another gateway");
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}
