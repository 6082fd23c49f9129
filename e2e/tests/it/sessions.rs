//! A session that ends, ends at every gateway and on every open socket, also without Redis.

use crate::keys::{behind_gateway, with_keys};
use crate::signing_in::{code, refused};
use crate::stage::{gateway_before, service};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use testkit::{
    Client, Program, Socket, TestBroker, TestDatabase, TestRedis, TestResponse, eventually, eventually_within, unique,
};

const PASSWORD: &str = "correct horse";
/// How soon an end is effective.
const SOON: Duration = Duration::from_secs(3);

/// Two gateways, one of which can't reach Redis. Fields are dropped in their order.
struct Stage {
    gateways: [Program; 2],
    _orders: Program,
    _users: Program,
    _broker: TestBroker,
    database: TestDatabase,
    folder: PathBuf,
}

/// A signed-in user, from an address of their own, because attempts to sign in are limited by address.
struct Person {
    address: String,
    login: String,
    session: Value,
}

impl Stage {
    async fn new() -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        broker.declare_exchange("payments").await;
        let folder = std::env::temp_dir().join(unique("chipin_sessions"));
        let behind = |name: &str| behind_gateway(name, service(name, &database, &broker));
        let mut users = behind("users").with("KEYS_DIR", &folder.display().to_string());
        let mut orders = behind("orders");
        let redis = TestRedis::numbered(12);
        redis.flush().await;
        let gateway = |redis_url: &str| {
            let gateway = gateway_before(&[("USERS_URL", &users), ("ORDERS_URL", &orders)]);
            let gateway = with_keys(gateway).with("AUTH_MODE", "jwt");
            gateway.with("TRUST_FORWARDED", "true").with("REDIS_URL", redis_url)
        };
        // No server listens on this port.
        let mut gateways = [gateway(redis.url()), gateway("redis://127.0.0.1:1")];
        for program in gateways.iter_mut().chain([&mut orders, &mut users]) {
            program.start_again();
        }
        tokio::join!(users.ready(), orders.ready(), gateways[0].ready(), gateways[1].ready());
        Self { gateways, _orders: orders, _users: users, _broker: broker, database, folder }
    }

    fn client(&self, gateway: usize, person: &Person) -> Client {
        let token = person.session["access_token"].as_str().unwrap();
        let client = Client::new(&self.gateways[gateway].url()).with_header("x-forwarded-for", &person.address);
        client.with_header("authorization", &format!("Bearer {token}"))
    }

    async fn post(&self, address: &str, path: &str, body: Value) -> TestResponse {
        let client = Client::new(&self.gateways[0].url()).with_header("x-forwarded-for", address);
        client.with_header("user-agent", "a browser").post(path, &body.to_string()).await
    }

    async fn register(&self, login: &str, address: &str) -> Person {
        let answer = self.post(address, "/users/register", json!({"login": login, "password": PASSWORD})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let person = Person { address: address.to_owned(), login: login.to_owned(), session: answer.json() };
        for gateway in [0, 1] {
            eventually(200, async || self.client(gateway, &person).get("/users/me").await.status.as_u16()).await;
        }
        person
    }

    /// The same person with another sign-in.
    async fn sign_in_again(&self, person: &Person) -> Person {
        let answer = self.post(&person.address, "/login", json!({"login": person.login, "password": PASSWORD})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Person { address: person.address.clone(), login: person.login.clone(), session: answer.json() }
    }

    async fn socket(&self, gateway: usize, person: &Person) -> Socket {
        let ticket =
            self.client(gateway, person).post("/tickets", "").await.json()["ticket"].as_str().unwrap().to_owned();
        let url = format!("ws://127.0.0.1:{}/ws/orders?ticket={ticket}", self.gateways[gateway].port());
        Socket::open(&url, &[]).await.unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The ways in which a session ends.
#[derive(Clone, Copy, Debug)]
enum Way {
    Logout,
    SignOutThere,
    Password,
    Block,
    Role,
    ByAdministrator,
}

async fn end(stage: &Stage, way: Way, person: &Person, root: &Person) -> TestResponse {
    let (own, admin) = (stage.client(0, person), stage.client(0, root));
    let user = format!("/users/users/{}", person.session["user"]["id"]);
    match way {
        Way::Logout => {
            let token = person.session["refresh_token"].clone();
            stage.post(&person.address, "/users/logout", json!({"refresh_token": token})).await
        }
        Way::SignOutThere => {
            let session = person.session["session_id"].as_str().unwrap();
            stage.client(1, &stage.sign_in_again(person).await).delete(&format!("/users/sessions/{session}")).await
        }
        Way::Password => {
            let body = json!({"current_password": PASSWORD, "new_password": "battery staple"});
            own.post("/users/password", &body.to_string()).await
        }
        Way::Block => admin.post(&format!("{user}/block"), "").await,
        Way::Role => admin.put(&format!("{user}/role"), r#"{"role": "admin"}"#).await,
        Way::ByAdministrator => admin.post(&format!("{user}/sign-out"), "").await,
    }
}

#[tokio::test]
async fn every_end_of_a_session_reaches_both_gateways_and_their_sockets_within_seconds() {
    let stage = Stage::new().await;
    let root = stage.register("root", "10.0.0.1").await;
    let promote = "update users set role = 'admin' where login = 'root'";
    sqlx::query(promote).execute(&stage.database.admin_pool("users")).await.unwrap();
    let root = stage.sign_in_again(&root).await;
    let ways = [Way::Logout, Way::SignOutThere, Way::Password, Way::Block, Way::Role, Way::ByAdministrator];
    for (at, way) in ways.into_iter().enumerate() {
        let person = stage.register(&format!("person{at}"), &format!("10.0.1.{at}")).await;
        let mut sockets = [stage.socket(0, &person).await, stage.socket(1, &person).await];
        let answer = end(&stage, way, &person, &root).await;
        assert!(answer.status.is_success(), "{way:?}: {}", answer.text);
        let started = Instant::now();
        for gateway in [0, 1] {
            let client = stage.client(gateway, &person);
            eventually_within(SOON, refused(), async || code(&client.get("/orders/orders").await)).await;
            assert_eq!(code(&client.post("/tickets", "").await), refused(), "{way:?}");
        }
        for socket in &mut sockets {
            assert_eq!(socket.closed().await, Some(1008), "{way:?}");
        }
        assert!(started.elapsed() < SOON, "{way:?} took {:?}", started.elapsed());
    }
    assert_eq!(stage.client(0, &root).get("/users/me").await.status, 200, "others stay signed in");
}

#[tokio::test]
async fn sessions_are_listed_with_their_address_and_program() {
    let stage = Stage::new().await;
    let anna = stage.register("anna", "10.0.0.2").await;
    let there = stage.sign_in_again(&anna).await;
    let boris = stage.register("boris", "10.0.0.3").await;
    let list = stage.client(0, &anna).get("/users/sessions").await.json();
    let ids: Vec<&Value> = list["sessions"].as_array().unwrap().iter().map(|session| &session["id"]).collect();
    assert_eq!(ids, [&there.session["session_id"], &anna.session["session_id"]]);
    assert_eq!(list["sessions"][0]["address"], "10.0.0.2");
    assert_eq!(list["sessions"][0]["user_agent"], "a browser");
    let page = format!("/users/sessions/{}", there.session["session_id"].as_str().unwrap());
    let of_another = stage.client(0, &boris).delete(&page).await;
    assert_eq!(code(&of_another), (404, "session_not_found".to_owned()));
    assert_eq!(stage.client(0, &anna).delete(&page).await.status, 204);
    assert_eq!(code(&stage.client(0, &anna).delete(&page).await), (404, "session_not_found".to_owned()));
    let left = stage.client(0, &anna).get("/users/sessions").await.json();
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
}
