//! A photo is read, stored, and announced.

use crate::pictures;
use crate::stage::{Stage, load};
use serde_json::json;
use testkit::eventually;
use uuid::Uuid;

#[tokio::test]
async fn a_photo_becomes_a_cheque_with_a_link_that_the_others_hear_of() {
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

    eventually(1, async || stage.broker.messages("overheard.ocr").await).await;
    let event = stage.broker.overheard("ocr").await.remove(0);
    assert_eq!((&event["type"], &event["subject"]), (&json!("ocr.ChequeRecognized.v1"), &json!(hash)));
    let told = json!({
        "hash": hash, "owner_id": 1, "expires_at": read["expires_at"], "cheque": read["cheque"],
    });
    assert_eq!(event["data"], told);

    let key = format!("cheque:{hash}");
    let handed_over: serde_json::Value = serde_json::from_str(&stage.redis.get(&key).await.unwrap()).unwrap();
    assert_eq!(handed_over, told);
    assert!((86_000..=86_400).contains(&stage.redis.ttl(&key).await));
}

#[tokio::test]
async fn the_photo_is_kept_upright_and_without_what_the_camera_wrote() {
    let stage = Stage::new().await;
    let answer = load(&stage.user(1), "", &pictures::sideways()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let read = answer.json();
    assert_eq!(read["cheque"]["total_account"], json!(5), "the picture was rotated before reading");

    let nobody = testkit::Client::new(&stage.program.url());
    let photo = nobody.get(&format!("/cheques/{}/photo", read["hash"].as_str().unwrap())).await;
    assert_eq!((photo.status.as_u16(), photo.header("content-type")), (200, "image/jpeg"));
    assert!(photo.header("cache-control").starts_with("private, max-age="), "{}", photo.header("cache-control"));
    let decoded = image::load_from_memory(&photo.bytes).unwrap();
    let size = json!({ "width": decoded.width(), "height": decoded.height() });
    assert_eq!(read["cheque"]["photo"], size);
    let upright = pictures::slip().dimensions();
    assert_eq!((decoded.width(), decoded.height()), upright);
    for word in [b"Exif".as_slice(), b"Secret"] {
        assert!(!photo.bytes.windows(word.len()).any(|bytes| bytes == word));
    }
}

#[tokio::test]
async fn how_far_a_reading_is_can_be_asked_under_the_id_that_the_client_made() {
    let stage = Stage::new().await;
    let (user, nobody) = (stage.user(1), testkit::Client::new(&stage.program.url()));
    let id = Uuid::new_v4();
    assert_eq!(nobody.get(&format!("/readings/{id}")).await.json()["code"], "reading_not_found");
    assert_eq!(nobody.get("/readings/not-an-id").await.status, 404);
    let mut seen = vec![];
    let file = pictures::long_slip();
    let query = format!("?reading={id}");
    let loading = load(&user, &query, &file);
    let watching = async {
        loop {
            let told = nobody.get(&format!("/readings/{id}")).await.json();
            if told["state"] == "reading" && told["step"].is_u64() {
                assert!(told["step"].as_u64() <= told["steps"].as_u64(), "{told}");
            }
            let word = told["state"].as_str().unwrap_or_default().to_owned();
            if seen.last() != Some(&word) {
                seen.push(word.clone());
            }
            if word == "read" {
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
    assert_eq!(nobody.get(&format!("/readings/{id}")).await.json(), json!({ "state": "refused" }));
    assert_eq!(load(&user, "?reading=mine", &file).await.status, 422);
}

#[tokio::test]
async fn a_picture_without_text_is_a_failed_cheque_to_be_filled_in_by_hand() {
    let stage = Stage::new().await;
    let white = image::GrayImage::from_pixel(600, 800, image::Luma([255]));
    let answer = load(&stage.user(1), "", &testkit::picture::jpeg(&white)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let cheque = &answer.json()["cheque"];
    assert_eq!((&cheque["status"], &cheque["products"]), (&json!("failed"), &json!([])));
    assert_eq!(cheque["total_account"], json!(null));
    assert!(cheque["warnings"].as_array().unwrap().contains(&json!("no_text")), "{cheque}");
}
