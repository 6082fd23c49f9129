//! Further photos of a bill add their lines.

use crate::stage::{OWNER, Stage, balanced, recognized};
use contracts::cheque::{Cheque, PhotoSize};
use contracts::ids::{ChequeHash, UserId};
use contracts::money::BillMoney;
use contracts::ocr::ChequePageRead;
use serde_json::{Value, json};
use testkit::eventually;

/// What was read on another photo: tea, and the total of the whole bill.
fn page(hash: &ChequeHash, number: u32, total: i64) -> ChequePageRead {
    let mut cheque: Cheque = serde_json::from_str(&balanced(&[30_000]).to_string()).unwrap();
    cheque.products[0].name = "Чай".into();
    cheque.total_account = Some(BillMoney::from_hundredths(total));
    cheque.photo = Some(PhotoSize { width: 600, height: 900 });
    cheque.recompute_status();
    let owner_id = UserId::try_from(OWNER).unwrap();
    ChequePageRead { hash: hash.clone(), owner_id, page: number, again: false, cheque: cheque.numbered_from(number) }
}

/// A bill whose total is on its second photo; returns its hash and path.
async fn first_part(stage: &Stage) -> (ChequeHash, String) {
    let mut cheque = balanced(&[10_000, 20_000]);
    cheque["total_account"] = Value::Null;
    cheque["status"] = json!("needs_review");
    let read = recognized(&cheque);
    stage.broker.announce(&read).await;
    stage.eventually_here(&read.hash).await;
    (read.hash.clone(), format!("/{}", read.hash))
}

async fn handled(stage: &Stage, events: i64) {
    eventually(events, async || {
        sqlx::query_scalar::<_, i64>("select count(*) from inbox").fetch_one(&stage.pool).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_second_photo_completes_the_bill_for_everyone_who_watches() {
    let stage = Stage::new().await;
    let (hash, path) = first_part(&stage).await;
    stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/2"), r#"{"numerator": 1, "denominator": 1}"#).await;
    let mut socket = stage.watch(&path).await.unwrap();
    let before = socket.next().await;
    stage.broker.announce(&page(&hash, 2, 60_000)).await;
    let pushed = socket.next().await;
    assert_eq!((&pushed["cheque"]["status"], &pushed["cheque"]["total_account"]), (&json!("balanced"), &json!(600)));
    assert!(pushed["version"].as_i64() > before["version"].as_i64());
    let shown = stage.state(&path).await;
    assert_eq!(shown["cheque"]["products"][2]["id"], json!(3));
    assert_eq!(shown["cheque"]["products"][2]["box"]["page"], json!(2));
    assert_eq!(shown["cheque"]["photos"][1], json!({ "page": 2, "width": 600, "height": 900 }));
    assert_eq!(shown["split"]["claims"].as_array().unwrap().len(), 1, "claims stay");
    assert_eq!(shown["split"]["cheque_version"], shown["split"]["version"], "edits of the older bill are refused");
}

#[tokio::test]
async fn a_photo_that_arrives_after_money_has_moved_changes_nothing() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 1}"#).await;
    let transfer = crate::stage::transfer_of(&stage.settle(&path, 7).await);
    let before = stage.state(&path).await;
    let hash = ChequeHash::try_from(path[1..].to_owned()).unwrap();
    stage.broker.announce(&page(&hash, 2, 40_000)).await;
    handled(&stage, 2).await;
    assert_eq!(stage.state(&path).await, before);
    stage.complete(transfer).await;
    stage.eventually_settled(&path, 2, "paid").await;
    let dead: i64 = sqlx::query_scalar("select count(*) from dead_letters").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(dead, 0, "it is no error");
}

#[tokio::test]
async fn a_photo_taken_again_takes_the_place_of_the_first_unless_lines_are_claimed() {
    let stage = Stage::new().await;
    let (hash, path) = first_part(&stage).await;
    stage.broker.announce(&ChequePageRead { again: true, ..page(&hash, 2, 30_000) }).await;
    eventually(json!(1), async || json!(stage.state(&path).await["cheque"]["products"].as_array().unwrap().len()))
        .await;
    let shown = stage.state(&path).await;
    assert_eq!((&shown["cheque"]["products"][0]["id"], &shown["cheque"]["status"]), (&json!(3), &json!("balanced")));
    assert_eq!((&shown["cheque"]["photo"], &shown["cheque"]["photos"][0]["page"]), (&Value::Null, &json!(2)));
    stage.owner().put(&format!("{path}/claims/3"), r#"{"numerator": 1, "denominator": 2}"#).await;
    let before = stage.state(&path).await;
    stage.broker.announce(&ChequePageRead { again: true, ..page(&hash, 3, 30_000) }).await;
    handled(&stage, 3).await;
    assert_eq!(stage.state(&path).await, before);
}

#[tokio::test]
async fn a_bill_by_hand_gets_the_lines_of_its_first_photo() {
    let stage = Stage::new().await;
    let entered = stage.owner().post("/cheques", r#"{"total_account": 300, "confirmed": true}"#).await.json();
    let hash = ChequeHash::try_from(entered["hash"].as_str().unwrap().to_owned()).unwrap();
    stage.eventually_announced("router.ChequeEntered.v1", 1).await;
    let stranger = ChequePageRead { owner_id: UserId::try_from(9).unwrap(), ..page(&hash, 1, 30_000) };
    stage.broker.announce(&stranger).await;
    handled(&stage, 1).await;
    let path = format!("/{hash}");
    assert_eq!(stage.state(&path).await["cheque"]["products"], json!([]), "a photo of another user");
    stage.broker.announce(&page(&hash, 1, 30_000)).await;
    handled(&stage, 2).await;
    let shown = stage.state(&path).await;
    assert_eq!((&shown["cheque"]["status"], &shown["split"]["payable"]), (&json!("balanced"), &json!(true)));
    assert_eq!(shown["cheque"]["photo"], json!({ "width": 600, "height": 900 }));
}
