//! A failure of the database is logged once, with what was being done, and answered without its text.

use crate::stage::{Stage, some_hash};
use testkit::{LoggedError, eventually};

#[tokio::test]
async fn a_failed_query_is_logged_once_with_the_beginning_of_the_secret_key_of_its_cheque() {
    let stage = Stage::new().await;
    sqlx::query("alter table claims rename to away").execute(&stage.pool).await.unwrap();
    let mut expected = vec![];
    for hash in [some_hash(), some_hash()] {
        let trace_id = stage.anonymous().get(&format!("/{hash}")).await.failed(500);
        let error = format!(
            "find cheque {}…: error returned from database: relation \"claims\" does not exist",
            &hash.as_str()[..6]
        );
        expected.push(LoggedError { trace_id, error });
    }
    // The line of the second request comes after all lines of the first one.
    eventually(expected, async || stage.program.errors()).await;
}
