//! What the broker still holds when everything has come to rest.

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

/// Longest wait until the databases are at rest. A relay that lost its broker pauses for some seconds between tries.
const REST_LIMIT: Duration = Duration::from_mins(1);

/// Waits until nothing is on its way any more, then stops both services and checks that no queue holds anything
/// that was not handled.
///
/// They are stopped so that the broker gives back what they had not acknowledged: only then does looking into a queue
/// see all of it.
pub(crate) async fn expect_rest(stage: &mut Stage) {
    eventually_within(REST_LIMIT, true, async || e2e::invariants::is_at_rest(&stage.pool).await.unwrap()).await;
    for (service, _) in SERVICES {
        eventually(Some(0), async || stage.broker.depth(&format!("{service}.inbox")).await).await;
    }
    let stopped = tokio::join!(stage.orders.stop(), stage.payments.stop());
    assert_eq!(stopped, (true, true), "orders-service and payments-service end cleanly");
    for (service, is_handled) in SERVICES {
        for event in stage.broker.bodies(&format!("{service}.inbox")).await {
            let id: Uuid = event["id"].as_str().unwrap().parse().unwrap();
            // A repeat whose acknowledgement was cut off may wait; an event that was never handled may not.
            let is_repeat: bool = sqlx::query_scalar(is_handled).bind(id).fetch_one(&stage.pool).await.unwrap();
            assert!(is_repeat, "nobody handled {event}");
        }
        assert_eq!(dead_letters(&stage.pool, service).await, Vec::<String>::new(), "dead letters of {service}");
        for rung in RUNGS {
            assert_eq!(stage.broker.messages(&format!("{service}.retry.{rung}")).await, 0, "{service}.retry.{rung}");
        }
    }
}

/// The reasons for which a service gave something up.
async fn dead_letters(pool: &PgPool, service: &str) -> Vec<String> {
    let reasons = AssertSqlSafe(format!("select reason from {service}.dead_letters order by failed_at"));
    sqlx::query_scalar(reasons).fetch_all(pool).await.unwrap()
}
