//! What a bill is called: for its owner, in lists, in previews, and for payments.

use crate::stage::{Stage, balanced, participant_of, problem, recognized, some_hash, transfer_of};
use serde_json::{Value, json};

/// A bill of Cafe Luna with a participant, user 7, who has claimed its only line.
async fn luna(stage: &Stage) -> String {
    let mut cheque = balanced(&[152_000]);
    cheque["merchant"] = json!("Cafe Luna");
    cheque["purchased_on"] = json!("2026-02-05");
    let read = recognized(&cheque);
    stage.broker.announce(&read).await;
    stage.eventually_here(&read.hash).await;
    let path = format!("/{}", read.hash);
    stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 1}"#).await;
    path
}

fn title(state: &Value) -> (&Value, &Value) {
    (&state["cheque"]["merchant"], &state["cheque"]["purchased_on"])
}

#[tokio::test]
async fn what_was_read_is_shown_to_everyone_and_in_the_lists_with_the_number_of_people() {
    let stage = Stage::new().await;
    let path = luna(&stage).await;
    let seen = stage.state(&path).await;
    assert_eq!(title(&seen), (&json!("Cafe Luna"), &json!("2026-02-05")));
    assert!(seen["split"]["created_at"].is_string());
    for user in [1, 7] {
        let listed = &stage.user(user).get("/cheques").await.json()[0];
        assert_eq!((&listed["merchant"], &listed["purchased_on"]), (&json!("Cafe Luna"), &json!("2026-02-05")));
        assert_eq!(listed["participants"], json!(2));
    }
}

#[tokio::test]
async fn a_bill_of_an_earlier_release_has_no_name_and_can_get_one() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    assert_eq!(title(&stage.state(&path).await), (&Value::Null, &Value::Null));
    let named = stage.owner().patch(&format!("{path}/cheque"), r#"{"merchant": "Sol"}"#).await.json();
    assert_eq!(title(&named), (&json!("Sol"), &Value::Null));
    let cleared = stage.owner().patch(&format!("{path}/cheque"), r#"{"merchant": null, "total_account": 1}"#).await;
    assert_eq!(title(&cleared.json()), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn the_owner_names_a_bill_after_money_has_moved_too() {
    let stage = Stage::new().await;
    let path = luna(&stage).await;
    let mut socket = stage.watch(&path).await.unwrap();
    socket.next().await;
    let transfer_id = transfer_of(&stage.settle(&path, 7).await);
    stage.complete(transfer_id).await;
    stage.eventually_settled(&path, 2, "paid").await;
    let before = stage.state(&path).await;
    let title_path = format!("{path}/title");
    let new = r#"{"merchant": " Café Sol ", "purchased_on": "2026-02-06"}"#;
    let named = stage.owner().put(&title_path, new).await;
    assert_eq!(named.status, 200, "{}", named.text);
    let named = named.json();
    let pushed = socket.until(|message| message["cheque"]["merchant"] == "Café Sol").await;
    assert_eq!(pushed["version"], named["split"]["version"]);
    assert_eq!(title(&named), (&json!("Café Sol"), &json!("2026-02-06")));
    assert_eq!(participant_of(&named, 2), participant_of(&before, 2), "no due has changed");
    assert_eq!(named["split"]["cheque_version"], before["split"]["cheque_version"]);
    assert_eq!(stage.owner().put(&title_path, new).await.json()["split"]["version"], named["split"]["version"]);
    let cleared = stage.owner().put(&title_path, "{}").await.json();
    assert_eq!(title(&cleared), (&Value::Null, &Value::Null), "what is omitted is unknown");
    assert_eq!(stage.user(7).put(&title_path, new).await.status, 404);
    assert_eq!(stage.anonymous().put(&title_path, new).await.status, 401);
}

#[tokio::test]
async fn a_name_that_shows_nothing_or_misleads_is_refused() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    for (body, field) in [
        (json!({ "merchant": "\u{200b}" }), "/merchant"),
        (json!({ "merchant": "a\u{202e}b" }), "/merchant"),
        (json!({ "merchant": "a".repeat(81) }), "/merchant"),
        (json!({ "purchased_on": "2026-02-30" }), "/purchased_on"),
        (json!({ "purchased_on": "5 Feb" }), "/purchased_on"),
    ] {
        for answer in [
            stage.owner().put(&format!("{path}/title"), &body.to_string()).await,
            stage.owner().patch(&format!("{path}/cheque"), &body.to_string()).await,
        ] {
            assert_eq!(problem(&answer), (422, "invalid_request".into(), json!(field)), "{body}");
        }
    }
}

#[tokio::test]
async fn a_transfer_says_what_it_is_for_when_it_is_requested_again_too() {
    let stage = Stage::with(&[("TRANSFER_PATIENCE_SECS", "1")]).await;
    let path = luna(&stage).await;
    transfer_of(&stage.settle(&path, 7).await);
    stage.eventually_announced("router.TransferRequested.v1", 2).await;
    for event in stage.announced("router.TransferRequested.v1").await {
        let data = &event["data"];
        assert_eq!(data["title"], json!({ "merchant": "Cafe Luna", "purchased_on": "2026-02-05" }), "{event}");
        assert_eq!(data["participant_name"], json!("Аня"));
    }
}

#[tokio::test]
async fn a_preview_describes_a_known_bill_and_fetches_none() {
    let stage = Stage::new().await;
    let path = luna(&stage).await;
    let known = stage.anonymous().get(&format!("{path}/preview")).await;
    assert_eq!(known.json(), json!({ "title": "Cafe Luna, 5 Feb — 1,520.00 RUB" }));
    let unknown = stage.anonymous().get(&format!("/{}/preview", some_hash())).await;
    assert_eq!(problem(&unknown).0, 404);
    assert_eq!(stage.announced("router.ChequeRequested.v1").await, Vec::<Value>::new());
    stage.expire(&path).await;
    assert_eq!(stage.anonymous().get(&format!("{path}/preview")).await.status, 410);
}
