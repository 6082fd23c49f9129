//! The operations endpoints: the state of messaging, and dead letters.

use crate::stage::Stage;
use contracts::ids::OrderId;
use contracts::payments::RefusalReason;
use serde_json::{Value, json};
use testkit::{Client, eventually};
use uuid::Uuid;

const LETTERS: &str = "/operations/dead-letters";

/// Creates `letters` dead letters: answers about orders that do not exist.
async fn with_letters(stage: &Stage, letters: usize) -> Client {
    for _ in 0..letters {
        stage.refuse(OrderId(Uuid::now_v7()), RefusalReason::NoAccount).await;
    }
    let operator = stage.administrator().with_header("x-forwarded-prefix", "/orders");
    eventually(letters, async || operator.get(LETTERS).await.json().as_array().unwrap().len()).await;
    operator
}

#[tokio::test]
async fn a_dead_letter_is_shown_replayed_and_discarded() {
    let stage = Stage::new().await;
    let operator = with_letters(&stage, 2).await;
    let listed = operator.get(LETTERS).await.json();
    let letter = &listed[0];
    assert_eq!((&letter["direction"], &letter["state"]), (&json!("incoming"), &json!("open")));
    assert_eq!((&letter["event_type"], &letter["attempts"]), (&json!("payments.PaymentFailed.v1"), &json!(1)));
    assert!(letter["reason"].as_str().unwrap().starts_with("rejected: there is no order"), "{letter}");
    assert_eq!(letter["settled_at"], Value::Null);

    let path = format!("{LETTERS}/incoming/{}", letter["event_id"].as_str().unwrap());
    let opened = operator.get(&path).await.json();
    assert_eq!(opened["payload"]["data"]["reason"], "no_account");
    assert_eq!((&opened["event_id"], &opened["exchange"]), (&letter["event_id"], &Value::Null));

    let replayed = operator.post(&format!("{path}/replay"), "").await;
    assert_eq!((replayed.status.as_u16(), &replayed.json()["state"]), (200, &json!("replayed")), "{}", replayed.text);
    // The order still does not exist.
    eventually(json!(2), async || operator.get(&path).await.json()["attempts"].clone()).await;

    let discarded = operator.post(&format!("{path}/discard"), "").await;
    assert_eq!((discarded.status.as_u16(), &discarded.json()["state"]), (200, &json!("discarded")));
    let again = operator.post(&format!("{path}/replay"), "").await;
    assert_eq!((again.status.as_u16(), &again.json()["code"]), (409, &json!("dead_letter_settled")));
    for unknown in [format!("{LETTERS}/outgoing/{}", Uuid::now_v7()), format!("{LETTERS}/sideways/1")] {
        let answer = operator.get(&unknown).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (404, &json!("dead_letter_not_found")));
    }
}

#[tokio::test]
async fn letters_are_paged_filtered_and_settled_by_the_same_filter() {
    let stage = Stage::new().await;
    let operator = with_letters(&stage, 5).await;
    let (mut path, mut seen) = (format!("{LETTERS}?limit=2&direction=incoming&reason=NO%20ORDER"), vec![]);
    loop {
        let page = operator.get(&path).await;
        seen.extend(page.json().as_array().unwrap().iter().map(|letter| letter["event_id"].clone()));
        let Some(next) = page.header("link").strip_prefix("</orders") else { break };
        path = next.split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen.len(), 5);

    let settled = async |action: &str, filter: &str| operator.post(&format!("{LETTERS}/{action}"), filter).await.json();
    assert_eq!(settled("discard", r#"{"type": "payments.PaymentCompleted.v1"}"#).await, json!({ "settled": 0 }));
    assert_eq!(settled("discard", r#"{"failed_before": "2026-01-01T00:00:00Z"}"#).await, json!({ "settled": 0 }));
    assert_eq!(settled("replay", r#"{"state": "discarded"}"#).await, json!({ "settled": 0 }));
    assert_eq!(settled("discard", r#"{"reason": "no order", "state": "open"}"#).await, json!({ "settled": 5 }));
    assert_eq!(operator.get(LETTERS).await.json(), json!([]));
    assert_eq!(operator.get(&format!("{LETTERS}?state=discarded")).await.json().as_array().unwrap().len(), 5);

    for (wrong, field) in [(r#"{"state": "lost"}"#, "/state"), (r#"{"failed_before": "noon"}"#, "/failed_before")] {
        let answer = operator.post(&format!("{LETTERS}/replay"), wrong).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (422, &json!(field)));
    }
    for wrong in ["state=lost", "direction=up", "limit=0", "cursor=x"] {
        assert_eq!(operator.get(&format!("{LETTERS}?{wrong}")).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn the_state_of_messaging_is_on_one_page() {
    let stage = Stage::new().await;
    let operator = with_letters(&stage, 1).await;
    let relayed = async || operator.get("/operations/messaging").await.json()["lanes_owned"].clone();
    eventually(json!(8), relayed).await;
    let seen = operator.get("/operations/messaging").await.json();
    assert_eq!(seen["lanes"].as_array().unwrap().len(), 8);
    assert_eq!((&seen["breaker"], &seen["scheduled"], &seen["parked"]), (&json!("closed"), &json!(0), &json!(0)));
    let count = json!([{ "event_type": "payments.PaymentFailed.v1", "direction": "incoming", "open": 1 }]);
    assert_eq!(seen["dead_letters"], count);
    assert!(seen["inbox_partitions"].as_i64().unwrap() >= 8, "{seen}");
    let document = operator.get("/openapi.json").await.json();
    assert!(document["paths"]["/operations/dead-letters"]["get"].is_object());
}
