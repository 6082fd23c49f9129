//! A user enters a bill by hand, without a photo.

use crate::stage::{OWNER, Stage, problem};
use http::StatusCode;
use serde_json::{Value, json};

fn bill() -> Value {
    json!({
        "currency": "EUR", "total_account": 26.5, "service": 2.5,
        "products": [
            { "name": "Soup", "numberServings": 2, "price": 7, "total": 14 },
            { "name": "Bread", "numberServings": 1, "total": 10, "modifiers": ["rye"] },
        ],
    })
}

#[tokio::test]
async fn a_bill_by_hand_is_shared_like_one_from_a_photo() {
    let stage = Stage::new().await;
    let entered = stage.owner().post("/cheques", &bill().to_string()).await;
    assert_eq!(entered.status, StatusCode::CREATED, "{}", entered.text);
    let shown = entered.json();
    let (hash, url) = (shown["hash"].as_str().unwrap(), shown["url"].as_str().unwrap());
    assert!(url.ends_with(&format!("/small-router/{hash}")));
    assert_eq!(entered.headers["location"], url);
    assert_eq!((&shown["owner"], &shown["cheque"]["status"]), (&json!(true), &json!("balanced")));
    let path = format!("/{hash}");
    let token = stage.join_as_guest(&path).await;
    let claimed = stage.guest(&token).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 2}"#).await;
    assert_eq!(claimed.status, StatusCode::OK, "{}", claimed.text);
    let seen = stage.state(&path).await;
    assert_eq!(seen["cheque"]["products"], shown["cheque"]["products"]);
    assert_eq!(seen["split"]["participants"][1]["due"], json!(7.73), "half of the soup, with its part of the service");
    assert_eq!(stage.owner().get("/cheques").await.json()[0]["hash"], json!(hash));
    assert_eq!(stage.announced("router.ChequeRequested.v1").await, Vec::<Value>::new(), "nothing is asked of ocr");
}

#[tokio::test]
async fn a_bill_with_only_a_total_is_divided_equally() {
    let stage = Stage::new().await;
    let entered = stage.owner().post("/cheques", r#"{"total_account": 100, "confirmed": true}"#).await;
    assert_eq!(entered.status, StatusCode::CREATED, "{}", entered.text);
    let shown = entered.json();
    assert_eq!((&shown["split"]["method"], &shown["split"]["payable"]), (&json!("equal"), &json!(true)));
    let path = format!("/{}", shown["hash"].as_str().unwrap());
    let participant = stage.join(&path, 7).await;
    assert_eq!(stage.settle(&path, 7).await.status, 202);
    let seen = stage.state(&path).await;
    assert_eq!(seen["split"]["method"], json!("equal"), "the method was stored");
    assert_eq!(crate::stage::participant_of(&seen, participant)["due"], json!(50));
}

#[tokio::test]
async fn a_repeated_request_enters_one_bill() {
    let stage = Stage::new().await;
    let owner = stage.owner().with_header("idempotency-key", "one-bill");
    let first = owner.post("/cheques", &bill().to_string()).await;
    let again = owner.post("/cheques", &bill().to_string()).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!((again.json(), &again.headers["location"]), (first.json(), &first.headers["location"]));
    assert_eq!(stage.owner().get("/cheques").await.json().as_array().unwrap().len(), 1);
    let other = owner.post("/cheques", r#"{"total_account": 1}"#).await;
    assert_eq!(problem(&other).1, "idempotency_key_reused");
}

#[tokio::test]
async fn an_unusable_bill_is_refused_with_the_place_of_each_error() {
    let stage = Stage::new().await;
    let refused = async |body: &str| problem(&stage.owner().post("/cheques", body).await);
    let invalid = |pointer: &str| (422, "invalid_request".to_owned(), json!(pointer));
    assert_eq!(refused("{}").await, invalid("/total_account"));
    assert_eq!(refused(r#"{"products": []}"#).await, invalid("/total_account"));
    assert_eq!(refused(r#"{"total_account": 1, "version": 3}"#).await, invalid("/version"));
    assert_eq!(refused(r#"{"total_account": -1}"#).await, invalid("/total_account"));
    assert_eq!(refused(r#"{"total_account": 1, "currency": "euro"}"#).await, invalid("/currency"));
    let known = json!({ "products": [{ "id": 1, "name": "Soup", "numberServings": 1, "total": 1 }] }).to_string();
    assert_eq!(refused(&known).await, invalid("/products/0/id"));
    assert_eq!(stage.anonymous().post("/cheques", &bill().to_string()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stage.user(OWNER).get("/cheques").await.json(), json!([]));
}

#[tokio::test]
async fn its_owner_corrects_and_deletes_it() {
    let stage = Stage::new().await;
    let shown = stage.owner().post("/cheques", &bill().to_string()).await.json();
    let path = format!("/{}", shown["hash"].as_str().unwrap());
    let corrected =
        stage.owner().patch(&format!("{path}/cheque"), r#"{"version": 1, "service": null, "total_account": 24}"#).await;
    assert_eq!((corrected.status.as_u16(), &corrected.json()["cheque"]["status"]), (200, &json!("balanced")));
    assert_eq!(stage.user(7).delete(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.owner().delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.anonymous().get(&path).await.status, StatusCode::GONE);
    stage.eventually_announced("router.ChequeDeleted.v1", 1).await;
}
