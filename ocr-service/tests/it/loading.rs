//! A photo is read, stored, and announced.

use crate::pictures;
use crate::stage::{Stage, load};
use serde_json::json;
use testkit::eventually;
use uuid::Uuid;

#[tokio::test]
async fn a_photo_becomes_a_cheque_with_a_link_and_is_announced() {
    let stage = Stage::with(&[("SHARE_BASE_URL", "https://chipin.example/")]).await;
    let answer = load(&stage.user(1), "", &testkit::picture::png(&pictures::slip())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let read = answer.json();
    let hash = read["hash"].as_str().unwrap();
    assert_eq!(hash.len(), 22);
    assert_eq!(read["url"], format!("https://chipin.example/small-router/{hash}"));
    assert_eq!(answer.header("location"), read["url"]);
    assert_eq!(read["cheque"]["total_account"], json!(5));
    assert_eq!(stage.user(1).get(&format!("/cheques/{hash}")).await.json(), read);

    eventually(1, async || stage.broker.messages("captured.ocr").await).await;
    let event = stage.broker.captured_events("ocr").await.remove(0);
    assert_eq!((&event["type"], &event["subject"]), (&json!("ocr.ChequeRecognized.v1"), &json!(hash)));
    let expected = json!({
        "hash": hash, "owner_id": 1, "expires_at": read["expires_at"], "cheque": read["cheque"],
    });
    assert_eq!(event["data"], expected);

    let key = format!("cheque:{hash}");
    let handed_over: serde_json::Value = serde_json::from_str(&stage.redis.get(&key).await.unwrap()).unwrap();
    assert_eq!(handed_over, expected);
    assert!((86_000..=86_400).contains(&stage.redis.ttl(&key).await));
}

#[tokio::test]
async fn the_photo_is_stored_upright_and_without_metadata() {
    let stage = Stage::new().await;
    let answer = load(&stage.user(1), "", &pictures::sideways()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let read = answer.json();
    assert_eq!(read["cheque"]["total_account"], json!(5), "the picture was rotated before reading");

    let anonymous = testkit::Client::new(&stage.program.url());
    let photo = anonymous.get(&format!("/cheques/{}/photo", read["hash"].as_str().unwrap())).await;
    assert_eq!((photo.status.as_u16(), photo.header("content-type")), (200, "image/jpeg"));
    assert_eq!(photo.header("cache-control"), "no-store");
    assert_eq!(photo.header("content-disposition"), "inline; filename=\"bill.jpg\"");
    let decoded = image::load_from_memory(&photo.bytes).unwrap();
    let size = json!({ "width": decoded.width(), "height": decoded.height() });
    assert_eq!(read["cheque"]["photo"], size);
    let upright = pictures::slip().dimensions();
    assert_eq!((decoded.width(), decoded.height()), upright);
    for text in [b"Exif".as_slice(), b"Secret"] {
        assert!(!photo.bytes.windows(text.len()).any(|bytes| bytes == text));
    }
}

#[tokio::test]
async fn the_progress_of_a_reading_can_be_queried_by_its_id() {
    let stage = Stage::new().await;
    let (user, anonymous) = (stage.user(1), testkit::Client::new(&stage.program.url()));
    let id = Uuid::new_v4();
    assert_eq!(anonymous.get(&format!("/readings/{id}")).await.json()["code"], "reading_not_found");
    assert_eq!(anonymous.get("/readings/not-an-id").await.status, 404);
    let mut seen = vec![];
    let file = pictures::long_slip();
    let query = format!("?reading={id}");
    let loading = load(&user, &query, &file);
    let watching = async {
        loop {
            let reading = anonymous.get(&format!("/readings/{id}")).await.json();
            if reading["state"] == "reading" && reading["step"].is_u64() {
                assert!(reading["step"].as_u64() <= reading["steps"].as_u64(), "{reading}");
            }
            let phase = reading["state"].as_str().unwrap_or_default().to_owned();
            if seen.last() != Some(&phase) {
                seen.push(phase.clone());
            }
            if phase == "read" {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let (answer, ()) = tokio::join!(loading, watching);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(seen.iter().rev().take(2).rev().collect::<Vec<_>>(), ["reading", "read"], "{seen:?}");

    let refused = load(&user, &format!("?reading={id}"), b"nonsense").await;
    assert_eq!(refused.status, 415);
    assert_eq!(anonymous.get(&format!("/readings/{id}")).await.json(), json!({ "state": "refused" }));
    assert_eq!(load(&user, "?reading=mine", &file).await.status, 422);
}

#[tokio::test]
async fn a_picture_without_text_becomes_a_failed_cheque() {
    let stage = Stage::new().await;
    let white = image::GrayImage::from_pixel(600, 800, image::Luma([255]));
    let answer = load(&stage.user(1), "", &testkit::picture::jpeg(&white)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let cheque = &answer.json()["cheque"];
    assert_eq!((&cheque["status"], &cheque["products"]), (&json!("failed"), &json!([])));
    assert_eq!(cheque["total_account"], json!(null));
    assert!(cheque["warnings"].as_array().unwrap().contains(&json!("no_text")), "{cheque}");
}

#[tokio::test]
async fn a_repeated_upload_with_the_same_key_gets_the_first_answer_and_one_cheque() {
    let stage = Stage::new().await;
    let picture = testkit::picture::png(&pictures::slip());
    let keyed = stage.user(1).with_header("idempotency-key", "photo-1");
    let first = load(&keyed, "", &picture).await;
    let id = Uuid::new_v4();
    let again = load(&keyed, &format!("?reading={id}"), &picture).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{}", again.text);
    assert_eq!((again.json(), again.header("location")), (first.json(), first.header("location")));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let progress = testkit::Client::new(&stage.program.url()).get(&format!("/readings/{id}")).await;
    assert_eq!(progress.json(), json!({ "state": "read" }));
    assert_eq!((stage.count("cheques").await, stage.photos.count()), (1, 1));
    let other = load(&keyed, "", &pictures::sideways()).await;
    assert_eq!((other.status.as_u16(), &other.json()["code"]), (422, &json!("idempotency_key_reused")));
    let other_user = stage.user(2).with_header("idempotency-key", "photo-1");
    assert_ne!(load(&other_user, "", &picture).await.json()["hash"], first.json()["hash"]);
}

#[tokio::test]
async fn two_uploads_at_once_with_the_same_key_make_one_cheque() {
    let stage = Stage::with(&[("OCR_WORKERS", "2")]).await;
    let picture = testkit::picture::png(&pictures::slip());
    let keyed = stage.user(1).with_header("idempotency-key", "photo-1");
    let (one, two) = tokio::join!(load(&keyed, "", &picture), load(&keyed, "", &picture));
    for answer in [&one, &two] {
        let code = answer.json()["code"].clone();
        assert!(answer.status == 201 || (answer.status == 409 && code == "idempotency_key_in_use"), "{}", answer.text);
    }
    assert!(one.status == 201 || two.status == 201);
    assert_eq!((stage.count("cheques").await, stage.photos.count()), (1, 1));
}
