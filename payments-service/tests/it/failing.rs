//! A failure of the database is logged once, with what was being done, and answered without its text.

use crate::stage::Stage;
use testkit::{LoggedError, eventually};

#[tokio::test]
async fn a_failed_query_is_logged_once_with_its_user() {
    let stage = Stage::new().await;
    sqlx::query("alter table accounts rename column balance to funds").execute(&stage.pool).await.unwrap();
    let mut expected = vec![];
    for user in [7, 8] {
        let trace_id = stage.user(user).get("/account/balance").await.failed(500);
        let error =
            format!("find the account of user {user}: error returned from database: column \"balance\" does not exist");
        expected.push(LoggedError { trace_id, error });
    }
    // The line of the second request comes after all lines of the first one.
    eventually(expected, async || stage.program.errors()).await;
}

#[tokio::test]
async fn a_failed_claim_of_an_idempotency_key_is_logged_with_its_user_and_route_and_without_the_key() {
    let stage = Stage::new().await;
    sqlx::query("alter table idempotency_keys rename to away").execute(&stage.pool).await.unwrap();
    let keyed = stage.user(7).with_header("idempotency-key", "secret");
    let trace_id = keyed.post("/account/topup", r#"{"amount": 1}"#).await.failed(500);
    let error = "find the responses for the idempotency key of user 7 for `POST /account/topup`: error returned from \
                 database: relation \"idempotency_keys\" does not exist";
    eventually(vec![LoggedError { trace_id, error: error.to_owned() }], async || stage.program.errors()).await;
}
