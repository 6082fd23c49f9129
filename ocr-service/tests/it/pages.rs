//! Further photos of a cheque, and photos of a bill that was entered by hand.

use crate::pictures;
use crate::stage::{Stage, load};
use contracts::ids::{ChequeHash, UserId};
use contracts::router::{ChequeDeleted, ChequeEntered};
use serde_json::{Value, json};
use testkit::eventually;
use time::OffsetDateTime;

fn hash(read: &Value) -> ChequeHash {
    ChequeHash::try_from(read["hash"].as_str().unwrap().to_owned()).unwrap()
}

fn code(answer: &testkit::TestResponse) -> (u16, Value) {
    (answer.status.as_u16(), answer.json()["code"].clone())
}

fn slip() -> Vec<u8> {
    testkit::picture::png(&pictures::slip())
}

/// The bill is known here as soon as a photo of it is looked for.
async fn entered(stage: &Stage) -> ChequeHash {
    let hash = ChequeHash::from_random([8; 22]);
    let expires_at = OffsetDateTime::now_utc() + time::Duration::days(30);
    let owner_id = UserId::try_from(1).unwrap();
    stage.broker.announce(&ChequeEntered { hash: hash.clone(), owner_id, expires_at }).await;
    eventually(1, async || stage.count("cheques").await).await;
    hash
}

#[tokio::test]
async fn a_second_photo_is_stored_and_announced_with_its_number() {
    let stage = Stage::new().await;
    let first = stage.load_slip(1).await;
    let answer = load(&stage.user(1), &format!("?cheque={}", hash(&first)), &slip()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let second = answer.json();
    assert_eq!((&second["hash"], &second["url"]), (&first["hash"], &first["url"]));
    assert_eq!(second["cheque"]["photos"][0]["page"], json!(2));
    assert_eq!(second["cheque"]["products"][0]["box"]["page"], json!(2));
    eventually(2, async || stage.broker.messages("captured.ocr").await).await;
    let event = stage.broker.captured_events("ocr").await.remove(1);
    assert_eq!((&event["type"], &event["subject"]), (&json!("ocr.ChequePageRead.v1"), &first["hash"]));
    let expected = json!({ "hash": first["hash"], "owner_id": 1, "page": 2, "cheque": second["cheque"] });
    assert_eq!(event["data"], expected);
    for page in ["", "?page=1", "?page=2"] {
        let photo = stage.user(2).get(&format!("/cheques/{}/photo{page}", hash(&first))).await;
        assert_eq!((photo.status.as_u16(), photo.header("content-type")), (200, "image/jpeg"), "{page}");
    }
    let again = load(&stage.user(1), &format!("?cheque={}&again=true", hash(&first)), &slip()).await;
    assert_eq!(again.json()["cheque"]["photos"][0]["page"], json!(3), "a number is never used twice");
    eventually(3, async || stage.broker.messages("captured.ocr").await).await;
    assert_eq!(stage.broker.captured_events("ocr").await[2]["data"]["again"], json!(true));
}

#[tokio::test]
async fn only_the_owner_adds_photos() {
    let stage = Stage::new().await;
    let first = stage.load_slip(1).await;
    let path = format!("?cheque={}", hash(&first));
    assert_eq!(code(&load(&stage.user(2), &path, &slip()).await), (404, json!("cheque_not_found")));
    let invented = load(&stage.user(1), "?cheque=nonsense", &slip()).await;
    assert_eq!(code(&invented), (404, json!("cheque_not_found")));
    assert_eq!(load(&stage.user(1), &format!("{path}&again=maybe"), &slip()).await.status, 422);
    assert_eq!(load(&stage.user(1), "?again=true", &slip()).await.status, 422);
    assert_eq!((stage.count("pages").await, stage.photos.count()), (0, 1));
    stage.broker.announce(&ChequeDeleted { hash: hash(&first) }).await;
    eventually(0, async || stage.photos.count()).await;
    assert_eq!(code(&load(&stage.user(1), &path, &slip()).await), (410, json!("cheque_expired")));
}

#[tokio::test]
async fn a_repeated_upload_adds_one_photo() {
    let stage = Stage::new().await;
    let (first, other) = (stage.load_slip(1).await, stage.load_slip(1).await);
    let owner = stage.user(1).with_header("idempotency-key", "second-photo");
    let path = format!("?cheque={}", hash(&first));
    let (one, two) = (load(&owner, &path, &slip()).await, load(&owner, &path, &slip()).await);
    assert_eq!((one.status.as_u16(), one.json()), (two.status.as_u16(), two.json()));
    let elsewhere = load(&owner, &format!("?cheque={}", hash(&other)), &slip()).await;
    assert_eq!(code(&elsewhere), (422, json!("idempotency_key_reused")));
    assert_eq!((stage.count("pages").await, stage.photos.count()), (1, 3));
}

#[tokio::test]
async fn a_photo_in_the_first_instant_of_a_bill_by_hand_waits_for_its_event() {
    let stage = Stage::new().await;
    let hash = ChequeHash::from_random([9; 22]);
    let path = format!("?cheque={hash}");
    let unknown = load(&stage.user(1), &path, &slip()).await;
    assert_eq!((code(&unknown), unknown.header("retry-after")), ((404, json!("cheque_not_found")), "2"));
    let expires_at = OffsetDateTime::now_utc() + time::Duration::days(30);
    let event = ChequeEntered { hash: hash.clone(), owner_id: UserId::try_from(1).unwrap(), expires_at };
    let (user, picture) = (stage.user(1), slip());
    // The event arrives while the request waits.
    let (answer, _) = tokio::join!(load(&user, &path, &picture), stage.broker.announce(&event));
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["hash"], json!(hash));
}

