//! Databases that are prepared once, and servers that are left as they were.

use messaging_testing::Harness;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_template_is_made_once() {
    let made = AtomicUsize::new(0);
    let fingerprint = uuid::Uuid::now_v7().to_string();
    let mut harnesses = vec![];
    for _ in 0..2 {
        let harness = Harness::prepared(&fingerprint, async |template| {
            made.fetch_add(1, Ordering::SeqCst);
            let shop = template.service("shop").await;
            sqlx::raw_sql("create table items (item bigint)").execute(&shop).await.unwrap();
        })
        .await;
        harnesses.push(harness);
    }
    assert_eq!(made.load(Ordering::SeqCst), 1);
    let [one, other] = [harnesses[0].pool("shop").await, harnesses[1].pool("shop").await];
    sqlx::query("insert into items values (1)").execute(&one).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from items").fetch_one(&other).await.unwrap();
    assert_eq!(seen, 0, "each test has its own");
}

#[tokio::test]
async fn a_test_leaves_no_database_behind() {
    let harness = Harness::start().await;
    let pool = harness.pool("shop").await;
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&pool).await.unwrap();
    drop(harness);
    let other = Harness::start().await.pool("shop").await;
    let left = sqlx::query_scalar("select exists (select from pg_database where datname = $1)").bind(name);
    // The pool outlives its harness only for this question, so it asks before the connection is gone.
    let left: Result<bool, sqlx::Error> = left.fetch_one(&other).await;
    assert!(!left.unwrap_or(false));
}
