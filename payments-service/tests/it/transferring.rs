//! A transfer moves money exactly once, even if events are repeated, late or concurrent.

use crate::stage::Stage;
use contracts::ids::{ChequeHash, EventId, TransferId, UserId};
use contracts::money::Amount;
use contracts::router::TransferRequested;
use contracts::title::Title;
use serde_json::json;
use testkit::eventually;
use time::macros::date;
use uuid::Uuid;

const COMPLETED: &str = "payments.TransferCompleted.v1";

fn transfer(from: i64, to: i64, amount: &str) -> TransferRequested {
    TransferRequested {
        transfer_id: TransferId(Uuid::now_v7()),
        from_user: UserId::try_from(from).unwrap(),
        to_user: UserId::try_from(to).unwrap(),
        amount: Amount::from_json_number(amount).unwrap(),
        hash: ChequeHash::from_random([7; 22]),
        title: None,
        participant_name: None,
    }
}

#[tokio::test]
async fn a_transfer_moves_the_money_and_appears_in_both_statements() {
    let stage = Stage::new().await;
    stage.top_up(2, "500").await;
    // The receiver has no account yet: the transfer opens it.
    let transfer = transfer(2, 1, "199.90");
    stage.broker.announce(&transfer).await;
    stage.eventually_announced(transfer.transfer_id, &[COMPLETED]).await;
    assert_eq!((stage.balance(2).await, stage.balance(1).await), (json!(300.1), json!(199.9)));
    let sent = stage.user(2).get("/account/transactions").await.json();
    assert_eq!(
        (&sent[0]["kind"], &sent[0]["amount"], &sent[0]["counterparty"]),
        (&json!("transfer"), &json!(-199.9), &json!(1))
    );
    let received = stage.user(1).get("/account/transactions").await.json();
    assert_eq!(
        (&received[0]["amount"], &received[0]["counterparty"], &received[0]["balance_after"]),
        (&json!(199.9), &json!(2), &json!(199.9))
    );
    stage.assert_books_balance().await;
}

#[tokio::test]
async fn both_statements_say_which_bill_a_transfer_was_for() {
    let stage = Stage::new().await;
    stage.top_up(2, "500").await;
    let title = Title { merchant: Some("Cafe Luna".into()), purchased_on: Some(date!(2026 - 02 - 05)) };
    let named =
        TransferRequested { title: Some(title), participant_name: Some("Anna".into()), ..transfer(2, 1, "199.90") };
    let hash = named.hash.as_str();
    stage.broker.announce(&named).await;
    stage.eventually_announced(named.transfer_id, &[COMPLETED]).await;
    let bill = json!({ "hash": hash, "merchant": "Cafe Luna", "purchased_on": "2026-02-05", "participant": "Anna" });
    for user in [1, 2] {
        let statement = stage.user(user).get("/account/transactions").await.json();
        assert_eq!(statement[0]["cheque"], bill, "{statement}");
    }
    let top_up = &stage.user(2).get("/account/transactions").await.json()[1];
    assert_eq!((&top_up["kind"], top_up.get("cheque")), (&json!("topup"), None));
}

#[tokio::test]
async fn a_transfer_of_an_earlier_release_has_a_bill_without_a_name() {
    let stage = Stage::new().await;
    stage.top_up(2, "500").await;
    let earlier = transfer(2, 1, "10");
    stage.broker.announce(&earlier).await;
    stage.eventually_announced(earlier.transfer_id, &[COMPLETED]).await;
    let sent = stage.user(2).get("/account/transactions").await.json();
    assert_eq!(sent[0]["cheque"], json!({ "hash": earlier.hash.as_str() }));
    // Decided before the migration.
    sqlx::query("update transfers set cheque_hash = null").execute(&stage.pool).await.unwrap();
    let sent = stage.user(2).get("/account/transactions").await.json();
    assert_eq!((&sent[0]["kind"], sent[0].get("cheque")), (&json!("transfer"), None));
}

#[tokio::test]
async fn a_transfer_beyond_the_balance_or_without_an_account_is_refused_with_the_reason() {
    let stage = Stage::new().await;
    stage.top_up(2, "100").await;
    let (dear, homeless) = (transfer(2, 1, "100.01"), transfer(3, 1, "1"));
    stage.broker.announce(&dear).await;
    stage.broker.announce(&homeless).await;
    stage.eventually_announced(dear.transfer_id, &["payments.TransferFailed.v1 insufficient_funds"]).await;
    stage.eventually_announced(homeless.transfer_id, &["payments.TransferFailed.v1 no_account"]).await;
    assert_eq!(stage.balance(2).await, json!(100));
    assert_eq!(stage.user(1).get("/account/balance").await.status, 404);
    assert_eq!(stage.count("ledger").await, 1);
}

