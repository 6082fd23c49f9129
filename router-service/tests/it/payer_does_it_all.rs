//! The owner does it all for people without a device; what people say they have paid is confirmed; who has not paid is
//! reminded.

use crate::stage::{Stage, participant_of, problem};
use serde_json::{Value, json};

const WHOLE: &str = r#"{"numerator": 1, "denominator": 1}"#;

/// The owner has added Anna (participant 2), and assigned the line of 250.00 to her.
async fn table(stage: &Stage) -> String {
    let path = stage.cheque(&[10_000, 25_000]).await;
    let added = stage.owner().post(&format!("{path}/people"), r#"{"name": "Анна"}"#).await;
    assert_eq!((added.status.as_u16(), &added.json()["participant"]), (201, &json!(2)));
    let assigned = stage.owner().put(&format!("{path}/participants/2/claims/2"), WHOLE).await;
    assert_eq!(assigned.status, 200, "{}", assigned.text);
    path
}

#[tokio::test]
async fn the_owner_adds_people_and_assigns_dishes_for_them() {
    let stage = Stage::new().await;
    let path = table(&stage).await;
    let shown = stage.state(&path).await;
    let anna = participant_of(&shown, 2);
    assert_eq!((&anna["name"], &anna["free"], &anna["role"]), (&json!("Анна"), &json!(true), &json!("guest")));
    assert_eq!(anna["to_pay"], json!(250));
    let people = format!("{path}/people");
    assert_eq!(stage.user(7).post(&people, r#"{"name": "Вор"}"#).await.status, 404, "only the owner");
    assert_eq!(stage.anonymous().post(&people, r#"{"name": "Вор"}"#).await.status, 401);
    assert_eq!(problem(&stage.owner().post(&people, r#"{"name": " "}"#).await).2, json!("/name"));
    assert_eq!(stage.owner().put(&format!("{path}/joining"), r#"{"open": false}"#).await.status, 200);
    let keyed = stage.owner().with_header("idempotency-key", "k");
    let first = keyed.post(&people, r#"{"name": "Боря"}"#).await;
    let again = keyed.post(&people, r#"{"name": "Боря"}"#).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (first.status, "true"));
    assert_eq!(stage.state(&path).await["split"]["participants"].as_array().unwrap().len(), 3);
    let claims = |id: &str, line: &str| format!("{path}/participants/{id}/claims/{line}");
    assert_eq!(problem(&stage.user(7).put(&claims("2", "1"), WHOLE).await).0, 404, "only the owner assigns");
    assert_eq!(problem(&stage.owner().put(&claims("9", "1"), WHOLE).await).1, "participant_not_found");
    assert_eq!(problem(&stage.owner().put(&claims("2", "9"), WHOLE).await).1, "line_not_found");
    assert_eq!(problem(&stage.owner().put(&claims("3", "2"), WHOLE).await).1, "line_taken");
    assert_eq!(stage.owner().delete(&claims("2", "2")).await.json()["split"]["claims"], json!([]));
    assert_eq!(stage.owner().put(&claims("3", "1"), WHOLE).await.status, 200);
    stage.pay_cash(&path, 3).await;
    assert_eq!(problem(&stage.owner().delete(&claims("3", "1")).await).1, "settled_already");
    assert_eq!(stage.owner().delete(&format!("{path}/participants/2")).await.status, 200);
}

#[tokio::test]
async fn whom_the_owner_has_added_says_that_is_me_once() {
    let stage = Stage::new().await;
    let path = table(&stage).await;
    let place = format!("{path}/participants");
    assert_eq!(stage.owner().put(&format!("{path}/joining"), r#"{"open": false}"#).await.status, 200);
    let key = ("idempotency-key", "0123456789abcdef");
    let joined = stage.anonymous().with_header(key.0, key.1).post(&place, r#"{"participant": 2}"#).await;
    assert_eq!((joined.status.as_u16(), &joined.json()["you"]), (201, &json!(2)), "{}", joined.text);
    let token = joined.json()["participant_token"].as_str().unwrap().to_owned();
    let again = stage.anonymous().with_header(key.0, key.1).post(&place, r#"{"participant": 2}"#).await;
    assert_eq!(again.json()["participant_token"].as_str(), Some(token.as_str()), "a repeat gets the same token");
    assert_eq!(stage.guest(&token).get(&path).await.json()["you"], json!(2));
    assert_eq!(participant_of(&stage.state(&path).await, 2)["free"], Value::Null);
    let other = stage.user(7).post(&place, r#"{"participant": 2}"#).await;
    assert_eq!(problem(&other), (409, "place_taken".into(), Value::Null));
    assert_eq!(problem(&stage.user(7).post(&place, r#"{"participant": 9}"#).await).1, "participant_not_found");
    assert_eq!(problem(&stage.user(7).post(&place, "{}").await).2, json!("/name"));
    let added = stage.owner().post(&format!("{path}/people"), r#"{"name": "Боря"}"#).await;
    assert_eq!(problem(&stage.guest(&token).post(&place, r#"{"participant": 3}"#).await).1, "joined_already");
    assert_eq!(added.status, 201);
    let user = stage.user(8).post(&place, r#"{"participant": 3, "name": "Борис"}"#).await;
    assert_eq!((user.status.as_u16(), &user.json()["participant_token"]), (201, &Value::Null));
    let boris = participant_of(&user.json(), 3);
    assert_eq!((&boris["name"], &boris["role"]), (&json!("Борис"), &json!("user")));
    assert_eq!(stage.user(8).get("/cheques").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ten_who_say_that_is_me_at_once_are_one() {
    let stage = Stage::new().await;
    let path = table(&stage).await;
    let place = format!("{path}/participants");
    let clients: Vec<_> = (0..10).map(|_| stage.anonymous()).collect();
    let answers =
        futures_util::future::join_all(clients.iter().map(|client| client.post(&place, r#"{"participant": 2}"#))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 201 || problem(answer).1 == "place_taken"));
}

#[tokio::test]
async fn the_owner_records_how_somebody_has_paid() {
    let stage = Stage::new().await;
    let path = table(&stage).await;
    let cash = format!("{path}/participants/2/cash");
    let long = json!({ "amount": 250, "note": "я".repeat(101) }).to_string();
    assert_eq!(problem(&stage.owner().post(&cash, &long).await).2, json!("/note"));
    let wrong = stage.owner().post(&cash, r#"{"amount": 250, "means": "barter"}"#).await;
    assert_eq!(problem(&wrong).2, json!("/means"));
    let paid = stage.owner().post(&cash, r#"{"amount": 250, "means": "other", "note": "СБП"}"#).await.json();
    assert_eq!(participant_of(&paid, 2)["outside"], json!({ "means": "other", "note": "СБП" }));
    assert_eq!(participant_of(&stage.state(&path).await, 2)["outside"]["note"], json!("СБП"), "it is stored");
    let unmarked = stage.owner().delete(&cash).await.json();
    assert_eq!(participant_of(&unmarked, 2)["outside"], Value::Null);
}

#[tokio::test]
async fn what_a_guest_says_they_have_paid_counts_when_it_is_confirmed() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 25_000]).await;
    let token = stage.join_as_guest(&path).await;
    let guest = stage.guest(&token);
    assert_eq!(guest.put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
    let place = format!("{path}/participants/2/reported");
    let confirm = format!("{place}/confirmation");
    let body = r#"{"amount": 250, "note": "перевёл"}"#;
    assert_eq!(problem(&stage.owner().post(&confirm, "").await).1, "nothing_reported");
    assert_eq!(stage.anonymous().post(&place, body).await.status, 401);
    assert_eq!(stage.owner().post(&place, body).await.status, 404, "nobody says it for others");
    let wrong = guest.post(&place, r#"{"amount": 1}"#).await;
    assert_eq!((problem(&wrong).1.as_str(), &wrong.json()["due"]), ("due_changed", &json!(250)));
    let said = guest.post(&place, body).await.json();
    let one = participant_of(&said, 2);
    assert_eq!(one["reported"], json!({ "amount": 250, "to": 1, "note": "перевёл" }));
    assert_eq!((&one["to_pay"], &said["split"]["frozen"]), (&json!(250), &json!(false)), "not paid yet");
    let version = said["split"]["version"].clone();
    assert_eq!(guest.post(&place, body).await.json()["split"]["version"], version, "again is no change");
    assert_eq!(participant_of(&guest.delete(&place).await.json(), 2)["reported"], Value::Null);
    assert_eq!(guest.post(&place, body).await.status, 200);
    assert_eq!(guest.post(&confirm, "").await.status, 404, "nobody confirms their own");
    // They take more: what they say is not what is due.
    assert_eq!(guest.put(&format!("{path}/claims/1"), WHOLE).await.status, 200);
    let changed = stage.owner().post(&confirm, "").await;
    assert_eq!((problem(&changed).1.as_str(), &changed.json()["due"]), ("due_changed", &json!(350)));
    assert_eq!(guest.delete(&format!("{path}/claims/1")).await.status, 200);
    let paid = stage.owner().post(&confirm, "").await.json();
    let one = participant_of(&paid, 2);
    assert_eq!((&one["paid"], &one["to_pay"], &one["reported"]), (&json!(250), &json!(0), &Value::Null));
    assert_eq!(one["outside"], json!({ "means": "other", "note": "перевёл" }));
    assert_eq!(problem(&stage.owner().post(&confirm, "").await).1, "nothing_reported", "once");
    // Declined.
    assert_eq!(stage.owner().delete(&format!("{path}/participants/2/cash")).await.status, 200);
    assert_eq!(guest.post(&place, body).await.status, 200);
    let declined = stage.owner().delete(&place).await.json();
    assert_eq!(participant_of(&declined, 2)["reported"], Value::Null);
}

#[tokio::test]
async fn who_has_not_paid_is_reminded() {
    let stage = Stage::new().await;
    let path = table(&stage).await;
    let place = format!("{path}/participants/2/reminders");
    let first = stage.owner().post(&place, "").await;
    assert_eq!(first.status, 200, "{}", first.text);
    let reminder = first.json()["reminder"].clone();
    assert_eq!((&reminder["amount"], &reminder["name"]), (&json!(250), &json!("Анна")));
    assert!(reminder["link"].as_str().unwrap().ends_with(&format!("/small-router{path}")));
    let anna = participant_of(&first.json(), 2);
    assert_eq!(anna["reminded_times"], json!(1));
    let again = stage.owner().post(&place, "").await.json();
    assert_eq!(participant_of(&again, 2)["reminded_times"], json!(1), "at most once a minute");
    let back = sqlx::query("update participants set reminded_at = reminded_at - interval '2 minutes' where id = 2");
    back.execute(&stage.pool).await.unwrap();
    let later = stage.owner().post(&place, "").await.json();
    assert_eq!(participant_of(&later, 2)["reminded_times"], json!(2));
    assert_eq!(stage.user(7).post(&place, "").await.status, 404, "who has not joined reminds nobody");
    stage.join(&path, 7).await;
    assert_eq!(problem(&stage.user(7).post(&place, "").await).1, "nothing_due", "Anna owes them nothing");
    stage.pay_cash(&path, 2).await;
    assert_eq!(problem(&stage.owner().post(&place, "").await).1, "nothing_due");
}