#[tokio::test]
async fn a_bill_by_hand_gets_photo_1() {
    let stage = Stage::new().await;
    let hash = entered(&stage).await;
    let none = stage.user(1).get(&format!("/cheques/{hash}/photo")).await;
    assert_eq!(code(&none), (404, json!("photo_not_found")));
    let path = format!("?cheque={hash}");
    assert_eq!(code(&load(&stage.user(2), &path, &slip()).await), (404, json!("cheque_not_found")));
    let answer = load(&stage.user(1), &path, &slip()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(answer.json()["cheque"]["photo"]["width"].is_u64(), "it is an ordinary first photo");
    assert_eq!(stage.user(7).get(&format!("/cheques/{hash}/photo")).await.status, 200);
    eventually(1, async || stage.broker.messages("captured.ocr").await).await;
    assert_eq!(stage.broker.captured_events("ocr").await[0]["data"]["page"], json!(1));
}

#[tokio::test]
async fn deleting_a_cheque_deletes_all_its_photos() {
    let stage = Stage::new().await;
    let first = stage.load_slip(1).await;
    load(&stage.user(1), &format!("?cheque={}", hash(&first)), &slip()).await;
    let by_hand = ChequeHash::from_random([8; 22]);
    assert_eq!(stage.photos.count(), 2);
    stage.broker.announce(&ChequeDeleted { hash: hash(&first) }).await;
    // A bill by hand that this service does not know: its event may come later, or has been lost.
    stage.broker.announce(&ChequeDeleted { hash: by_hand }).await;
    eventually(0, async || stage.photos.count()).await;
    eventually(0, async || stage.count("pages").await).await;
    eventually(2, async || stage.count("inbox").await).await;
    assert_eq!(stage.count("dead_letters").await, 0);
}

#[tokio::test]
async fn a_deleted_bill_by_hand_without_a_photo_is_gone() {
    let stage = Stage::new().await;
    let hash = entered(&stage).await;
    stage.broker.announce(&ChequeDeleted { hash: hash.clone() }).await;
    eventually(1, async || stage.count("cheques where cheque is null").await).await;
    assert_eq!(code(&load(&stage.user(1), &format!("?cheque={hash}"), &slip()).await), (410, json!("cheque_expired")));
    assert_eq!(stage.count("dead_letters").await, 0);
}
