//! The order in which events of one key are published.

use crate::story::{failure, open_shop, sell, sold};

#[tokio::test]
async fn versions_that_go_up_are_in_order() {
    let (harness, shop) = open_shop().await;
    for sequence in [1, 2, 2, 5] {
        sell(&shop, &sold(1), sequence).await;
    }
    // Another key has its own order.
    sell(&shop, &sold(2), 1).await;
    harness.assert_key_order().await;
}

#[tokio::test]
async fn a_version_that_comes_late_is_out_of_order() {
    let (harness, shop) = open_shop().await;
    // Like a service that does not lock the row.
    sell(&shop, &sold(1), 2).await;
    sell(&shop, &sold(1), 1).await;
    let why = failure(harness.assert_key_order()).await;
    assert!(why.contains("of key `1` with sequence 1 was first published after sequence 2"), "{why}");
}
