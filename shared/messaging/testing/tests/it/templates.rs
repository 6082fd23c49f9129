//! Databases that are prepared once, and servers without left-overs.

use lapin::{Connection, ConnectionProperties};
use rabbit_outbox_testing::Harness;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_template_is_made_once_however_many_ask_for_it() {
    let made = AtomicUsize::new(0);
    let fingerprint = uuid::Uuid::now_v7().to_string();
    let prepared = async || {
        Harness::prepared(&fingerprint, async |template| {
            made.fetch_add(1, Ordering::SeqCst);
            let shop = template.service("shop").await;
            sqlx::raw_sql("create table items (item bigint)").execute(&shop).await.unwrap();
        })
        .await
    };
    let (one_test, another) = tokio::join!(prepared(), prepared());
    assert_eq!(made.load(Ordering::SeqCst), 1);
    let (one, other) = (one_test.pool("shop").await, another.pool("shop").await);
    sqlx::query("insert into items values (1)").execute(&one).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from items").fetch_one(&other).await.unwrap();
    assert_eq!(seen, 0, "each test has its own");
}

#[tokio::test]
async fn a_test_leaves_neither_database_nor_virtual_host_behind() {
    let harness = Harness::start().await;
    let url = harness.amqp_url().to_owned();
    let pool = harness.pool("shop").await;
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&pool).await.unwrap();
    let other = Harness::start().await;
    let is_there = async || -> bool {
        let there = sqlx::query_scalar("select exists (select from pg_database where datname = $1)").bind(&name);
        there.fetch_one(&other.pool("shop").await).await.unwrap()
    };
    let connect = async || Connection::connect(&url, ConnectionProperties::default()).await;
    assert!(is_there().await && connect().await.is_ok());
    drop(harness);
    assert!(!is_there().await);
    assert!(connect().await.is_err());
}
