//! Applying the new migrations fixes databases of the previous release.

use crate::definers::assert_restricted;
use crate::hijack::{A_TYPE, EVERYTHING, definers, grant_temporary, hijacked};
use migrations::migrators;
use sqlx::{AssertSqlSafe, PgPool};
use testkit::{TestDatabase, services};

/// The last migration of the release in which functions still belonged to a superuser.
const BEFORE: i64 = 7;

/// Creates the roles, rights and tables of the previous release.
async fn migrate_before(database: &TestDatabase, admin: &PgPool) {
    grant_temporary(admin).await;
    for (service, mut migrator) in migrators() {
        sqlx::raw_sql(AssertSqlSafe(format!("create schema {service}"))).execute(admin).await.unwrap();
        migrator.migrations.to_mut().retain(|migration| migration.version <= BEFORE);
        let pool = database.admin_pool(service);
        migrator.run(&pool).await.unwrap();
        pool.close().await;
    }
}

#[tokio::test]
async fn a_database_of_the_previous_release_is_fixed() {
    // Roles belong to the whole server: creating the template has created them.
    drop(TestDatabase::migrated().await);
    let database = TestDatabase::empty().await;
    let admin = database.admin_pool("public");
    migrate_before(&database, &admin).await;
    let before = definers(&admin).await;
    let owner = before[0].owner.clone();
    let seen = hijacked(&database, &before, "orders", A_TYPE).await;
    assert_eq!(seen.join(" "), owner, "it was open before");
    sqlx::raw_sql("insert into orders.inbox (event_id) select orders.inbox_day_start(current_date)")
        .execute(&admin)
        .await
        .unwrap();

    for _ in 0..2 {
        migrations::apply(&database.admin_url(), |_| "test".to_owned()).await.unwrap();
    }

    let can_make_temporary: bool =
        sqlx::query_scalar("select has_database_privilege('orders_service', current_database(), 'temporary')")
            .fetch_one(&admin)
            .await
            .unwrap();
    assert!(!can_make_temporary);
    let after = definers(&admin).await;
    assert!(after.len() > before.len(), "{after:?}");
    assert_restricted(&admin, &after).await;
    let still_of_the_administrator: Vec<String> = sqlx::query_scalar(
        "select oid::regclass::text from pg_class
         where relname ~ '^(inbox|outbox_archive)' and relname !~ '^inbox_by_key' and pg_get_userbyid(relowner) = $1",
    )
    .bind(&owner)
    .fetch_all(&admin)
    .await
    .unwrap();
    assert_eq!(still_of_the_administrator, Vec::<String>::new());

    // Calls of the previous release still work, with its stored data.
    let mut role = <sqlx::PgConnection as sqlx::Connection>::connect(&database.service_url("orders")).await.unwrap();
    let handled: i64 = sqlx::query_scalar("select count(*) from orders.inbox").fetch_one(&mut role).await.unwrap();
    assert_eq!(handled, 1);
    let changed: (i32, i32) =
        sqlx::query_as("select orders.inbox_maintain(8, 3), orders.outbox_archive_maintain(7, 9)")
            .fetch_one(&mut role)
            .await
            .unwrap();
    assert_eq!(changed, (1, 2), "the attack has made the days up to the seventh");

    grant_temporary(&admin).await;
    for service in services() {
        assert_eq!(hijacked(&database, &after, service, EVERYTHING).await, Vec::<String>::new(), "{service}");
    }
}
