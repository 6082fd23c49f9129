//! The programs for orders and payments with their own database and virtual host.

use crate::binaries::path_of;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use std::path::Path;
use testkit::{Client, Program, Socket, TestBroker, TestDatabase};

/// Environment variables of the gateway's listen addresses, the API first.
const GATEWAY_ADDRESSES: [&str; 3] = ["API_ADDR", "UI_ADDR", "LINKS_ADDR"];

/// A running system. Fields are dropped in their order: programs before what they use.
pub(crate) struct Stage {
    pub(crate) gateway: Program,
    pub(crate) orders: Program,
    pub(crate) payments: Program,
    pub(crate) pool: PgPool,
    pub(crate) broker: TestBroker,
    pub(crate) database: TestDatabase,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::prepared(|program| program).await
    }

    /// All programs log to one file.
    pub(crate) async fn logging_to(file: &Path) -> Self {
        Self::prepared(|program| program.logging_to(file)).await
    }

    /// All programs export their spans to a collector.
    pub(crate) async fn exporting_to(endpoint: &str) -> Self {
        Self::prepared(|program| program.with("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)).await
    }

    async fn prepared(prepare: impl Fn(Program) -> Program) -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        // payments also subscribes to these exchanges, even in tests without cheques.
        broker.declare_exchange("router").await;
        broker.declare_exchange("users").await;
        let mut orders = prepare(service("orders", &database, &broker));
        let mut payments = prepare(service("payments", &database, &broker));
        let mut gateway = prepare(gateway(&orders, &payments));
        let pool = database.admin_pool("public");
        for program in [&mut orders, &mut payments, &mut gateway] {
            program.start_again();
        }
        // Each service binds its queue to the other's exchange, so neither is ready alone.
        tokio::join!(orders.ready(), payments.ready(), gateway.ready());
        Self { gateway, orders, payments, pool, broker, database }
    }

    /// An anonymous client of the API.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.gateway.url())
    }

    /// A client of the API, as a user.
    pub(crate) fn user(&self, id: i64) -> Client {
        self.anonymous().as_user(id)
    }

    /// An anonymous client of the UI's address.
    pub(crate) fn page(&self) -> Client {
        Client::new(&format!("http://127.0.0.1:{}", self.gateway.ports()[1]))
    }

    pub(crate) fn socket_url(&self, user: i64, path: &str) -> String {
        socket_url(&self.gateway, user, path)
    }

    pub(crate) async fn watch(&self, user: i64, path: &str) -> Socket {
        watch(&self.gateway, user, path).await
    }

    pub(crate) async fn top_up(&self, user: i64, amount: i64) {
        let body = format!(r#"{{"amount": {amount}}}"#);
        let answer = self.user(user).post("/payments/account/topup", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Places an order and returns its id.
    pub(crate) async fn place(&self, user: i64, amount: i64) -> String {
        place(&self.user(user), amount).await
    }

    pub(crate) async fn order(&self, user: i64, id: &str) -> Value {
        self.user(user).get(&format!("/orders/orders/{id}")).await.json()
    }

    pub(crate) async fn balance(&self, user: i64) -> Value {
        self.user(user).get("/payments/account/balance").await.json()["balance"].clone()
    }

    /// Number of rows of a table, queried directly.
    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

/// `orders` or `payments`, not started yet.
pub(crate) fn service(name: &str, database: &TestDatabase, broker: &TestBroker) -> Program {
    let url = database.service_url(name);
    let variables = [("DATABASE_URL", url.as_str()), ("AMQP_URL", broker.url())];
    Program::prepare(path_of(&format!("{name}-service")), &variables)
}

/// A gateway for orders and payments, not started yet.
pub(crate) fn gateway(orders: &Program, payments: &Program) -> Program {
    gateway_before(&[("ORDERS_URL", orders), ("PAYMENTS_URL", payments)])
}

/// A gateway for the services of these variables, not started yet.
pub(crate) fn gateway_before(services: &[(&str, &Program)]) -> Program {
    let urls: Vec<(&str, String)> = services.iter().map(|(name, service)| (*name, service.url())).collect();
    let variables: Vec<(&str, &str)> = urls.iter().map(|(name, url)| (*name, url.as_str())).collect();
    Program::prepare_on(&GATEWAY_ADDRESSES, path_of("gateway"), &variables)
}

/// The URL of a socket through a gateway, in the form that browsers use.
pub(crate) fn socket_url(gateway: &Program, user: i64, path: &str) -> String {
    format!("ws://127.0.0.1:{}{path}?user_id={user}", gateway.port())
}

pub(crate) async fn watch(gateway: &Program, user: i64, path: &str) -> Socket {
    Socket::open(&socket_url(gateway, user, path), &[]).await.unwrap()
}

/// Places an order and returns its id.
pub(crate) async fn place(client: &Client, amount: i64) -> String {
    let answer = client.post("/orders/orders", &format!(r#"{{"amount": {amount}}}"#)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}
