//! A running orders-service with its own database and virtual host.

use contracts::ids::{OrderId, TransactionId};
use contracts::payments::{PaymentCompleted, PaymentFailed, RefusalReason};
use serde_json::Value;
use sqlx::PgPool;
use testkit::{Client, Program, Socket, TestBroker, TestDatabase, eventually};
use uuid::Uuid;

pub(crate) struct Stage {
    pub(crate) program: Program,
    pub(crate) broker: TestBroker,
    pub(crate) pool: PgPool,
    pub(crate) database: TestDatabase,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Like `new`, with further environment variables for the service.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        broker.capture_events("orders").await;
        broker.capture_events("payments").await;
        let program = started(&database, &broker, variables).await;
        let pool = database.admin_pool("orders");
        Self { program, broker, pool, database }
    }

    pub(crate) fn user(&self, id: i64) -> Client {
        Client::new(&self.program.url()).as_user(id)
    }

    pub(crate) fn administrator(&self) -> Client {
        self.user(1).with_header("x-user-role", "admin")
    }

    pub(crate) async fn place(&self, user: i64, amount: &str) -> OrderId {
        let answer = self.user(user).post("/orders", &format!(r#"{{"amount": {amount}}}"#)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        OrderId(answer.json()["id"].as_str().unwrap().parse().unwrap())
    }

    pub(crate) async fn order(&self, user: i64, id: OrderId) -> Value {
        self.user(user).get(&format!("/orders/{id}")).await.json()
    }

    pub(crate) async fn pay(&self, order_id: OrderId) {
        self.broker.announce(&PaymentCompleted { order_id, transaction_id: TransactionId(Uuid::now_v7()) }).await;
    }

    pub(crate) async fn refuse(&self, order_id: OrderId, reason: RefusalReason) {
        self.broker.announce(&PaymentFailed { order_id, reason }).await;
    }

    pub(crate) async fn eventually_in(&self, user: i64, id: OrderId, status: &str) {
        eventually(Value::from(status), async || self.order(user, id).await["status"].clone()).await;
    }

    pub(crate) async fn watch(&self, user: i64, path: &str) -> Result<Socket, u16> {
        watch(&self.program, user, path).await
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

/// Starts another replica of orders-service on the same database and virtual host.
pub(crate) async fn replica(database: &TestDatabase, broker: &TestBroker) -> Program {
    started(database, broker, &[]).await
}

async fn started(database: &TestDatabase, broker: &TestBroker, variables: &[(&str, &str)]) -> Program {
    let url = database.service_url("orders");
    let mut all = vec![("DATABASE_URL", url.as_str()), ("AMQP_URL", broker.url())];
    all.extend_from_slice(variables);
    Program::start(env!("CARGO_BIN_EXE_orders-service"), &all).await
}

pub(crate) async fn watch(program: &Program, user: i64, path: &str) -> Result<Socket, u16> {
    let url = format!("ws://127.0.0.1:{}{path}", program.port());
    Socket::open(&url, &[("x-user-id", &user.to_string())]).await
}
