//! A due is paid to the owner at most once, despite repeated, late and concurrent requests and events.

use crate::stage::{OWNER, Stage, problem, transfer_of};
use contracts::ids::TransferId;
use contracts::payments::TransferCompleted;
use serde_json::{Value, json};
use testkit::eventually;
use uuid::Uuid;

const WHOLE: &str = r#"{"numerator": 1, "denominator": 1}"#;

/// The owner claimed the line of 100.00, user 7 the line of 250.00.
async fn table(stage: &Stage) -> (String, i64) {
    let path = stage.cheque(&[10_000, 25_000]).await;
    let participant = stage.join(&path, 7).await;
    assert_eq!(stage.owner().put(&format!("{path}/claims/1"), WHOLE).await.status, 200);
    assert_eq!(stage.user(7).put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
    (path, participant)
}

#[tokio::test]
async fn a_due_is_requested_and_paid() {
    let stage = Stage::new().await;
    let (path, participant) = table(&stage).await;
    let asked = stage.settle(&path, 7).await;
    let transfer_id = transfer_of(&asked);
    let pending = json!({ "state": "pending", "transfer_id": transfer_id, "amount": 250 });
    assert_eq!(asked.json()["split"]["participants"][1]["settlement"], pending);
    assert_eq!(asked.json()["transfer"], json!({ "transfer_id": transfer_id, "amount": 250, "to_user": OWNER }));
    stage.eventually_announced("router.TransferRequested.v1", 1).await;
    let event = stage.announced("router.TransferRequested.v1").await.remove(0);
    let data = json!({
        "transfer_id": transfer_id, "from_user": 7, "to_user": OWNER, "amount": 250, "hash": path[1..],
        "participant_name": "Аня",
    });
    assert_eq!(event["data"], data);
    let claim = stage.user(7).delete(&format!("{path}/claims/2")).await;
    assert_eq!(problem(&claim), (409, "settled_already".into(), Value::Null));

    stage.complete(transfer_id).await;
    stage.eventually_settled(&path, participant, "paid").await;
    let split = stage.state(&path).await["split"].clone();
    assert_eq!((&split["status"], &split["unclaimed"], &split["frozen"]), (&json!("settled"), &json!(0), &json!(true)));
    let again = stage.settle(&path, 7).await;
    assert_eq!(problem(&again), (409, "settled_already".into(), Value::Null));
    assert_eq!(stage.user(7).get("/cheques").await.json()[0]["status"], json!("settled"));
}

#[tokio::test]
async fn settling_twice_pays_once() {
    let stage = Stage::new().await;
    let (path, _) = table(&stage).await;
    let settle = format!("{path}/settle");
    let agreed = r#"{"amount": 250}"#;
    let keyed = stage.user(7).with_header("idempotency-key", "k");
    let first = keyed.post(&settle, agreed).await;
    let replayed = keyed.post(&settle, agreed).await;
    assert_eq!((replayed.status, replayed.header("idempotency-replayed")), (first.status, "true"));
    assert_eq!(transfer_of(&replayed), transfer_of(&first));
    assert_eq!(keyed.post(&settle, r#"{"participant": 2}"#).await.status, 422, "another body");
    let (other, _) = table(&stage).await;
    assert_eq!(keyed.post(&format!("{other}/settle"), agreed).await.status, 422, "another cheque");
    let other_key = stage.user(7).with_header("idempotency-key", "other").post(&settle, agreed).await;
    assert_eq!(problem(&other_key), (409, "settlement_pending".into(), Value::Null));
    assert_eq!(problem(&stage.user(7).post(&settle, agreed).await).1, "settlement_pending");
    stage.eventually_announced("router.TransferRequested.v1", 1).await;
}

#[tokio::test]
async fn settling_at_the_same_time_pays_once() {
    let stage = Stage::new().await;
    let (path, _) = table(&stage).await;
    let clients: Vec<_> =
        (0..10).map(|key| stage.user(7).with_header("idempotency-key", &format!("{}", key / 2))).collect();
    let settle = format!("{path}/settle");
    let answers =
        futures_util::future::join_all(clients.iter().map(|client| client.post(&settle, r#"{"amount": 250}"#))).await;
    assert!(answers.iter().all(|answer| [202, 409].contains(&answer.status.as_u16())));
    let transfers: std::collections::BTreeSet<TransferId> =
        answers.iter().filter(|answer| answer.status == 202).map(transfer_of).collect();
    assert_eq!(transfers.len(), 1);
    let rows: i64 = sqlx::query_scalar("select count(*) from transfers").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(rows, 1);
    stage.eventually_announced("router.TransferRequested.v1", 1).await;
}

#[tokio::test]
async fn a_refused_transfer_has_a_reason_and_can_be_retried() {
    let stage = Stage::new().await;
    let (path, participant) = table(&stage).await;
    let first = transfer_of(&stage.settle(&path, 7).await);
    stage.refuse(first).await;
    stage.eventually_settled(&path, participant, "failed").await;
    let failed = stage.settlement(&path, participant).await;
    let expected = json!({ "state": "failed", "transfer_id": first, "amount": 250, "reason": "insufficient_funds" });
    assert_eq!(failed, expected);
    assert_eq!(stage.state(&path).await["split"]["frozen"], json!(false));
    let second = transfer_of(&stage.settle(&path, 7).await);
    assert_ne!(first, second, "each attempt has its own id");
    stage.complete(second).await;
    stage.eventually_settled(&path, participant, "paid").await;
    // Repeated or late events change nothing and do not become dead letters.
    let version = stage.state(&path).await["split"]["version"].clone();
    stage.refuse(first).await;
    stage.complete(second).await;
    stage.refuse(second).await;
    eventually(6, async || {
        sqlx::query_scalar::<_, i64>("select count(*) from inbox").fetch_one(&stage.pool).await.unwrap()
    })
    .await;
    assert_eq!(stage.state(&path).await["split"]["version"], version);
    assert_eq!(dead_letters(&stage).await, 0);
}

#[tokio::test]
async fn concurrent_changes_keep_the_dues_equal_to_the_total() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[9_999, 10_001, 3_333]).await;
    for user in 2..=7 {
        stage.join(&path, user).await;
    }
    let method = r#"{"method": "items", "tip": {"percent": 12.5}}"#;
    assert_eq!(stage.owner().put(&format!("{path}/method"), method).await.status, 200);
    let busy = (2..=7_i64).map(|user| {
        let (client, stage, path) = (stage.user(user), &stage, path.clone());
        async move {
            for round in 0..4 {
                let line = (user + round) % 3 + 1;
                let part = format!(r#"{{"numerator": 1, "denominator": {}}}"#, user + round);
                client.put(&format!("{path}/claims/{line}"), &part).await;
                match (user + round) % 5 {
                    0 => agree(&client, &format!("{path}/settle")).await,
                    1 => agree(&stage.owner(), &format!("{path}/participants/{user}/cash")).await,
                    2 => drop(client.delete(&format!("{path}/claims/{line}")).await),
                    _ => {}
                }
            }
        }
    });
    futures_util::future::join_all(busy).await;
    let split = stage.state(&path).await["split"].clone();
    #[expect(clippy::cast_possible_truncation, reason = "some hundred roubles")]
    let minor = |money: &Value| (money.as_f64().unwrap() * 100.0).round() as i64;
    let participants = split["participants"].as_array().unwrap();
    let settled =
        participants.iter().filter(|one| ["pending", "cash"].contains(&one["settlement"]["state"].as_str().unwrap()));
    assert!(settled.count() > 0, "a participant has settled");
    let dues: i64 = participants.iter().map(|one| minor(&one["due"])).sum();
    // 233.33 plus 12.5 % of it, rounded: 29.17.
    assert_eq!((minor(&split["total"]), dues + minor(&split["unclaimed"])), (26_250, 26_250));
}

#[tokio::test]
async fn an_unknown_transfer_is_a_dead_letter() {
    let stage = Stage::new().await;
    stage.broker.announce(&TransferCompleted { transfer_id: TransferId(Uuid::now_v7()) }).await;
    eventually(1, async || dead_letters(&stage).await).await;
}

#[tokio::test]
async fn a_refused_settlement_has_a_reason() {
    let stage = Stage::new().await;
    let (path, _) = table(&stage).await;
    let settle = format!("{path}/settle");
    let token = stage.join_as_guest(&path).await;
    let refused = async |client: testkit::Client, body: &str| {
        let (status, code, _) = problem(&client.post(&settle, body).await);
        (status, code)
    };
    assert_eq!(refused(stage.guest(&token), "{}").await, (401, "sign_in_to_settle".into()));
    assert_eq!(refused(stage.anonymous(), "{}").await, (401, "sign_in_to_settle".into()));
    assert_eq!(refused(stage.user(7), r#"{"participant": 1}"#).await, (404, "participant_not_found".into()));
    assert_eq!(refused(stage.user(7), r#"{"participant": 99}"#).await, (404, "participant_not_found".into()));
    assert_eq!(refused(stage.user(9), "{}").await, (409, "join_first".into()));
    assert_eq!(refused(stage.owner(), "{}").await, (409, "owner_owes_nothing".into()));
    stage.join(&path, 8).await;
    assert_eq!(refused(stage.user(8), "{}").await, (409, "nothing_due".into()));
    let cash = |id: &str| format!("{path}/participants/{id}/cash");
    assert_eq!(problem(&stage.user(7).post(&cash("2"), "{}").await).0, 404, "only the owner can record it");
    assert_eq!(problem(&stage.owner().post(&cash("99"), "{}").await).1, "participant_not_found");
    assert_eq!(problem(&stage.owner().post(&cash("x"), "{}").await).1, "participant_not_found");
    assert_eq!(problem(&stage.owner().post(&cash("1"), "{}").await).1, "owner_owes_nothing");
}

#[tokio::test]
async fn a_settlement_under_way_ends_although_the_link_has_ended() {
    let stage = Stage::new().await;
    let (path, _) = table(&stage).await;
    let transfer_id = transfer_of(&stage.settle(&path, 7).await);
    stage.expire(&path).await;
    stage.complete(transfer_id).await;
    eventually("paid".to_owned(), async || {
        sqlx::query_scalar::<_, String>("select state from transfers").fetch_one(&stage.pool).await.unwrap()
    })
    .await;
    let late = stage.user(7).post(&format!("{path}/settle"), r#"{"amount": 250}"#).await;
    assert_eq!(problem(&late), (409, "settled_already".into(), Value::Null), "who shares a bill keeps it");
}

#[tokio::test]
async fn an_unanswered_transfer_is_requested_again_with_the_same_id() {
    let stage = Stage::with(&[("TRANSFER_PATIENCE_SECS", "1")]).await;
    let (path, participant) = table(&stage).await;
    let transfer_id = transfer_of(&stage.settle(&path, 7).await);
    eventually(true, async || stage.announced("router.TransferRequested.v1").await.len() >= 2).await;
    let events = stage.announced("router.TransferRequested.v1").await;
    assert_eq!(events[0]["data"], events[1]["data"]);
    assert_eq!(events[1]["data"]["transfer_id"], json!(transfer_id));
    assert_ne!(events[0]["id"], events[1]["id"], "the old event is in the inbox of payments");
    assert_eq!((&events[0]["sequence"], &events[1]["sequence"]), (&json!("1"), &json!("2")));
    stage.complete(transfer_id).await;
    stage.eventually_settled(&path, participant, "paid").await;
}

/// Asks what is due, and agrees to it.
async fn agree(client: &testkit::Client, place: &str) {
    let asked = client.post(place, "{}").await;
    if let (409, Some(due)) = (asked.status.as_u16(), asked.json().get("due")) {
        client.post(place, &json!({ "amount": due }).to_string()).await;
    }
}

async fn dead_letters(stage: &Stage) -> i64 {
    sqlx::query_scalar("select count(*) from dead_letters").fetch_one(&stage.pool).await.unwrap()
}
