//! Sign-in: from a password to a paid order, and attempts to circumvent it.

use crate::keys::{behind_gateway, with_keys};
use crate::stage::{gateway_before, service};
use crate::table::of_cheques;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::path::{Path, PathBuf};
use testkit::{Client, Program, Socket, TestBroker, TestDatabase, TestRedis, TestResponse, eventually, unique};

const PASSWORD: &str = "correct horse";

/// The services that need no more than a database and the broker.
const PLAIN: &[&str] = &["orders", "payments"];

/// A system with sign-in. Fields are dropped in their order: programs before what they use.
pub(crate) struct Stage {
    gateway: Program,
    /// In the order of [`PLAIN`].
    plain: Vec<Program>,
    pub(crate) users: Program,
    of_cheques: Vec<Program>,
    pub(crate) broker: TestBroker,
    database: TestDatabase,
    folder: PathBuf,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::prepared(false, |program| program).await
    }

    /// The same, with the services for cheques.
    pub(crate) async fn with_cheques() -> Self {
        Self::prepared(true, |program| program).await
    }

    /// The same, with all programs logging everything that `filter` selects to one file. `X-Forwarded-For` names the
    /// client, so a test is not limited like a single one.
    pub(crate) async fn logging_to(file: &Path, filter: &str) -> Self {
        let prepare =
            |program: Program| program.logging_to(file).with("RUST_LOG", filter).with("TRUST_FORWARDED", "true");
        Self::prepared(true, prepare).await
    }

    async fn prepared(has_cheques: bool, prepare: impl Fn(Program) -> Program) -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        // payments also subscribes to this exchange, even without the services for cheques.
        broker.declare_exchange("router").await;
        let folder = std::env::temp_dir().join(unique("chipin_signing_in"));
        let inside = |name: &str| folder.join(name).display().to_string();
        let behind = |name: &str| prepare(behind_gateway(name, service(name, &database, &broker)));
        let mut users = behind("users").with("KEYS_DIR", &inside("keys"));
        let mut plain: Vec<Program> = PLAIN.iter().map(|name| behind(name)).collect();
        let redis = TestRedis::numbered(3);
        let photos = inside("photos");
        std::fs::create_dir_all(&photos).unwrap();
        let of_ocr = [("PHOTOS_DIR", photos.as_str()), ("OCR_WORKERS", "1")];
        let cheques =
            |name: &str, more| prepare(behind_gateway(name, of_cheques(name, &database, &broker, &redis, more)));
        let mut of_cheques = if has_cheques { vec![cheques("ocr", &of_ocr), cheques("router", &[])] } else { vec![] };
        let variables: Vec<String> = PLAIN.iter().map(|name| format!("{}_URL", name.to_uppercase())).collect();
        let mut services: Vec<(&str, &Program)> = variables.iter().map(String::as_str).zip(&plain).collect();
        services.push(("USERS_URL", &users));
        services.extend(["OCR_URL", "ROUTER_URL"].into_iter().zip(&of_cheques));
        let mut gateway = prepare(with_keys(gateway_before(&services)).with("AUTH_MODE", "jwt"));
        for program in [&mut users, &mut gateway].into_iter().chain(&mut plain).chain(&mut of_cheques) {
            program.start_again();
        }
        for program in [&users, &gateway].into_iter().chain(&plain).chain(&of_cheques) {
            program.ready().await;
        }
        Self { gateway, plain, users, of_cheques, broker, database, folder }
    }

    /// Stops all programs in order, so that their logs are complete.
    pub(crate) async fn stop(&mut self) {
        self.gateway.stop().await;
        for program in self.plain.iter_mut().chain(&mut self.of_cheques).chain([&mut self.users]) {
            program.stop().await;
        }
    }

    /// One of [`PLAIN`].
    pub(crate) fn service(&self, name: &str) -> &Program {
        PLAIN.iter().zip(&self.plain).find(|(plain, _)| **plain == name).unwrap().1
    }

    /// One of [`PLAIN`], to stop it.
    pub(crate) fn service_mut(&mut self, name: &str) -> &mut Program {
        PLAIN.iter().zip(&mut self.plain).find(|(plain, _)| **plain == name).unwrap().1
    }

    /// Number of rows of a query, executed directly.
    pub(crate) async fn count(&self, of: &'static str) -> i64 {
        let sql = AssertSqlSafe(format!("select count(*) from {of}"));
        sqlx::query_scalar(sql).fetch_one(&self.database.admin_pool("public")).await.unwrap()
    }

    /// The base URL of sockets: of the API, and of share links.
    pub(crate) fn sockets(&self) -> [String; 2] {
        [0, 2].map(|at| format!("ws://127.0.0.1:{}", self.gateway.ports()[at]))
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.gateway.url())
    }

    /// An anonymous client of the address of share links.
    pub(crate) fn links(&self) -> Client {
        Client::new(&format!("http://127.0.0.1:{}", self.gateway.ports()[2]))
    }

    pub(crate) fn bearer(&self, session: &Value) -> Client {
        let token = session["access_token"].as_str().unwrap();
        self.anonymous().with_header("authorization", &format!("Bearer {token}"))
    }

    /// The status with which opening a socket is refused to `client`; `None` if it opens.
    pub(crate) async fn socket_status(&self, client: &Client, path: &str) -> Option<u16> {
        let ticket = client.post("/tickets", "").await.json()["ticket"].as_str().unwrap().to_owned();
        let url = format!("ws://127.0.0.1:{}{path}?ticket={ticket}", self.gateway.port());
        Socket::open(&url, &[]).await.err()
    }

    /// Registers a user, and waits until the gateway has the signing keys.
    pub(crate) async fn register(&self, login: &str) -> Value {
        let body = json!({"login": login, "password": PASSWORD}).to_string();
        let answer = self.anonymous().post("/users/register", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let session = answer.json();
        let client = self.bearer(&session);
        eventually(200, async || client.get("/users/me").await.status.as_u16()).await;
        session
    }
}

