//! Partitions are created and dropped while others read and write.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use std::time::{Duration, Instant};
use testkit::TestDatabase;
use uuid::Uuid;

/// Maximum time that an insert waits for dropping: 100 ms for the lock, the rest for a busy machine.
const INSERT_LIMIT: Duration = Duration::from_millis(300);
/// Pause between two inserts.
const PACE: Duration = Duration::from_millis(3);
/// How often dropping is attempted in the meantime.
const DROPS: usize = 10;

/// The partitions of the inbox of `orders`, oldest first.
async fn partitions(admin: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select relname::text from pg_class join pg_inherits on inhrelid = oid
         where inhparent = 'orders.inbox'::regclass order by relname",
    )
    .fetch_all(admin)
    .await
    .unwrap()
}

/// A database whose inbox has two expired partitions; returned with their names.
async fn with_two_to_drop() -> (TestDatabase, PgPool, [String; 2]) {
    let database = TestDatabase::migrated().await;
    let admin = database.admin_pool("orders");
    let created: Vec<String> =
        sqlx::query_scalar("select orders.inbox_create_partitions(9, 3)").fetch_one(&admin).await.unwrap();
    let all = partitions(&admin).await;
    assert!(created.contains(&all[0]) && created.contains(&all[1]), "{created:?}");
    let oldest = [all[0].clone(), all[1].clone()];
    (database, admin, oldest)
}

async fn service(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(&database.service_url("orders")).await.unwrap()
}

/// The result of dropping: the dropped partition, and the number of partitions in use.
async fn drop_one(role: &mut PgConnection) -> (Option<String>, i32) {
    sqlx::query_as("select dropped, busy from orders.inbox_drop_partitions(7)").fetch_one(role).await.unwrap()
}

/// Inserts into the inbox until `stopping`; returns the number of inserts and the duration of the slowest.
fn insert_until(
    database: &TestDatabase,
    stopping: &tokio::sync::watch::Sender<bool>,
) -> tokio::task::JoinHandle<(u32, Duration)> {
    let (url, stopping) = (database.service_url("orders"), stopping.subscribe());
    tokio::spawn(async move {
        let mut role = PgConnection::connect(&url).await.unwrap();
        let (mut count, mut slowest) = (0, Duration::ZERO);
        while !*stopping.borrow() {
            let began = Instant::now();
            let insert = sqlx::query("insert into orders.inbox (event_id) values ($1)").bind(Uuid::now_v7());
            insert.execute(&mut role).await.unwrap();
            slowest = slowest.max(began.elapsed());
            count += 1;
            tokio::time::sleep(PACE).await;
        }
        (count, slowest)
    })
}

/// Drops repeatedly while others insert, and while a transaction is open that has executed `reading`.
async fn drop_while_reading(database: &TestDatabase, admin: &PgPool, reading: &str) -> Vec<(Option<String>, i32)> {
    let mut reader = admin.begin().await.unwrap();
    reader.execute(sqlx::raw_sql(AssertSqlSafe(reading.to_owned()))).await.unwrap();
    let (stop, _) = tokio::sync::watch::channel(false);
    let inserting = insert_until(database, &stop);
    let mut role = service(database).await;
    let mut outcomes = Vec::new();
    for _ in 0..DROPS {
        outcomes.push(drop_one(&mut role).await);
        tokio::time::sleep(10 * PACE).await;
    }
    stop.send_replace(true);
    let (count, slowest) = inserting.await.unwrap();
    println!("{reading}: {count} inserts, the slowest took {slowest:?}");
    assert!(count as usize > DROPS && slowest < INSERT_LIMIT, "{count} inserts, the slowest took {slowest:?}");
    reader.rollback().await.unwrap();
    outcomes
}

#[tokio::test]
async fn a_reader_of_an_old_partition_blocks_neither_inserts_nor_other_partitions() {
    let (database, admin, [read, other]) = with_two_to_drop().await;
    let outcomes = drop_while_reading(&database, &admin, &format!("select * from {read}")).await;
    assert_eq!(outcomes[0], (Some(other), 1));
    assert!(outcomes[1..].iter().all(|outcome| *outcome == (None, 1)), "{outcomes:?}");
    let mut role = service(&database).await;
    assert_eq!(drop_one(&mut role).await, (Some(read), 0), "it has no reader any more");
    assert_eq!(drop_one(&mut role).await, (None, 0));
}

