//! Everyone with the link can join: as a user, or as a guest who signs in later.

use crate::stage::{Stage, problem};
use serde_json::{Value, json};

#[tokio::test]
async fn a_user_joins_once_and_is_renamed_after() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let participants = format!("{path}/participants");
    let joined = stage.user(7).post(&participants, r#"{"name": "  Аня "}"#).await;
    assert_eq!(joined.status, 201);
    assert_eq!((&joined.json()["you"], &joined.json()["participant_token"]), (&json!(2), &Value::Null));
    let renamed = stage.user(7).post(&participants, r#"{"name": "Анна"}"#).await;
    assert_eq!(renamed.status, 200);
    let anna = json!({ "id": 2, "name": "Анна", "role": "user", "due": 0, "paid": 0, "to_pay": 0, "to_transfer": 0, "settlement": { "state": "none" } });
    assert_eq!(renamed.json()["split"]["participants"][1], anna);
    assert_eq!(renamed.json()["split"]["version"], json!(3));
    let owner = stage.owner().post(&participants, r#"{"name": "Боря"}"#).await;
    assert_eq!((owner.status.as_u16(), &owner.json()["you"]), (200, &json!(1)));
}

#[tokio::test]
async fn a_guest_gets_a_secret_once_and_is_known_by_it() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let token = stage.join_as_guest(&path).await;
    assert!(token.len() >= 43, "256 bits");
    assert_eq!(stage.guest(&token).get(&path).await.json()["you"], json!(2));
    assert_eq!(stage.guest("somebody-else").get(&path).await.json()["you"], Value::Null);
    assert!(!stage.state(&path).await.to_string().contains(&token));
    let stored: Vec<u8> = sqlx::query_scalar("select token_hash from participants where token_hash is not null")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(stored.len(), 32, "only the hash is stored");
    let again = stage.guest(&token).post(&format!("{path}/participants"), r#"{"name": "Вася"}"#).await;
    assert_eq!((again.status.as_u16(), &again.json()["participant_token"]), (200, &Value::Null));
}

#[tokio::test]
async fn a_guest_who_signs_in_keeps_the_claims() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100, 200]).await;
    let token = stage.join_as_guest(&path).await;
    stage.guest(&token).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 2}"#).await;
    let both = stage.guest(&token).as_user(7);
    let joined = both.post(&format!("{path}/participants"), r#"{"name": "Аня"}"#).await;
    assert_eq!((joined.status.as_u16(), &joined.json()["you"]), (200, &json!(2)));
    assert_eq!(joined.json()["split"]["participants"][1]["role"], json!("user"));
    // On another device the same person was also a guest: the two are merged.
    let other = stage.join_as_guest(&path).await;
    stage.guest(&other).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 2}"#).await;
    stage.guest(&other).put(&format!("{path}/claims/2"), r#"{"numerator": 1, "denominator": 4}"#).await;
    let merged =
        stage.guest(&other).as_user(7).post(&format!("{path}/participants"), r#"{"name": "Аня"}"#).await.json();
    assert_eq!(merged["split"]["participants"].as_array().unwrap().len(), 2);
    let claims = json!([
        { "line": 1, "participant": 2, "numerator": 1, "denominator": 1 },
        { "line": 2, "participant": 2, "numerator": 1, "denominator": 4 },
    ]);
    assert_eq!(merged["split"]["claims"], claims);
    assert_eq!(stage.state(&path).await["split"], merged["split"], "the stored state equals the response");
    let next = stage.join(&path, 8).await;
    assert_eq!(next, 4, "a number is never reused");
}

#[tokio::test]
async fn at_most_fifty_participants_share_a_cheque() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    for user in 2..=50 {
        stage.join(&path, user).await;
    }
    let refused = stage.user(51).post(&format!("{path}/participants"), r#"{"name": "Аня"}"#).await;
    assert_eq!(problem(&refused), (409, "too_many_participants".into(), Value::Null));
    assert_eq!(stage.user(50).post(&format!("{path}/participants"), r#"{"name": "Аня"}"#).await.status, 200);
}

#[tokio::test]
async fn owned_and_joined_cheques_are_listed_newest_first() {
    let stage = Stage::with(&[("SHARE_BASE_URL", "https://chipin.example/")]).await;
    let (first, second) = (stage.cheque(&[100]).await, stage.cheque(&[300]).await);
    stage.join(&second, 7).await;
    stage.join(&first, 7).await;
    stage.user(7).put(&format!("{second}/claims/1"), r#"{"numerator": 1, "denominator": 3}"#).await;
    let list = stage.user(7).get("/cheques").await.json();
    let hashes: Vec<&str> = list.as_array().unwrap().iter().map(|cheque| cheque["hash"].as_str().unwrap()).collect();
    assert_eq!(hashes, [&second[1..], &first[1..]]);
    let expected = json!({
        "hash": second[1..], "url": format!("https://chipin.example/small-router{second}"), "status": "open",
        "owner": false, "total_account": 3, "currency": "RUB", "due": 1, "settlement": { "state": "none" },
        "participants": 2, "created_at": list[0]["created_at"], "expires_at": list[0]["expires_at"],
    });
    assert_eq!(list[0], expected);
    assert_eq!(stage.owner().get("/cheques").await.json()[0]["owner"], json!(true));
    assert_eq!(stage.user(9).get("/cheques").await.json(), json!([]));
    assert_eq!(stage.anonymous().get("/cheques").await.status, 401);
    assert_eq!(stage.owner().delete(&second).await.status, 204);
    assert_eq!(stage.user(7).get("/cheques").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_repeated_join_with_the_same_key_gets_the_first_answer_and_joins_once() {
    let stage = Stage::new().await;
    let (path, other) = (stage.cheque(&[100]).await, stage.cheque(&[100]).await);
    let participants = format!("{path}/participants");
    let (body, other_body) = (r#"{"name": "Аня"}"#, r#"{"name": "Вася"}"#);
    // Two guests have the same key by chance: each has their own answers.
    for (client, joined) in [(stage.anonymous(), 2), (stage.user(7), 3)] {
        let keyed = client.with_header("idempotency-key", "join-1, drawn at random");
        let first = keyed.post(&participants, body).await;
        let again = keyed.post(&participants, body).await;
        assert_eq!((first.status.as_u16(), &first.json()["you"]), (201, &json!(joined)));
        assert_eq!((again.status, again.header("idempotency-replayed")), (first.status, "true"));
        assert_eq!(again.json(), first.json(), "a guest gets the same token again");
        let reused = (422, "idempotency_key_reused".to_owned(), Value::Null);
        assert_eq!(problem(&keyed.post(&participants, other_body).await), reused, "another body");
        assert_eq!(problem(&keyed.post(&format!("{other}/participants"), body).await), reused, "another cheque");
    }
    assert_eq!(stage.state(&path).await["split"]["participants"].as_array().unwrap().len(), 3);
}

/// A key of a guest is long, because it gives the guest's secret again.
const KEY: &str = "f7a1a4a0-6d1f-4a5e-9a39-8c1d1cf1d1a7";

#[tokio::test]
async fn a_short_key_of_a_new_guest_is_refused_because_it_can_be_guessed() {
    let stage = Stage::new().await;
    let participants = format!("{}/participants", stage.cheque(&[100]).await);
    let body = r#"{"name": "Аня"}"#;
    let guest = stage.anonymous().with_header("idempotency-key", "1").post(&participants, body).await;
    assert_eq!(guest.status, 422);
    let user = stage.user(7).with_header("idempotency-key", "1").post(&participants, body).await;
    assert_eq!(user.status, 201, "a user is known without the key");
}

#[tokio::test]
async fn a_key_finds_no_answer_to_another_guest() {
    let stage = Stage::new().await;
    let participants = format!("{}/participants", stage.cheque(&[100]).await);
    let first = stage.anonymous().with_header("idempotency-key", KEY).post(&participants, r#"{"name": "Аня"}"#).await;
    let token = first.json()["participant_token"].as_str().unwrap().to_owned();
    let known = stage.guest(&token).with_header("idempotency-key", KEY);
    let renamed = known.post(&participants, r#"{"name": "Анна"}"#).await;
    assert_eq!((renamed.status.as_u16(), &renamed.json()["participant_token"]), (200, &Value::Null));
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("select body from idempotency_keys").fetch_all(&stage.pool).await.unwrap();
    assert!(stored.iter().all(|body| !String::from_utf8_lossy(body).contains(&token)), "the secret is not stored");
}

#[tokio::test]
async fn people_of_the_same_name_are_numbered() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    for (user, name) in [(7, "Anna"), (8, "anna"), (9, "Boris"), (10, "Anna")] {
        let joined = stage.user(user).post(&format!("{path}/participants"), &json!({ "name": name }).to_string()).await;
        assert_eq!(joined.status, 201, "{}", joined.text);
    }
    let shown = stage.state(&path).await;
    let numbers: Vec<_> =
        shown["split"]["participants"].as_array().unwrap().iter().map(|one| one["namesake"].clone()).collect();
    assert_eq!(numbers, [Value::Null, Value::Null, json!(2), Value::Null, json!(3)]);
}