impl Stage {
    /// Registers a user, makes them an administrator, and signs them in as such.
    pub(crate) async fn administrator(&self, login: &str) -> Value {
        self.register(login).await;
        let sql = "update users set role = 'admin' where login = $1";
        sqlx::query(sql).bind(login).execute(&self.database.admin_pool("users")).await.unwrap();
        let body = json!({"login": login, "password": PASSWORD}).to_string();
        self.anonymous().post("/login", &body).await.json()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn code(answer: &TestResponse) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn refused() -> (u16, String) {
    (401, "unauthenticated".to_owned())
}

#[tokio::test]
async fn from_a_password_to_a_paid_order_that_is_watched() {
    let stage = Stage::new().await;
    let session = stage.register("anna").await;
    let anna = stage.bearer(&session);
    // Registering opens an account.
    eventually(json!(0), async || anna.get("/payments/account/balance").await.json()["balance"].clone()).await;
    assert_eq!(anna.post("/payments/account/topup", r#"{"amount": 500}"#).await.status, 200);

    let ticket = anna.post("/tickets", "").await.json()["ticket"].as_str().unwrap().to_owned();
    let socket = format!("ws://127.0.0.1:{}/ws/orders?ticket={ticket}", stage.gateway.port());
    let _watching = Socket::open(&socket, &[]).await.unwrap();
    assert!(Socket::open(&socket, &[]).await.is_err(), "a ticket is valid once");

    let placed = anna.post("/orders/orders", r#"{"amount": 200}"#).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    let page = format!("/orders/orders/{}", placed.json()["id"].as_str().unwrap());
    eventually(json!("PAID"), async || anna.get(&page).await.json()["status"].clone()).await;

    let body = json!({"login": "anna", "password": PASSWORD}).to_string();
    let again = stage.anonymous().post("/login", &body).await.json();
    assert_eq!(stage.bearer(&again).get(&page).await.status, 200);
    // For another user the order does not exist.
    let boris = stage.register("boris").await;
    assert_eq!(code(&stage.bearer(&boris).get(&page).await), (404, "order_not_found".to_owned()));
}

#[tokio::test]
async fn services_reject_requests_that_bypass_the_gateway() {
    let stage = Stage::new().await;
    for (service, path) in [
        (stage.service("orders"), "/orders"),
        (stage.service("orders"), "/openapi.json"),
        (stage.service("payments"), "/account/balance"),
        (stage.service("payments"), "/operations/messaging"),
        (&stage.users, "/me"),
        (&stage.users, "/users"),
    ] {
        let direct = Client::new(&service.url()).as_user(1).with_header("x-user-role", "admin");
        let forged = direct.with_header("x-chipin-pass", "3;1;admin;99999999999;-;00");
        for client in [direct, forged] {
            assert_eq!(code(&client.get(path).await), (401, "not_through_the_gateway".to_owned()), "{path}");
        }
        assert_eq!(Client::new(&service.url()).get("/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn without_a_token_every_private_call_is_refused() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    let claims = [("x-user-id", "1"), ("x-user-role", "admin"), ("x-chipin-pass", "3;1;admin;99999999999;-;00")];
    let mut clients = vec![stage.anonymous(), stage.anonymous().with_header("authorization", "Bearer x.y.z")];
    clients.extend(claims.iter().map(|(name, value)| stage.anonymous().with_header(name, value)));
    for client in &clients {
        for path in
            ["/orders/orders", "/payments/account/balance", "/users/me", "/users/users", "/orders/operations/messaging"]
        {
            assert_eq!(code(&client.get(path).await), refused(), "{path}");
        }
        for path in ["/orders/orders", "/payments/account/topup", "/users/password", "/tickets"] {
            assert_eq!(code(&client.post(path, r#"{"amount": 1}"#).await), refused(), "{path}");
        }
    }
}

#[tokio::test]
async fn only_administrators_manage_users_and_operations() {
    let stage = Stage::new().await;
    let (root, anna) = (stage.administrator("root").await, stage.register("anna").await);
    let (root, boss) = (root["user"]["id"].clone(), stage.bearer(&root));
    assert_eq!(boss.get("/users/users").await.json()["users"][0]["id"], root);
    assert_eq!(boss.get("/orders/operations/messaging").await.status, 200);
    let anna_alone = stage.bearer(&anna);
    for path in ["/users/users", "/orders/operations/messaging", "/users/operations/messaging"] {
        assert_eq!(anna_alone.get(path).await.status, 404, "{path}");
    }
    let block = format!("/users/users/{}/block", anna["user"]["id"]);
    assert_eq!(anna_alone.post(&block, "").await.status, 404);
    assert_eq!(boss.post(&block, "").await.status, 200);
    let body = json!({"login": "anna", "password": PASSWORD}).to_string();
    assert_eq!(code(&stage.anonymous().post("/login", &body).await), (403, "blocked".to_owned()));
}