#[tokio::test]
async fn a_reader_of_the_whole_inbox_does_not_stall_inserts() {
    let (database, admin, old) = with_two_to_drop().await;
    let outcomes = drop_while_reading(&database, &admin, "select * from inbox").await;
    assert!(outcomes.iter().all(|(dropped, busy)| dropped.is_none() && *busy > 0), "{outcomes:?}");
    let mut role = service(&database).await;
    for partition in old {
        assert_eq!(drop_one(&mut role).await, (Some(partition), 0));
    }
}

#[tokio::test]
async fn a_transaction_that_has_inserted_does_not_stall_other_inserts() {
    let (database, admin, _) = with_two_to_drop().await;
    let insert = format!("insert into inbox (event_id) values ('{}')", Uuid::now_v7());
    let outcomes = drop_while_reading(&database, &admin, &insert).await;
    assert_eq!(outcomes[0], (None, 1), "it gives up at the parent instead of trying the next partition");
}

#[tokio::test]
async fn missing_days_are_created_while_a_reader_is_open() {
    let (database, admin, _) = with_two_to_drop().await;
    let all = partitions(&admin).await;
    let tomorrow = all[all.len() - 3].clone();
    admin.execute(sqlx::raw_sql(AssertSqlSafe(format!("drop table {tomorrow}")))).await.unwrap();
    let mut reader = admin.begin().await.unwrap();
    reader.execute("select * from inbox").await.unwrap();
    let began = Instant::now();
    let created: Vec<String> = sqlx::query_scalar("select orders.inbox_create_partitions(7, 3)")
        .fetch_one(&mut service(&database).await)
        .await
        .unwrap();
    assert_eq!(created, [tomorrow]);
    assert!(began.elapsed() < Duration::from_secs(1), "it waited {:?}", began.elapsed());
    reader.rollback().await.unwrap();
    assert_eq!(partitions(&admin).await, all);
}

#[tokio::test]
async fn a_partition_has_the_columns_and_the_key_that_the_inbox_has_by_then() {
    let (database, admin, _) = with_two_to_drop().await;
    let change = "alter table inbox add column consumer text not null default '', add column note text,
                      drop constraint inbox_pkey, add constraint inbox_pkey primary key (event_id, consumer),
                      add constraint inbox_note_short check (length(note) < 9);
                  create index inbox_by_time on inbox (done_at);";
    admin.execute(change).await.unwrap();
    let mut role = service(&database).await;
    let created: Vec<String> =
        sqlx::query_scalar("select orders.inbox_create_partitions(9, 5)").fetch_one(&mut role).await.unwrap();
    assert_eq!(created.len(), 2);
    // Adopted from the partition, not created in addition: it has the key and the index once.
    let indexes: Vec<(String, bool)> = sqlx::query_as(
        "select pg_get_indexdef(indexrelid), indisprimary from pg_index
         where indrelid = format('orders.%I', $1)::regclass order by indisprimary",
    )
    .bind(&created[0])
    .fetch_all(&admin)
    .await
    .unwrap();
    assert_eq!(indexes.len(), 2, "{indexes:?}");
    assert!(indexes[1].0.ends_with("(event_id, consumer)"), "{indexes:?}");
    for consumer in ["one", "other"] {
        let insert = sqlx::query(
            "insert into orders.inbox (event_id, consumer) select orders.inbox_day_start(current_date + 5), $1",
        );
        insert.bind(consumer).execute(&mut role).await.unwrap();
    }
}

#[tokio::test]
async fn days_that_would_drop_recent_events_are_refused() {
    let (database, _, _) = with_two_to_drop().await;
    let mut role = service(&database).await;
    for call in [
        "inbox_drop_partitions(0)",
        "inbox_drop_partitions(-9)",
        "inbox_drop_partitions(null)",
        "inbox_maintain(-9, 3)",
        "inbox_create_partitions(7, 100000)",
        "outbox_archive_drop_partitions(-1)",
        "outbox_archive_create_partitions(100000)",
    ] {
        let refused = crate::refusal(&mut role, &format!("select orders.{call}")).await;
        assert_eq!(refused.as_deref(), Some("22023"), "{call}");
    }
}
