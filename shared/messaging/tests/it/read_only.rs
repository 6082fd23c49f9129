//! A database that was set read-only, as for a failover: an outage, and not a fault of any event.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming, handled, open_letters, ping};
use rabbit_outbox::{Messaging, Subscriptions};
use sqlx::{AssertSqlSafe, PgPool};
use testkit::eventually;

/// Changes the database for new sessions, and ends the others.
async fn alter(stage: &Stage, change: &str) {
    let administrator = PgPool::connect(&stage.database.admin_url()).await.unwrap();
    let mut session = administrator.acquire().await.unwrap();
    // It may have begun with the previous setting.
    sqlx::raw_sql("set default_transaction_read_only = off").execute(&mut *session).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut *session).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("alter database {name} {change}"))).execute(&mut *session).await.unwrap();
    let end_others = "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query(end_others).execute(&mut *session).await.unwrap();
}

#[tokio::test]
async fn while_the_database_is_read_only_events_wait_in_the_broker() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    broker.announce(&ping(0)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;

    alter(&stage, "set default_transaction_read_only = on").await;
    for n in 1..20 {
        broker.announce(&ping(n)).await;
    }
    eventually(true, async || beta.check().is_err_and(|why| why.contains("the database is not available"))).await;
    for rung in ["1s", "5s", "30s", "2m"] {
        assert_eq!(broker.messages(&format!("beta.retry.{rung}")).await, 0, "{rung}");
    }
    // A message that is not an event can't be stored either, and is equally safe.
    broker.publish("alpha", "alpha.Ping.v1", "not even JSON").await;
    assert_eq!(open_letters(&beta).await, []);

    alter(&stage, "reset default_transaction_read_only").await;
    eventually((20, 20), async || handled(&stage.beta).await).await;
    consuming(&beta).await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_consumer_that_starts_on_a_read_only_database_works_once_it_can_be_written_to() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    alter(&stage, "set default_transaction_read_only = on").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    eventually(true, async || beta.check().is_err_and(|why| why.contains("read-only transaction"))).await;

    alter(&stage, "reset default_transaction_read_only").await;
    consuming(&beta).await;
    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn fewer_events_than_open_the_breaker_wait_in_the_broker_too() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    alter(&stage, "set default_transaction_read_only = on").await;
    for n in 0..5 {
        broker.announce(&ping(n)).await;
    }
    eventually(true, async || beta.check().is_err_and(|why| why.contains("the database is not available"))).await;
    for rung in ["1s", "5s", "30s", "2m"] {
        assert_eq!(broker.messages(&format!("beta.retry.{rung}")).await, 0, "{rung}");
    }
    alter(&stage, "reset default_transaction_read_only").await;
    eventually((5, 5), async || handled(&stage.beta).await).await;
    stage.stop().await;
}
