//! The programs that handle cheques, and helpers for users who share one.

use crate::binaries::path_of;
use crate::stage::{gateway_before, service};
use e2e::invariants::{is_at_rest, violations};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::path::PathBuf;
use testkit::{Client, Program, Socket, TestBroker, TestDatabase, TestRedis, eventually, picture};

/// The slip that most tests use: three lines, 1000.00.
pub(crate) const SLIP: [&str; 8] = [
    "           CAFE CHIPIN",
    "",
    "Cappuccino       2 x 150.00     300.00",
    "Pizza Margherita 1 x 450.00     450.00",
    "Lemonade         1 x 250.00     250.00",
    "--------------------------------------",
    "TOTAL                          1000.00",
    "            Thank you!",
];

/// The running programs. Fields are dropped in their order: programs before what they use.
pub(crate) struct Table {
    pub(crate) gateway: Program,
    pub(crate) ocr: Program,
    pub(crate) router: Program,
    pub(crate) payments: Program,
    pub(crate) pool: PgPool,
    pub(crate) redis: TestRedis,
    pub(crate) broker: TestBroker,
    _database: TestDatabase,
    _photos: Folder,
}

/// A folder that is removed with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A failure leaves only a temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Table {
    /// All services for cheques, with Redis database `number`; tests that flush their database use a separate one.
    pub(crate) async fn with_redis(number: u8) -> Self {
        Self::prepared(number, |program| program).await
    }

    /// The same, with all programs exporting their spans to a collector.
    pub(crate) async fn exporting_to(endpoint: &str) -> Self {
        Self::prepared(0, |program| program.with("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)).await
    }

    async fn prepared(number: u8, prepare: impl Fn(Program) -> Program) -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        let redis = TestRedis::numbered(number);
        // payments also subscribes to these exchanges, even in tests without orders.
        broker.declare_exchange("orders").await;
        broker.declare_exchange("users").await;
        let photos = Folder(std::env::temp_dir().join(testkit::unique("photos")));
        let folder = photos.0.display().to_string();
        let mut payments = prepare(service("payments", &database, &broker));
        let photos_here = [("PHOTOS_DIR", folder.as_str()), ("OCR_WORKERS", "1")];
        let mut ocr = prepare(of_cheques("ocr", &database, &broker, &redis, &photos_here));
        // A short delay until a transfer is requested again, for tests in which an answer is lost.
        let patience = [("TRANSFER_PATIENCE_SECS", "2")];
        let mut router = prepare(of_cheques("router", &database, &broker, &redis, &patience));
        let services = [("PAYMENTS_URL", &payments), ("OCR_URL", &ocr), ("ROUTER_URL", &router)];
        let mut gateway = prepare(gateway_before(&services));
        for program in [&mut payments, &mut ocr, &mut router, &mut gateway] {
            program.start_again();
        }
        tokio::join!(payments.ready(), ocr.ready(), router.ready(), gateway.ready());
        let pool = database.admin_pool("public");
        Self { gateway, ocr, router, payments, pool, redis, broker, _database: database, _photos: photos }
    }

    /// An anonymous client of the API.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.gateway.url())
    }

    /// A client of the API, as a user.
    pub(crate) fn user(&self, id: i64) -> Client {
        self.anonymous().as_user(id)
    }

    /// An anonymous client of the address of share links.
    pub(crate) fn link(&self) -> Client {
        Client::new(&format!("http://127.0.0.1:{}", self.gateway.ports()[2]))
    }

    /// User 1 uploads a photo of the slip; returns the key of the cheque.
    pub(crate) async fn photographed(&self) -> String {
        let photo = picture::jpeg(&picture::slip(&SLIP));
        let answer = self.user(1).upload("/ocr/load-image", "cheque.jpg", "image/jpeg", &photo).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let read = answer.json();
        assert_eq!(
            (&read["cheque"]["status"], &read["cheque"]["total_account"]),
            (&json!("balanced"), &json!(1000)),
            "{read:#}"
        );
        let hash = read["hash"].as_str().unwrap().to_owned();
        assert_eq!(read["url"], format!("http://localhost:8090/small-router/{hash}"));
        hash
    }

    /// The state of a cheque, for an anonymous visitor.
    pub(crate) async fn state(&self, hash: &str) -> Value {
        let answer = self.anonymous().get(&format!("/small-router/{hash}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// A socket for a cheque, as opened by a guest's browser.
    pub(crate) async fn watch(&self, hash: &str) -> Socket {
        let url = format!("ws://127.0.0.1:{}/small-router/{hash}/ws", self.gateway.ports()[2]);
        Socket::open(&url, &[]).await.unwrap()
    }

    /// A user joins and claims `numerator/denominator` of a line.
    pub(crate) async fn takes(&self, user: i64, hash: &str, line: u32, numerator: u32, denominator: u32) {
        let joined = self
            .user(user)
            .post(&format!("/small-router/{hash}/participants"), &json!({ "name": format!("User {user}") }).to_string())
            .await;
        assert!(joined.status.is_success(), "{}", joined.text);
        let claim = json!({ "numerator": numerator, "denominator": denominator }).to_string();
        let claimed = self.user(user).put(&format!("/small-router/{hash}/claims/{line}"), &claim).await;
        assert_eq!(claimed.status, 200, "{}", claimed.text);
    }

    pub(crate) async fn top_up(&self, user: i64, amount: i64) {
        let answer = self.user(user).post("/payments/account/topup", &json!({ "amount": amount }).to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    pub(crate) async fn balance(&self, user: i64) -> Value {
        self.user(user).get("/payments/account/balance").await.json()["balance"].clone()
    }

    /// Number of rows of a query, executed directly.
    pub(crate) async fn count(&self, of: &'static str) -> i64 {
        let sql = AssertSqlSafe(format!("select count(*) from {of}"));
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// Checks that the system is idle, without dead letters, and that all invariants hold.
    pub(crate) async fn assert_settled_books(&self) {
        eventually(true, async || is_at_rest(&self.pool).await.unwrap()).await;
        for letters in ["ocr.dead_letters", "router.dead_letters", "payments.dead_letters"] {
            assert_eq!(self.count(letters).await, 0, "{letters}");
        }
        assert_eq!(violations(&self.pool).await.unwrap(), Vec::<String>::new());
    }
}

/// A service for cheques, not started yet.
pub(crate) fn of_cheques(
    name: &str,
    database: &TestDatabase,
    broker: &TestBroker,
    redis: &TestRedis,
    more: &[(&str, &str)],
) -> Program {
    let url = database.service_url(name);
    let variables = [("DATABASE_URL", url.as_str()), ("AMQP_URL", broker.url()), ("REDIS_URL", redis.url())];
    Program::prepare(path_of(&format!("{name}-service")), &[&variables, more].concat())
}

/// A participant's due and the state of their settlement.
pub(crate) fn standing(state: &Value, participant: u64) -> (Value, Value) {
    let participants = state["split"]["participants"].as_array().unwrap();
    let found = participants.iter().find(|one| one["id"] == participant).unwrap();
    (found["due"].clone(), found["settlement"]["state"].clone())
}
