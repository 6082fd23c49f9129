//! Two gateways share their state: rate limits and used tickets apply to both.

use crate::keys::{behind_gateway, with_keys};
use crate::signing_in::code;
use crate::stage::{gateway_before, service};
use serde_json::json;
use std::path::PathBuf;
use testkit::{Client, Program, Socket, TestBroker, TestDatabase, TestRedis, eventually, unique};

/// Two gateways for a users-service, without other services. Fields are dropped in their order.
struct Stage {
    gateways: [Program; 2],
    _users: Program,
    _broker: TestBroker,
    _database: TestDatabase,
    folder: PathBuf,
}

impl Stage {
    async fn new(redis_url: &str) -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        let folder = std::env::temp_dir().join(unique("chipin_two_gateways"));
        let keys = folder.display().to_string();
        let mut users = behind_gateway("users", service("users", &database, &broker)).with("KEYS_DIR", &keys);
        users.start_again();
        let gateway = || {
            let gateway = gateway_before(&[("USERS_URL", &users)]).with("AUTH_MODE", "jwt");
            with_keys(gateway).with("REDIS_URL", redis_url)
        };
        let mut gateways = [gateway(), gateway()];
        for gateway in &mut gateways {
            gateway.start_again();
        }
        tokio::join!(users.ready(), gateways[0].ready(), gateways[1].ready());
        Self { gateways, _users: users, _broker: broker, _database: database, folder }
    }

    fn anonymous(&self, gateway: usize) -> Client {
        Client::new(&self.gateways[gateway].url())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn credentials(login: &str) -> String {
    json!({"login": login, "password": "correct horse"}).to_string()
}

#[tokio::test]
async fn password_attempts_are_counted_by_both_gateways() {
    let redis = TestRedis::numbered(13);
    redis.flush().await;
    let stage = Stage::new(redis.url()).await;
    // A different login each time: the limit applies to the address.
    for (at, gateway) in [0, 1, 0, 1, 0].into_iter().enumerate() {
        let answer = stage.anonymous(gateway).post("/login", &credentials(&format!("nobody{at}"))).await;
        assert_eq!(code(&answer), (401, "wrong_credentials".to_owned()), "try {at}");
    }
    for gateway in [0, 1] {
        let answer = stage.anonymous(gateway).post("/login", &credentials("nobody")).await;
        assert_eq!(code(&answer), (429, "too_many_requests".to_owned()), "gateway {gateway}");
    }
}

#[tokio::test]
async fn a_ticket_opens_one_socket_at_either() {
    let redis = TestRedis::numbered(14);
    redis.flush().await;
    let stage = Stage::new(redis.url()).await;
    let session = stage.anonymous(0).post("/users/register", &credentials("anna")).await;
    assert_eq!(session.status, 201, "{}", session.text);
    let bearer = format!("Bearer {}", session.json()["access_token"].as_str().unwrap());
    let anna = stage.anonymous(0).with_header("authorization", &bearer);
    // Each gateway has to learn which sessions have ended before it accepts one.
    for gateway in [0, 1] {
        let anna = stage.anonymous(gateway).with_header("authorization", &bearer);
        eventually(200, async || anna.get("/users/me").await.status.as_u16()).await;
    }

    let ticket = anna.post("/tickets", "").await.json()["ticket"].as_str().unwrap().to_owned();
    let shown_at = async |gateway: usize| {
        let url = format!("ws://127.0.0.1:{}/ws/orders?ticket={ticket}", stage.gateways[gateway].port());
        Socket::open(&url, &[]).await.err()
    };
    // It is accepted, but the service behind it is down.
    assert_eq!(shown_at(1).await, Some(503));
    assert_eq!((shown_at(0).await, shown_at(1).await), (Some(401), Some(401)));
}

#[tokio::test]
async fn without_redis_each_gateway_counts_alone() {
    // No server listens on this port.
    let stage = Stage::new("redis://127.0.0.1:1").await;
    for gateway in [0, 1] {
        for at in 0..5 {
            let answer = stage.anonymous(gateway).post("/login", &credentials(&format!("nobody{gateway}{at}"))).await;
            assert_eq!(code(&answer), (401, "wrong_credentials".to_owned()), "gateway {gateway}, try {at}");
        }
        let answer = stage.anonymous(gateway).post("/login", &credentials("nobody")).await;
        assert_eq!(code(&answer), (429, "too_many_requests".to_owned()), "gateway {gateway}");
    }
}
