//! Checks what the broker still holds when the system is idle.

use crate::stage::Stage;
use sqlx::{AssertSqlSafe, PgPool};
use std::time::Duration;
use testkit::{eventually, eventually_within};
use uuid::Uuid;

const SERVICES: [(&str, &str); 2] = [
    ("orders", "select exists (select from orders.inbox where event_id = $1)"),
    ("payments", "select exists (select from payments.inbox where event_id = $1)"),
];
const RUNGS: [&str; 4] = ["1s", "5s", "30s", "2m"];

/// Time limit until the databases are idle. A relay without broker waits some seconds between its attempts.
const REST_LIMIT: Duration = Duration::from_mins(1);

/// Waits until the system is idle, then stops both services and checks that every message left in a queue was already
/// handled.
///
/// They are stopped so that the broker requeues unacknowledged messages: only then does reading a queue show all of
/// them.
pub(crate) async fn expect_rest(stage: &mut Stage) {
    eventually_within(REST_LIMIT, true, async || e2e::invariants::is_at_rest(&stage.pool).await.unwrap()).await;
    for (service, _) in SERVICES {
        eventually(Some(0), async || stage.broker.depth(&format!("{service}.inbox")).await).await;
    }
    let stopped = tokio::join!(stage.orders.stop(), stage.payments.stop());
    assert_eq!(stopped, (true, true), "orders-service and payments-service exit cleanly");
    for (service, is_handled) in SERVICES {
        for event in stage.broker.bodies(&format!("{service}.inbox")).await {
            let id: Uuid = event["id"].as_str().unwrap().parse().unwrap();
            // A repeat whose acknowledgement was lost may be left; an event that was never handled may not.
            let is_repeat: bool = sqlx::query_scalar(is_handled).bind(id).fetch_one(&stage.pool).await.unwrap();
            assert!(is_repeat, "{event} was not handled");
        }
        assert_eq!(dead_letters(&stage.pool, service).await, Vec::<String>::new(), "dead letters of {service}");
        for rung in RUNGS {
            assert_eq!(stage.broker.messages(&format!("{service}.retry.{rung}")).await, 0, "{service}.retry.{rung}");
        }
    }
}

/// The reasons of a service's dead letters.
async fn dead_letters(pool: &PgPool, service: &str) -> Vec<String> {
    let reasons = AssertSqlSafe(format!("select reason from {service}.dead_letters order by failed_at"));
    sqlx::query_scalar(reasons).fetch_all(pool).await.unwrap()
}
