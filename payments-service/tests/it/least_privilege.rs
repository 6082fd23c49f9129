//! The service's database role has only the privileges that it needs.

use crate::stage::Stage;
use sqlx::{Connection, PgConnection};

#[tokio::test]
async fn the_role_reaches_no_other_schema_runs_no_ddl_and_can_not_rewrite_the_ledger() {
    let stage = Stage::new().await;
    stage.top_up(1, "1").await;
    let mut role = PgConnection::connect(&stage.database.service_url("payments")).await.unwrap();
    let forbidden = [
        "select * from orders.orders",
        "insert into orders.outbox default values",
        "create table payments.mine (id int)",
        "create schema mine",
        "update payments.ledger set amount = 1",
        "delete from payments.ledger",
        "delete from payments.order_payments",
        "delete from payments.accounts",
        "delete from payments.inbox",
        "drop table payments.inbox",
        "truncate payments.outbox",
    ];
    for statement in forbidden {
        let refusal = sqlx::query(statement).execute(&mut role).await.unwrap_err();
        let code =
            refusal.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {refusal}");
    }
}
