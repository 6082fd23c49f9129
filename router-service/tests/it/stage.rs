//! A running router-service with its own database and virtual host; the tests act as ocr and payments.

use contracts::ids::{ChequeHash, TransferId, UserId};
use contracts::ocr::ChequeRecognized;
use contracts::payments::{RefusalReason, TransferCompleted, TransferFailed};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::fmt::Display;
use std::time::Duration;
use testkit::{Client, Program, Socket, TestBroker, TestDatabase, TestRedis, TestResponse, eventually};
use time::OffsetDateTime;

/// The user who took the photo.
pub(crate) const OWNER: i64 = 1;

pub(crate) struct Stage {
    pub(crate) program: Program,
    pub(crate) broker: TestBroker,
    pub(crate) pool: PgPool,
    pub(crate) database: TestDatabase,
    pub(crate) redis: TestRedis,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Like `new`, with further environment variables for the program.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        broker.capture_events("router").await;
        broker.declare_exchange("ocr").await;
        broker.declare_exchange("payments").await;
        let redis = TestRedis::numbered(rand::random());
        let program = replica(&database, &broker, redis.url(), variables).await;
        let pool = database.admin_pool("router");
        Self { program, broker, pool, database, redis }
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.program.url())
    }

    pub(crate) fn user(&self, id: i64) -> Client {
        self.anonymous().as_user(id)
    }

    pub(crate) fn owner(&self) -> Client {
        self.user(OWNER)
    }

    pub(crate) fn guest(&self, token: &str) -> Client {
        self.anonymous().with_header("x-participant-token", token)
    }

    /// Announces a cheque as ocr-service does; returns the path of its link.
    pub(crate) async fn cheque(&self, lines: &[i64]) -> String {
        let read = recognized(&balanced(lines));
        self.broker.announce(&read).await;
        let path = format!("/{}", read.hash);
        self.eventually_here(&read.hash).await;
        path
    }

    /// Queries the database directly, because a request to the service would make it request the cheque from ocr.
    pub(crate) async fn eventually_here(&self, hash: &ChequeHash) {
        eventually(1, async || {
            let count = sqlx::query_scalar::<_, i64>("select count(*) from cheques where hash = $1");
            count.bind(hash.as_str()).fetch_one(&self.pool).await.unwrap()
        })
        .await;
    }

    /// The user joins; returns their participant number.
    pub(crate) async fn join(&self, path: &str, id: i64) -> i64 {
        let answer = self.user(id).post(&format!("{path}/participants"), r#"{"name": "Аня"}"#).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["you"].as_i64().unwrap()
    }

    /// A guest joins; returns the secret token.
    pub(crate) async fn join_as_guest(&self, path: &str) -> String {
        let answer = self.anonymous().post(&format!("{path}/participants"), r#"{"name": "Гость"}"#).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["participant_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn state(&self, path: &str) -> Value {
        let answer = self.anonymous().get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// The user pays what is due now.
    pub(crate) async fn settle(&self, path: &str, id: i64) -> TestResponse {
        self.settle_as(&self.user(id), path).await
    }

    /// Like `settle`, with the headers of this client.
    pub(crate) async fn settle_as(&self, client: &Client, path: &str) -> TestResponse {
        client.post(&format!("{path}/settle"), &self.agreement(path).await).await
    }

    /// The owner records that the participant has paid what is due now.
    pub(crate) async fn pay_cash(&self, path: &str, participant: impl Display) -> TestResponse {
        let agreement = self.agreement(path).await;
        self.owner().post(&format!("{path}/participants/{participant}/cash"), &agreement).await
    }

    /// The body of a client that agrees to what the state says now.
    pub(crate) async fn agreement(&self, path: &str) -> String {
        json!({ "version": self.state(path).await["split"]["version"] }).to_string()
    }

    /// State of a participant's payment.
    pub(crate) async fn settlement(&self, path: &str, participant: i64) -> Value {
        participant_of(&self.state(path).await, participant)["settlement"].clone()
    }

    pub(crate) async fn eventually_settled(&self, path: &str, participant: i64, state: &str) {
        eventually(Value::from(state), async || self.settlement(path, participant).await["state"].clone()).await;
    }

    pub(crate) async fn complete(&self, transfer_id: TransferId) {
        self.broker.announce(&TransferCompleted { transfer_id }).await;
    }

    pub(crate) async fn refuse(&self, transfer_id: TransferId) {
        self.broker.announce(&TransferFailed { transfer_id, reason: RefusalReason::InsufficientFunds }).await;
    }

    /// Events of this type published by the service so far.
    pub(crate) async fn announced(&self, wire_type: &str) -> Vec<Value> {
        let mut events = self.broker.captured_events("router").await;
        events.retain(|event| event["type"] == wire_type);
        events
    }

    pub(crate) async fn eventually_announced(&self, wire_type: &str, times: usize) {
        eventually(times, async || self.announced(wire_type).await.len()).await;
    }

    pub(crate) async fn watch(&self, path: &str) -> Result<Socket, u16> {
        watch(&self.program, path).await
    }

    /// Lets the link expire now.
    pub(crate) async fn expire(&self, path: &str) {
        let update = sqlx::query("update cheques set expires_at = now() where hash = $1");
        update.bind(&path[1..]).execute(&self.pool).await.unwrap();
    }
}

/// Starts another replica of router-service on the same database and virtual host.
pub(crate) async fn replica(
    database: &TestDatabase,
    broker: &TestBroker,
    redis_url: &str,
    variables: &[(&str, &str)],
) -> Program {
    let url = database.service_url("router");
    let mut all = vec![("DATABASE_URL", url.as_str()), ("AMQP_URL", broker.url()), ("REDIS_URL", redis_url)];
    all.extend(variables);
    Program::start(env!("CARGO_BIN_EXE_router-service"), &all).await
}

pub(crate) async fn watch(program: &Program, path: &str) -> Result<Socket, u16> {
    Socket::open(&format!("ws://127.0.0.1:{}{path}/ws", program.port()), &[]).await
}

/// A cheque whose lines, in hundredths, add up to its total.
pub(crate) fn balanced(lines: &[i64]) -> Value {
    let products: Vec<Value> = (1..).zip(lines).map(|(id, minor)| line(id, *minor)).collect();
    json!({
        "total_account": major(lines.iter().sum()), "products": products, "currency": "RUB", "status": "balanced",
        "confidence": 0.9, "warnings": [], "photo": { "width": 600, "height": 800 },
    })
}

pub(crate) fn recognized(cheque: &Value) -> ChequeRecognized {
    ChequeRecognized {
        hash: some_hash(),
        owner_id: UserId::try_from(OWNER).unwrap(),
        expires_at: OffsetDateTime::now_utc() + Duration::from_hours(24),
        cheque: serde_json::from_str(&cheque.to_string()).unwrap(),
    }
}

pub(crate) fn some_hash() -> ChequeHash {
    ChequeHash::from_random(std::array::from_fn(|_| rand::random_range(0..62)))
}

pub(crate) fn participant_of(state: &Value, id: i64) -> Value {
    let participants = state["split"]["participants"].as_array().unwrap();
    participants.iter().find(|participant| participant["id"] == id).unwrap().clone()
}

pub(crate) fn transfer_of(answer: &TestResponse) -> TransferId {
    assert_eq!(answer.status, 202, "{}", answer.text);
    TransferId(answer.json()["transfer"]["transfer_id"].as_str().unwrap().parse().unwrap())
}

/// Status, code, and the pointer to the first error, if there is one.
pub(crate) fn problem(answer: &TestResponse) -> (u16, String, Value) {
    let document = answer.json();
    let code = document["code"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), code, document["errors"][0]["pointer"].clone())
}

fn line(id: u32, minor: i64) -> Value {
    json!({
        "id": id, "name": format!("Блюдо {id}"), "numberServings": 1, "price": major(minor), "total": major(minor),
        "price_printed": true, "confidence": 0.9, "raw": format!("Блюдо {id} {minor}"), "warnings": [],
        "box": { "x": 10, "y": 40 * id, "width": 500, "height": 30 },
    })
}

fn major(minor: i64) -> Value {
    serde_json::from_str(&contracts::money::Money::from_minor(minor).to_string()).unwrap()
}
