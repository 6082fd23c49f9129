//! A failure of the database is logged once, with what was being done, and answered without its text.

use crate::stage::Stage;
use testkit::{Client, LoggedError, Program, TestBroker, eventually};
use uuid::Uuid;

#[tokio::test]
async fn a_failed_query_is_logged_once_with_its_order_and_user() {
    let stage = Stage::new().await;
    sqlx::query("alter table orders rename column reason to why").execute(&stage.pool).await.unwrap();
    let mut expected = vec![];
    for id in [Uuid::now_v7(), Uuid::now_v7()] {
        let trace_id = stage.user(7).get(&format!("/orders/{id}")).await.failed(500);
        let error =
            format!("find order {id} of user 7: error returned from database: column \"reason\" does not exist");
        expected.push(LoggedError { trace_id, error });
    }
    // The line of the second request comes after all lines of the first one.
    eventually(expected, async || stage.program.errors()).await;
}

#[tokio::test]
async fn a_failed_commit_is_logged_with_the_order_that_was_not_placed() {
    let stage = Stage::new().await;
    sqlx::query("alter table outbox rename to away").execute(&stage.pool).await.unwrap();
    let trace_id = stage.user(7).post("/orders", r#"{"amount": 1}"#).await.failed(500);
    let logged = async || {
        let errors = stage.program.errors().into_iter().filter(|line| line.trace_id == trace_id);
        let places = |line: LoggedError| {
            line.error.starts_with("place order ")
                && line.error.contains(" of user 7: commit 1 orders: insert events into the outbox: ")
        };
        errors.map(places).collect::<Vec<_>>()
    };
    eventually(vec![true], logged).await;
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_logged_with_its_operation() {
    let broker = TestBroker::new().await;
    // Nothing listens on port 1.
    let variables = [("DATABASE_URL", "postgres://orders_service@127.0.0.1:1/orders"), ("AMQP_URL", broker.url())];
    let mut program = Program::prepare(env!("CARGO_BIN_EXE_orders-service"), &variables);
    program.start_again();
    let client = Client::new(&program.url()).as_user(7);
    eventually(true, async || client.try_send(http::Method::GET, "/healthz", None, "").await.is_ok()).await;

    let id = Uuid::now_v7();
    let trace_id = client.get(&format!("/orders/{id}")).await.failed(503);
    let logged = async || {
        let errors = program.errors().into_iter().filter(|line| line.trace_id == trace_id);
        errors.map(|line| line.error).collect::<Vec<_>>()
    };
    let why = "pool timed out while waiting for an open connection";
    eventually(vec![format!("find order {id} of user 7: {why}")], logged).await;
}

#[tokio::test]
async fn a_failed_operation_of_an_operator_is_logged_with_what_it_was() {
    let stage = Stage::new().await;
    sqlx::query("alter table dead_letters rename to away").execute(&stage.pool).await.unwrap();
    let trace_id = stage.administrator().get("/operations/dead-letters").await.failed(500);
    let logged = async || {
        let errors = stage.program.errors().into_iter().filter(|line| line.trace_id == trace_id);
        errors.map(|line| line.error).collect::<Vec<_>>()
    };
    let why = "error returned from database: relation \"dead_letters\" does not exist";
    eventually(vec![format!("list dead letters: {why}")], logged).await;
}
