//! A failure of the database is logged once, with what was being done, and answered without its text.

use crate::stage::Stage;
use testkit::{LoggedError, eventually, unique};

#[tokio::test]
async fn a_failed_query_is_logged_once_with_its_user() {
    let stage = Stage::new().await;
    sqlx::query("alter table users rename column role to rank").execute(&stage.pool).await.unwrap();
    let mut expected = vec![];
    for user in [7, 8] {
        let trace_id = stage.anonymous().as_user(user).get("/me").await.failed(500);
        let error = format!("find user {user}: error returned from database: column \"role\" does not exist");
        expected.push(LoggedError { trace_id, error });
    }
    // The line of the second request comes after all lines of the first one.
    eventually(expected, async || stage.program.errors()).await;
}

#[tokio::test]
async fn a_failed_sign_in_is_logged_without_the_login() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    sqlx::query("revoke insert on families from users_service").execute(&stage.pool).await.unwrap();
    let trace_id = stage.login("anna", crate::stage::PASSWORD).await.failed(500);
    let error = "insert a token family of user 1: error returned from database: permission denied for table families";
    eventually(vec![LoggedError { trace_id, error: error.to_owned() }], async || stage.program.errors()).await;
}

#[tokio::test]
async fn a_failure_to_create_demo_users_is_logged_once_per_attempt() {
    const ATTEMPT: &str = "could not create the demo users";
    let stage = Stage::without_program().await;
    sqlx::query("alter table users rename to away").execute(&stage.pool).await.unwrap();
    let file = std::env::temp_dir().join(unique("chipin_log"));
    let mut program = stage.prepared().with("DEMO_USERS", "true").logging_to(&file);
    program.start_again();
    let lines = |texts: &[&str]| {
        let log = std::fs::read_to_string(&file).unwrap_or_default();
        log.lines().filter(|line| texts.iter().all(|text| line.contains(text))).count()
    };
    eventually(true, async || lines(&[ATTEMPT]) >= 2).await;
    drop(program);
    let log = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines(&[ATTEMPT]), lines(&[ATTEMPT, "relation \\\"users\\\" does not exist"]), "{log}");
    assert_eq!(lines(&["\"ERROR\""]), 0, "{log}");
    std::fs::remove_file(file).unwrap();
}
