//! Maintenance of the inbox if the schema belongs to an ordinary role and Chipin's roles do not exist.

use crate::stage::Stage;
use rabbit_outbox::{maintenance, schema};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use std::str::FromStr;
use testkit::{TestDatabase, eventually, unique};
use tokio_util::sync::CancellationToken;

async fn partitions(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select relname::text from pg_class join pg_inherits on inhrelid = oid
         where inhparent = 'inbox'::regclass order by relname",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_tables_are_installed_and_maintained_by_an_ordinary_role() {
    let database = TestDatabase::empty().await;
    let role = unique("owner");
    database
        .admin_pool("public")
        .execute(sqlx::raw_sql(AssertSqlSafe(format!(
            "create role {role} login password 'test'; create schema app authorization {role}"
        ))))
        .await
        .unwrap();
    let options = PgConnectOptions::from_str(&database.admin_url()).unwrap();
    let options = options.username(&role).password("test").options([("search_path", "app")]);
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    for _ in 0..2 {
        schema::install(&mut pool.acquire().await.unwrap()).await.unwrap();
    }
    let seen: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select distinct pg_get_userbyid(proowner)::text, proconfig[1:1] from pg_proc
         where prosecdef and pronamespace = 'app'::regnamespace",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(seen, [(role.clone(), vec!["search_path=pg_catalog, app, pg_temp".to_owned()])]);

    pool.execute("select inbox_create_partitions(10, 3)").await.unwrap();
    assert_eq!(maintenance::maintain(&pool).await.unwrap(), 3, "the days 8, 9 and 10 ago are dropped");
    assert_eq!(maintenance::maintain(&pool).await.unwrap(), 0);
    assert_eq!(partitions(&pool).await.len(), 7 + 1 + 3);
    let seconds: f64 = sqlx::query_scalar("select outbox_oldest_snapshot_seconds()").fetch_one(&pool).await.unwrap();
    assert!(seconds >= 0.0);
    pool.close().await;
    let admin = database.admin_pool("public");
    let forget = format!("drop owned by {role} cascade; drop role {role}");
    admin.execute(sqlx::raw_sql(AssertSqlSafe(forget))).await.unwrap();
}

#[tokio::test]
async fn a_day_is_created_though_another_can_not_be_dropped() {
    let stage = Stage::new().await;
    let pool = &stage.alpha;
    pool.execute("select inbox_create_partitions(8, 3)").await.unwrap();
    let before = partitions(pool).await;
    let newest = before[before.len() - 1].clone();
    pool.execute(sqlx::raw_sql(AssertSqlSafe(format!("drop table {newest}")))).await.unwrap();
    // Dropping fails with an error, unlike for a partition in use.
    pool.execute("alter function inbox_drop_partitions(integer) rename to gone").await.unwrap();
    assert!(maintenance::maintain(pool).await.is_err());
    assert_eq!(partitions(pool).await, before);
}

#[tokio::test]
async fn replicas_maintain_an_inbox_side_by_side() {
    let stage = Stage::new().await;
    stage.alpha.execute("select inbox_create_partitions(20, 3)").await.unwrap();
    let stopping = CancellationToken::new();
    let replicas: Vec<_> =
        (0..4).map(|_| tokio::spawn(maintenance::run(stage.alpha.clone(), stopping.clone()))).collect();
    eventually(7 + 1 + 3, async || partitions(&stage.alpha).await.len()).await;
    stopping.cancel();
    for replica in replicas {
        replica.await.unwrap().unwrap();
    }
}
