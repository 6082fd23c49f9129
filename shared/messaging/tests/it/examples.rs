//! The examples do what they claim.

use crate::stage::broker;
use std::process::{Command, Output};
use testkit::TestDatabase;

/// Runs an example, which is built together with the tests, to its end.
async fn run(name: &str) -> (String, String) {
    let (database, broker) = (TestDatabase::empty().await, broker().await);
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    let mut command = Command::new(program);
    command.args(["--database-url", &database.admin_url(), "--amqp-url", broker.url()]);
    let output: Output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", said(&output.stderr));
    (said(&output.stdout), said(&output.stderr))
}

#[tokio::test]
async fn messages_of_a_foreign_producer_are_stored_once_each() {
    let (printed, errors) = run("foreign_producer").await;
    let stored: Vec<&str> = printed.lines().filter(|line| line.ends_with("is stored")).collect();
    assert_eq!(stored, ["parcel 1 is stored", "parcel 2 is stored", "parcel 3 is stored"], "{errors}");
}

#[tokio::test]
async fn an_event_comes_back_for_the_handler_that_failed_and_for_no_other() {
    let (printed, errors) = run("several_handlers").await;
    assert_eq!(printed.matches("storing parcel 7").count(), 2, "{printed}{errors}");
    assert!(printed.ends_with("stored 1 time, counted for the tenant north\n"), "{printed}{errors}");
}
