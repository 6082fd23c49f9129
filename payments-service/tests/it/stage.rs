//! A running payments-service with its own database and virtual host.

use contracts::ids::{OrderId, UserId};
use contracts::money::Amount;
use contracts::orders::OrderCreated;
use serde_json::Value;
use sqlx::PgPool;
use testkit::{Client, Program, TestBroker, TestDatabase, eventually};
use uuid::Uuid;

pub(crate) struct Stage {
    pub(crate) program: Program,
    pub(crate) broker: TestBroker,
    pub(crate) pool: PgPool,
    pub(crate) database: TestDatabase,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        broker.capture_events("orders").await;
        broker.capture_events("payments").await;
        broker.capture_events("router").await;
        broker.capture_events("users").await;
        let url = database.service_url("payments");
        let variables = [("DATABASE_URL", url.as_str()), ("AMQP_URL", broker.url())];
        let program = Program::start(env!("CARGO_BIN_EXE_payments-service"), &variables).await;
        let pool = database.admin_pool("payments");
        Self { program, broker, pool, database }
    }

    pub(crate) fn user(&self, id: i64) -> Client {
        Client::new(&self.program.url()).as_user(id)
    }

    pub(crate) async fn top_up(&self, user: i64, amount: &str) {
        let answer = self.user(user).post("/account/topup", &format!(r#"{{"amount": {amount}}}"#)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// The balance as in the response; null without an account.
    pub(crate) async fn balance(&self, user: i64) -> Value {
        self.user(user).get("/account/balance").await.json()["balance"].clone()
    }

    /// The events that payments-service published about an order or a transfer, in order.
    pub(crate) async fn announced(&self, subject: impl ToString) -> Vec<String> {
        let subject = subject.to_string();
        let all = self.broker.captured_events("payments").await;
        let of_order = all.iter().filter(|event| event["subject"] == subject);
        of_order
            .map(|event| {
                let name = event["type"].as_str().unwrap_or_default();
                match event["data"]["reason"].as_str() {
                    Some(reason) => format!("{name} {reason}"),
                    None => name.to_owned(),
                }
            })
            .collect()
    }

    pub(crate) async fn eventually_announced(&self, subject: impl ToString, expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        let subject = subject.to_string();
        eventually(expected, async || self.announced(&subject).await).await;
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// An invariant when no payment is in progress: balances are not negative and equal to credits minus debits.
    pub(crate) async fn assert_books_balance(&self) {
        let wrong: Vec<(i64, i64, i64)> = sqlx::query_as(
            "select a.user_id, a.balance, coalesce(l.balance, 0)::bigint from accounts a left join (\
               select account, sum(amount) as balance from (\
                 select credit_account as account, amount from ledger union all \
                 select debit_account, -amount from ledger) as sides group by account) as l \
             on l.account = a.user_id where a.balance <> coalesce(l.balance, 0) or a.balance < 0",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        assert_eq!(wrong, [], "accounts whose balance is not credits - debits");
    }
}

pub(crate) fn order(user: i64, amount: &str) -> OrderCreated {
    OrderCreated {
        order_id: OrderId(Uuid::now_v7()),
        user_id: UserId::try_from(user).unwrap(),
        amount: Amount::from_json_number(amount).unwrap(),
    }
}
