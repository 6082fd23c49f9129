//! Settling letters.

use crate::service::{ParcelSent, Service};
use rabbit_outbox::EventId;
use serde_json::json;

fn path(id: EventId) -> String {
    format!("/dead-letters/incoming/{}", id.0)
}

#[tokio::test]
async fn a_letter_is_discarded_once_and_deleted_afterwards() {
    let service = Service::start().await;
    let path = path(service.dead_letter(1).await);
    let open = service.ask("DELETE", &path, "").await;
    assert_eq!((open.status, &open.json["code"]), (409, &json!("dead_letter_open")));
    assert_eq!(service.post(&format!("{path}/discard"), "").await.json["state"], "discarded");
    let again = service.post(&format!("{path}/replay"), "").await;
    assert_eq!((again.status, &again.json["code"]), (409, &json!("dead_letter_settled")));
    assert_eq!(service.ask("DELETE", &path, "").await.status, 204);
    assert_eq!(service.get(&path).await.status, 404);
}

#[tokio::test]
async fn listed_letters_are_settled_and_each_has_its_outcome() {
    let service = Service::start().await;
    let (one, two) = (service.dead_letter(1).await, service.dead_letter(2).await);
    let selection_json = |ids: &[EventId]| {
        let letters: Vec<_> = ids.iter().map(|id| json!({ "direction": "incoming", "event_id": id.0 })).collect();
        json!({ "letters": letters }).to_string()
    };
    let replayed = service.post("/dead-letters/replay-selected", &selection_json(&[one])).await;
    assert_eq!((replayed.status, &replayed.json[0]["settled"]), (200, &json!(true)));
    let both = service.post("/dead-letters/discard-selected", &selection_json(&[one, two])).await.json;
    assert_eq!((&both[0]["settled"], &both[1]["settled"]), (&json!(false), &json!(true)));
    assert_eq!(both[0]["reason"], "the letter is replayed already");
    for wrong in [r#"{"letters": []}"#, r#"{"letters": [{"direction": "up", "event_id": "1"}]}"#, "{}"] {
        assert_eq!(service.post("/dead-letters/replay-selected", wrong).await.status, 422, "{wrong}");
    }
    let rest = service.post("/dead-letters/discard", r#"{"reason": "weighs"}"#).await;
    assert_eq!(rest.json, json!({ "settled": 0 }));
}

#[tokio::test]
async fn corrected_fields_are_published_as_a_new_event() {
    let service = Service::start().await;
    let id = service.dead_letter(7).await;
    let replace = format!("{}/replace", path(id));
    assert_eq!(service.post(&replace, r#"{"data": 1}"#).await.status, 422);
    let replaced = service.post(&replace, r#"{"data": {"parcel": 7, "weight": 900}}"#).await;
    assert_eq!(replaced.status, 200, "{}", replaced.json);
    let waiting: (uuid::Uuid, Vec<u8>) = sqlx::query_as("select event_id, payload from outbox")
        .fetch_one(&service.harness.pool("scales").await)
        .await
        .unwrap();
    assert_eq!(replaced.json["event_id"], waiting.0.to_string());
    let event: serde_json::Value = serde_json::from_slice(&waiting.1).unwrap();
    let data: ParcelSent = serde_json::from_value(event["data"].clone()).unwrap();
    assert_eq!((data.parcel, data.weight), (7, 900));
    assert_eq!(service.get(&path(id)).await.json["state"], "replayed");
}

#[tokio::test]
async fn a_letter_beyond_the_window_is_replayed_only_on_request() {
    let service = Service::start().await;
    let id = service.dead_letter(1).await;
    // A year earlier: no partition of the inbox stores that day.
    let old = uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_764_000_000 - 31_536_000, 0));
    sqlx::query("update dead_letters set event_id = $1 where event_id = $2")
        .bind(old)
        .bind(id.0)
        .execute(&service.harness.pool("scales").await)
        .await
        .unwrap();
    let replay = format!("{}/replay", path(EventId(old)));
    let refused = service.post(&replay, "").await;
    assert_eq!((refused.status, &refused.json["code"]), (409, &json!("dead_letter_too_old")));
    assert_eq!(service.post(&format!("{replay}?beyond_window=perhaps"), "").await.status, 422);
    assert_eq!(service.post(&format!("{replay}?beyond_window=true"), "").await.json["state"], "replayed");
}

#[tokio::test]
async fn every_action_is_recorded_with_its_operator() {
    let service = Service::start().await;
    let (one, two, three) = (service.dead_letter(1).await, service.dead_letter(2).await, service.dead_letter(3).await);
    service.post(&format!("{}/discard", path(one)), "").await;
    service.ask("DELETE", &path(one), "").await;
    service.post(&format!("{}/replace", path(two)), r#"{"data": {"parcel": 2, "weight": 9}}"#).await;
    assert_eq!(service.post("/dead-letters/replay", "{}").await.json, json!({ "settled": 1 }));
    assert_eq!(service.post(&format!("{}/discard", path(three)), "").await.status, 409, "what fails is no action");

    let page = service.get("/dead-letter-actions?limit=3").await;
    let told = |json: &serde_json::Value| -> Vec<(String, String)> {
        let text = |action: &serde_json::Value, name: &str| action[name].as_str().unwrap().to_owned();
        json.as_array().unwrap().iter().map(|action| (text(action, "action"), text(action, "event_id"))).collect()
    };
    let expected = [("replayed", three), ("replaced", two), ("deleted", one)];
    assert_eq!(told(&page.json), expected.map(|(action, id)| (action.to_owned(), id.0.to_string())));
    let action = &page.json[0];
    assert_eq!((&action["operator"], &action["address"]), (&json!("7"), &json!("203.0.113.9")));
    assert_eq!((&action["request_id"], &action["event_type"]), (&json!("r-1"), &json!("parcels.ParcelSent.v1")));
    let next = page.link.unwrap();
    let next = next.split(['<', '>']).nth(1).unwrap().strip_prefix("/internal/operations").unwrap().to_owned();
    assert_eq!(told(&service.get(&next).await.json), [("discarded".to_owned(), one.0.to_string())]);
    for (query, count) in
        [("action=deleted", 1), ("operator=7", 4), ("operator=8", 0), ("since=2026-01-01T00:00:00Z", 4)]
    {
        let found = service.get(&format!("/dead-letter-actions?{query}")).await.json;
        assert_eq!(found.as_array().map(Vec::len), Some(count), "{query}");
    }
    for wrong in ["cursor=x", "since=today", "limit=0"] {
        assert_eq!(service.get(&format!("/dead-letter-actions?{wrong}")).await.status, 422, "{wrong}");
    }
}
