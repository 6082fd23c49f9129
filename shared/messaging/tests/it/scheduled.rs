//! Events that are due later.

use crate::bare::BareConsumer;
use crate::stage::{Stage, broker, ping, unsent};
use rabbit_outbox::Messaging;
use std::time::{Duration, Instant};
use testkit::{eventually, eventually_within};
use time::OffsetDateTime;

#[tokio::test]
async fn scheduled_events_leave_when_they_are_due_and_not_before_and_cancelled_ones_never() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));

    let started = Instant::now();
    let delay_of = |n: i64| Duration::from_millis(500 + 100 * n.unsigned_abs());
    let mut tx = alpha.begin().await.unwrap();
    let mut ids = vec![];
    // The last is due first: they are published in the order of their due times.
    for n in (0..20).rev() {
        ids.push((n, tx.publish_after(&ping(n), n, delay_of(n)).unwrap()));
    }
    let at_once = tx.publish_at(&ping(100), 100, OffsetDateTime::now_utc() - Duration::from_mins(1)).unwrap();
    let never_staged = tx.publish_after(&ping(200), 200, Duration::from_millis(1)).unwrap();
    assert!(tx.cancel_scheduled(never_staged).await.unwrap());
    let next_year = tx.publish_after(&ping(300), 300, Duration::from_hours(24 * 365)).unwrap();
    tx.commit().await.unwrap();

    let mut tx = alpha.begin().await.unwrap();
    let cancelled: Vec<i64> = ids.iter().filter(|(n, _)| n % 2 == 1).map(|(n, _)| *n).collect();
    for (_, id) in ids.iter().filter(|(n, _)| n % 2 == 1) {
        assert!(tx.cancel_scheduled(*id).await.unwrap());
    }
    tx.commit().await.unwrap();
    // A cancellation that is rolled back has no effect.
    let mut tx = alpha.begin().await.unwrap();
    assert!(tx.cancel_scheduled(ids[1].1).await.unwrap());
    tx.rollback().await.unwrap();

    eventually(11, async || bare_consumer.count()).await;
    let first = bare_consumer.first_arrivals();
    assert!(first.contains_key(&100) && cancelled.iter().all(|n| !first.contains_key(n)), "{first:?}");
    for n in (0..20).filter(|n| n % 2 == 0) {
        let after = first[&n].duration_since(started);
        assert!(after >= delay_of(n), "{n} left after {after:?}");
        assert!(after < delay_of(n) + Duration::from_secs(2), "{n} left after {after:?}");
    }
    let mut tx = alpha.begin().await.unwrap();
    assert!(!tx.cancel_scheduled(at_once).await.unwrap(), "it is gone");
    assert!(tx.cancel_scheduled(next_year).await.unwrap());
    tx.commit().await.unwrap();
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    assert_eq!(bare_consumer.count(), 11);
}

#[tokio::test]
async fn an_event_scheduled_while_no_relay_runs_leaves_when_one_does() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let mut tx = alpha.begin().await.unwrap();
    for n in 0..1_200 {
        tx.publish_after(&ping(n), n, Duration::ZERO).unwrap();
    }
    tx.commit().await.unwrap();
    stage.run(alpha.relay().run(stage.stopping()));
    eventually_within(Duration::from_secs(20), 1_200, async || bare_consumer.count()).await;
    stage.stop().await;
}

/// Tables in which the database's clock differs from that of this process: its functions look here first.
async fn with_clock(stage: &Stage, difference: &str) -> sqlx::PgPool {
    let shifted = format!(
        "create or replace function alpha.clock_timestamp() returns timestamptz language sql volatile
         as $$ select pg_catalog.clock_timestamp() + interval '{difference}' $$;
         grant execute on function alpha.clock_timestamp() to public"
    );
    let admin = stage.database.admin_pool("alpha");
    sqlx::raw_sql(sqlx::AssertSqlSafe(shifted)).execute(&admin).await.unwrap();
    let options = stage.alpha.connect_options().as_ref().clone().options([("search_path", "alpha,pg_catalog")]);
    sqlx::postgres::PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap()
}

#[tokio::test]
async fn a_clock_that_differs_from_the_databases_makes_no_event_early_or_late() {
    let delay = Duration::from_secs(3);
    for difference in ["1 hour", "-1 hour"] {
        let (stage, broker) = (Stage::new().await, broker().await);
        let pool = with_clock(&stage, difference).await;
        let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
        let alpha = Messaging::new("alpha", pool, broker.url());
        stage.run(alpha.relay().run(stage.stopping()));
        let started = Instant::now();
        let mut tx = alpha.begin().await.unwrap();
        tx.publish_after(&ping(1), 1, delay).unwrap();
        tx.publish_at(&ping(2), 2, OffsetDateTime::now_utc() - Duration::from_secs(1)).unwrap();
        tx.commit().await.unwrap();
        eventually(2, async || bare_consumer.count()).await;
        let first = bare_consumer.first_arrivals();
        let [after, at_once] = [1, 2].map(|n| first[&n].duration_since(started));
        assert!(after >= delay && at_once < delay, "{difference}: after {after:?}, at once {at_once:?}");
        stage.stop().await;
    }
}
