//! The whole life of a cheque: photographed, shared, claimed, settled.

use crate::table::{Table, standing};
use serde_json::{Value, json};
use testkit::eventually;

/// Two users claim their lines. One settles; the other lacks money, tops up and settles; the owner claims the rest.
/// `meanwhile` is called twice: after the cheque was read and after it was claimed.
async fn a_cheque_is_settled(mut table: Table, mut meanwhile: impl AsyncFnMut(&mut Table)) {
    let hash = table.photographed().await;
    meanwhile(&mut table).await;
    table.takes(2, &hash, 1, 1, 2).await;
    table.takes(2, &hash, 2, 1, 1).await;
    table.takes(3, &hash, 3, 1, 1).await;
    meanwhile(&mut table).await;

    let mut watching = table.watch(&hash).await;
    let seen = watching.next().await;
    assert_eq!(seen["type"], "snapshot");
    assert_eq!(standing(&seen, 2), (json!(600), json!("none")));
    assert_eq!(standing(&seen, 3), (json!(250), json!("none")));
    assert_eq!(seen["split"]["unclaimed"], json!(150));

    let settle = format!("/small-router/{hash}/settle");
    table.top_up(2, 1000).await;
    let asked = table.user(2).with_header("idempotency-key", "once").post(&settle, r#"{"amount": 600}"#).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let again = table.user(2).with_header("idempotency-key", "once").post(&settle, r#"{"amount": 600}"#).await;
    assert_eq!(again.json()["transfer"], asked.json()["transfer"], "the same attempt");
    watching.until(|state| standing(state, 2).1 == "paid").await;

    // First without an account, then with too little money, then with enough.
    for (topped_up, reason) in [(0, "no_account"), (100, "insufficient_funds")] {
        if topped_up > 0 {
            table.top_up(3, topped_up).await;
        }
        assert_eq!(table.user(3).post(&settle, r#"{"amount": 250}"#).await.status, 202);
        let failed = watching.until(|state| standing(state, 3).1 == "failed" && reason_of(state, 3) == reason).await;
        assert_eq!(standing(&failed, 3).0, json!(250));
    }
    table.top_up(3, 200).await;
    assert_eq!(table.user(3).post(&settle, r#"{"amount": 250}"#).await.status, 202);
    let paid = watching.until(|state| standing(state, 3).1 == "paid").await;
    assert_eq!(paid["split"]["status"], "open", "half of a cappuccino is unclaimed");
    let rest =
        table.user(1).put(&format!("/small-router/{hash}/claims/1"), r#"{"numerator": 1, "denominator": 2}"#).await;
    assert_eq!(rest.status, 200, "{}", rest.text);
    watching.until(|state| state["split"]["status"] == "settled").await;

    assert_eq!(table.balance(1).await, json!(850));
    assert_eq!(table.balance(2).await, json!(400));
    assert_eq!(table.balance(3).await, json!(50));
    assert_eq!(table.count("payments.ledger where kind = 'transfer'").await, 2);
    assert_eq!(table.count("payments.transfers where decision = 'failed'").await, 2);
    let statement = table.user(1).get("/payments/account/transactions").await.json();
    let received: Vec<_> =
        statement.as_array().unwrap().iter().map(|row| (&row["amount"], &row["counterparty"])).collect();
    assert_eq!(received, [(&json!(250), &json!(3)), (&json!(600), &json!(2))]);
    table.assert_settled_books().await;
}

fn reason_of(state: &Value, participant: u64) -> String {
    let participants = state["split"]["participants"].as_array().unwrap();
    let found = participants.iter().find(|one| one["id"] == participant).unwrap();
    found["settlement"]["reason"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_photographed_cheque_is_settled() {
    a_cheque_is_settled(Table::with_redis(0).await, async |_| {}).await;
}

#[tokio::test]
async fn a_cheque_is_settled_although_redis_is_flushed() {
    a_cheque_is_settled(Table::with_redis(11).await, async |table| table.redis.flush().await).await;
}

#[tokio::test]
async fn a_cheque_is_settled_although_router_service_is_restarted() {
    let restart = async |table: &mut Table| {
        table.router.kill();
        table.router.start_again();
        table.router.ready().await;
    };
    a_cheque_is_settled(Table::with_redis(0).await, restart).await;
}

#[tokio::test]
async fn an_unanswered_transfer_is_requested_again_and_made_once() {
    let mut table = Table::with_redis(0).await;
    let hash = table.photographed().await;
    table.takes(2, &hash, 2, 1, 1).await;
    table.top_up(2, 500).await;
    // The broker loses the request: payments is down, and its queue is purged.
    table.payments.kill();
    let settle = format!("/small-router/{hash}/settle");
    assert_eq!(table.user(2).post(&settle, r#"{"amount": 450}"#).await.status, 202);
    eventually(0, async || table.count("router.outbox").await).await;
    table.broker.delete_queue("payments.inbox").await;
    table.payments.start_again();
    table.payments.ready().await;
    eventually(json!("paid"), async || standing(&table.state(&hash).await, 2).1).await;
    assert_eq!((table.balance(2).await, table.balance(1).await), (json!(50), json!(450)));
    table.assert_settled_books().await;
}

#[tokio::test]
async fn a_link_opens_without_its_event_and_cache_entry() {
    let mut table = Table::with_redis(12).await;
    table.router.kill();
    let hash = table.photographed().await;
    eventually(0, async || table.count("ocr.outbox").await).await;
    table.broker.delete_queue("router.inbox").await;
    table.redis.flush().await;
    table.ocr.kill();
    table.ocr.start_again();
    table.router.start_again();
    tokio::join!(table.ocr.ready(), table.router.ready());
    assert_eq!(table.state(&hash).await["cheque"]["total_account"], json!(1000));
    table.assert_settled_books().await;
}

#[tokio::test]
async fn a_guest_claims_a_line_and_keeps_it_as_a_user() {
    let table = Table::with_redis(0).await;
    let hash = table.photographed().await;
    let join = format!("/small-router/{hash}/participants");
    let joined = table.link().post(&join, r#"{"name": "Аня"}"#).await;
    assert_eq!(joined.status, 201, "{}", joined.text);
    let token = joined.json()["participant_token"].as_str().unwrap().to_owned();
    let guest = table.link().with_header("x-participant-token", &token);
    let claimed = guest.put(&format!("/small-router/{hash}/claims/3"), r#"{"numerator": 1, "denominator": 1}"#).await;
    assert_eq!(claimed.status, 200, "{}", claimed.text);
    let refused = guest.post(&format!("/small-router/{hash}/settle"), "{}").await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].clone()), (401, json!("sign_in_to_settle")));

    let user = guest.as_user(7);
    let bound = user.post(&join, r#"{"name": "Аня"}"#).await;
    assert!(bound.status.is_success(), "{}", bound.text);
    let mine = table.user(7).get(&format!("/small-router/{hash}")).await.json();
    let me = mine["you"].as_u64().unwrap();
    assert_eq!(standing(&mine, me), (json!(250), json!("none")));
    table.top_up(7, 250).await;
    assert_eq!(table.user(7).post(&format!("/small-router/{hash}/settle"), r#"{"amount": 250}"#).await.status, 202);
    eventually(json!("paid"), async || standing(&table.state(&hash).await, me).1).await;
    assert_eq!(table.balance(1).await, json!(250));
}

#[tokio::test]
async fn a_deleted_cheque_is_gone_with_its_photo() {
    let table = Table::with_redis(0).await;
    let hash = table.photographed().await;
    let photo = format!("/ocr/cheques/{hash}/photo");
    let shown = table.link().get(&photo).await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "image/jpeg"));
    let link = format!("/small-router/{hash}");
    assert_eq!(table.user(2).delete(&link).await.status, 404, "only the owner can delete a cheque");
    assert_eq!(table.user(1).delete(&link).await.status, 204);
    assert_eq!(table.anonymous().get(&link).await.status, 410);
    eventually(410, async || table.link().get(&photo).await.status.as_u16()).await;
    table.assert_settled_books().await;
}
