//! What operators did with dead letters is recorded for good.

use crate::{INSUFFICIENT_PRIVILEGE, refusal};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::{TestDatabase, services};

#[tokio::test]
async fn a_service_can_add_to_the_record_of_actions_and_neither_change_nor_shorten_nor_predate_it() {
    let database = TestDatabase::migrated().await;
    for service in services() {
        let (admin, table) = (database.admin_pool(service), format!("{service}.dead_letter_actions"));
        let mut role = PgConnection::connect(&database.service_url(service)).await.unwrap();
        let columns = "action, direction, event_id, event_type";
        let values = "'discarded', 'incoming', '01900000-0000-7000-8000-000000000001', 'a.B.v1'";
        assert_eq!(refusal(&mut role, &format!("insert into {table} ({columns}) values ({values})")).await, None);
        for statement in [
            format!("update {table} set operator = '1'"),
            format!("delete from {table}"),
            format!("truncate {table}"),
            format!("insert into {table} ({columns}, at) values ({values}, '2020-01-01')"),
            format!("insert into {table} ({columns}, id) overriding system value values ({values}, 1)"),
            format!("drop function {service}.dead_letter_actions_delete_old(integer)"),
        ] {
            assert_eq!(refusal(&mut role, &statement).await.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{statement}");
        }
        for (days, expected) in [(29, 0_i64), (31, 1)] {
            let age = format!("update {table} set at = now() - interval '{days} days'");
            sqlx::raw_sql(AssertSqlSafe(age)).execute(&admin).await.unwrap();
            let delete = format!("select {service}.dead_letter_actions_delete_old(0)");
            let deleted: i64 = sqlx::query_scalar(AssertSqlSafe(delete)).fetch_one(&mut role).await.unwrap();
            assert_eq!(deleted, expected, "{service}, {days} days");
        }
        admin.close().await;
    }
}
