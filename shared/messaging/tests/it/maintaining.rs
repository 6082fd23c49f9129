//! The inbox's partitions: a consumer creates them itself, and a missing one is not a fault of an event.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming, count, handled, open_letters, ping};
use rabbit_outbox::{Messaging, Subscriptions};
use sqlx::{AssertSqlSafe, PgPool};
use testkit::eventually;

const DAYS_FROM_TODAY: &str = "select count(*) from pg_inherits i join pg_class c on c.oid = i.inhrelid \
     where i.inhparent = 'inbox'::regclass \
     and c.relname >= 'inbox_' || to_char(now() at time zone 'utc', 'YYYYMMDD')";

/// As after days without maintenance.
async fn drop_days_from_today(pool: &PgPool) {
    let drop = "do $$ declare child text; begin \
         for child in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid \
             where i.inhparent = 'inbox'::regclass \
             and c.relname >= 'inbox_' || to_char(now() at time zone 'utc', 'YYYYMMDD') \
         loop execute format('drop table %I', child); end loop; end $$";
    sqlx::raw_sql(drop).execute(pool).await.unwrap();
    assert_eq!(count(pool, DAYS_FROM_TODAY).await, 0);
}

#[tokio::test]
async fn a_consumer_alone_creates_the_days_ahead() {
    let (stage, broker) = (Stage::new().await, broker().await);
    drop_days_from_today(&stage.beta).await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    // Today and three days ahead.
    eventually(4, async || count(&stage.beta, DAYS_FROM_TODAY).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn an_event_of_a_day_that_is_missing_makes_the_day_and_is_handled() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;

    drop_days_from_today(&stage.beta).await;
    for n in 2..5 {
        broker.announce(&ping(n)).await;
    }
    eventually((4, 4), async || handled(&stage.beta).await).await;
    assert_eq!(count(&stage.beta, DAYS_FROM_TODAY).await, 4);
    assert_eq!((open_letters(&beta).await, beta.check()), (vec![], Ok(())));
    stage.stop().await;
}

#[tokio::test]
async fn a_day_that_can_not_be_made_is_an_outage_and_its_events_wait() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;

    let function = "inbox_create_partitions(integer, integer)";
    let definition: String = sqlx::query_scalar("select pg_get_functiondef($1::regprocedure)")
        .bind(function)
        .fetch_one(&stage.beta)
        .await
        .unwrap();
    let raising = "create or replace function inbox_create_partitions(days_kept integer, days_ahead integer) \
         returns text[] language plpgsql as $$ begin raise exception 'the disk is full'; end $$";
    sqlx::raw_sql(raising).execute(&stage.beta).await.unwrap();
    drop_days_from_today(&stage.beta).await;
    for n in 2..5 {
        broker.announce(&ping(n)).await;
    }
    let says_why = |why: String| why.contains("no partition for the event's day") && why.contains("the disk is full");
    eventually(true, async || beta.check().is_err_and(says_why)).await;
    assert_eq!(open_letters(&beta).await, []);
    assert_eq!(broker.messages("beta.retry.1s").await, 0);

    sqlx::raw_sql(AssertSqlSafe(definition)).execute(&stage.beta).await.unwrap();
    eventually((4, 4), async || handled(&stage.beta).await).await;
    consuming(&beta).await;
    assert_eq!(open_letters(&beta).await, []);
    stage.stop().await;
}