#[tokio::test]
async fn a_transfer_beyond_the_receivers_maximum_is_refused_permanently() {
    let stage = Stage::new().await;
    stage.top_up(2, "100").await;
    sqlx::query("insert into accounts (user_id, balance) values (1, 99999999999999999)")
        .execute(&stage.pool)
        .await
        .unwrap();
    let refused = "payments.TransferFailed.v1 balance_too_large";
    // More transfers than the number of distinct failures that opens the circuit breaker.
    let transfers: Vec<TransferRequested> = (0..12).map(|_| transfer(2, 1, "1")).collect();
    for transfer in &transfers {
        stage.broker.announce(transfer).await;
    }
    for transfer in &transfers {
        stage.eventually_announced(transfer.transfer_id, &[refused]).await;
    }
    assert_eq!((stage.balance(2).await, stage.count("ledger").await), (json!(100), 1));
    // Other transfers are processed at once, and a repeated one gets the same decision although the balance is lower
    // now.
    let other = transfer(2, 3, "40");
    stage.broker.announce(&other).await;
    stage.eventually_announced(other.transfer_id, &[COMPLETED]).await;
    sqlx::query("update accounts set balance = 0 where user_id = 1").execute(&stage.pool).await.unwrap();
    stage.broker.announce(&transfers[0]).await;
    stage.eventually_announced(transfers[0].transfer_id, &[refused, refused]).await;
    assert_eq!((stage.balance(2).await, stage.count("dead_letters").await), (json!(60), 0));
}

#[tokio::test]
async fn a_repeated_request_is_answered_again_and_moves_nothing() {
    let stage = Stage::new().await;
    stage.top_up(2, "500").await;
    let (transfer, id) = (transfer(2, 1, "200"), EventId(Uuid::now_v7()));
    for _ in 0..5 {
        stage.broker.announce_as(id, &transfer).await;
    }
    stage.eventually_announced(transfer.transfer_id, &[COMPLETED]).await;
    stage.broker.announce(&transfer).await;
    stage.eventually_announced(transfer.transfer_id, &[COMPLETED, COMPLETED]).await;
    assert_eq!((stage.balance(2).await, stage.balance(1).await), (json!(300), json!(200)));
}

#[tokio::test]
async fn a_refused_transfer_stays_refused_and_a_new_attempt_succeeds_after_a_top_up() {
    let stage = Stage::new().await;
    stage.top_up(2, "100").await;
    let refused = "payments.TransferFailed.v1 insufficient_funds";
    let first = transfer(2, 1, "200");
    stage.broker.announce(&first).await;
    stage.eventually_announced(first.transfer_id, &[refused]).await;
    stage.top_up(2, "100").await;
    stage.broker.announce(&first).await;
    stage.eventually_announced(first.transfer_id, &[refused, refused]).await;
    let again = transfer(2, 1, "200");
    stage.broker.announce(&again).await;
    stage.eventually_announced(again.transfer_id, &[COMPLETED]).await;
    assert_eq!((stage.balance(2).await, stage.balance(1).await), (json!(0), json!(200)));
}

#[tokio::test]
async fn a_transfer_to_the_same_user_or_with_changed_data_becomes_a_dead_letter() {
    let stage = Stage::new().await;
    stage.top_up(2, "500").await;
    let first = transfer(2, 1, "200");
    stage.broker.announce(&first).await;
    stage.eventually_announced(first.transfer_id, &[COMPLETED]).await;
    let mut forged = transfer(2, 3, "200");
    forged.transfer_id = first.transfer_id;
    stage.broker.announce(&forged).await;
    stage.broker.announce(&transfer(2, 2, "1")).await;
    eventually(2, async || stage.count("dead_letters").await).await;
    assert_eq!(stage.balance(2).await, json!(300));
}

#[tokio::test]
async fn concurrent_transfers_between_users_do_not_deadlock_and_balance_out() {
    let stage = Stage::new().await;
    for user in 1..=3 {
        stage.top_up(user, "1000").await;
    }
    let pairs = [(1, 2), (2, 1), (2, 3), (3, 2), (3, 1), (1, 3)];
    let transfers: Vec<_> = pairs.iter().cycle().take(120).map(|(from, to)| transfer(*from, *to, "7.50")).collect();
    let announcing = transfers.iter().flat_map(|one| [one, one]).map(|one| stage.broker.announce(one));
    futures_util::future::join_all(announcing).await;
    eventually(120, async || stage.count("transfers").await).await;
    for user in 1..=3 {
        assert_eq!(stage.balance(user).await, json!(1000));
    }
    stage.assert_books_balance().await;
}
