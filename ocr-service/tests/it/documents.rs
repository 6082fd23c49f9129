//! PDF and HEIC files are read like photos, in the same isolated workers.

use crate::pdf::pdf;
use crate::stage::{Stage, load};
use serde_json::{Value, json};
use testkit::eventually;

/// Made with libheif from a drawn slip.
const HEIC: &[u8] = include_bytes!("files/slip.heic");

const FIRST: &[&str] =
    &["CAFE CENTRAL", "12.03.2026  14:05", "", "Coffee                  2.00", "Apple cake              3.00"];
const SECOND: &[&str] =
    &["Green tea               4.00", "Tomato soup             6.00", "", "TOTAL                  15.00"];

fn amounts(read: &Value) -> Vec<Value> {
    read["cheque"]["products"].as_array().unwrap().iter().map(|line| line["total"].clone()).collect()
}

#[tokio::test]
async fn the_pages_of_a_pdf_are_one_bill_with_a_photo_each() {
    let stage = Stage::new().await;
    let answer = load(&stage.user(1), "", &pdf(&[FIRST, SECOND])).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let read = answer.json();
    assert_eq!(amounts(&read), [json!(2), json!(3), json!(4), json!(6)]);
    assert_eq!((&read["cheque"]["total_account"], &read["cheque"]["status"]), (&json!(15), &json!("balanced")));
    let products = read["cheque"]["products"].as_array().unwrap();
    assert_eq!((&products[0]["box"]["page"], &products[3]["box"]["page"]), (&Value::Null, &json!(2)));
    let path = format!("/cheques/{}/photo", read["hash"].as_str().unwrap());
    for page in [1, 2] {
        let photo = stage.user(1).get(&format!("{path}?page={page}")).await;
        let decoded = image::load_from_memory(&photo.bytes).unwrap();
        let known = &read["cheque"]["photos"][page - 1];
        assert_eq!(*known, json!({ "page": page, "width": decoded.width(), "height": decoded.height() }));
    }
    let none = stage.user(1).get(&format!("{path}?page=3")).await;
    assert_eq!((none.status.as_u16(), none.json()["code"].clone()), (404, json!("photo_not_found")));
    assert_eq!(stage.user(1).get(&format!("{path}?page=x")).await.status, 422);
    assert_eq!(stage.photos.count(), 2);
    eventually(1, async || stage.broker.messages("captured.ocr").await).await;
}

#[tokio::test]
async fn a_pdf_with_one_page_is_like_a_photo() {
    let stage = Stage::new().await;
    let lines = [FIRST, &["", "TOTAL                   5.00"]].concat();
    let read = load(&stage.user(1), "", &pdf(&[&lines])).await.json();
    assert_eq!((amounts(&read), &read["cheque"]["total_account"]), (vec![json!(2), json!(3)], &json!(5)));
    assert_eq!(read["cheque"]["photos"], Value::Null);
    assert!(read["cheque"]["photo"]["width"].is_u64());
}

#[tokio::test]
async fn pages_after_the_fifth_are_left_out() {
    let stage = Stage::new().await;
    let pages: Vec<Vec<String>> = (1..=7).map(|n| vec![format!("Sandwich with cheese {n}    {n}.00"); 2]).collect();
    let lines: Vec<Vec<&str>> = pages.iter().map(|page| page.iter().map(String::as_str).collect()).collect();
    let pages: Vec<&[&str]> = lines.iter().map(Vec::as_slice).collect();
    let answer = load(&stage.user(1), "", &pdf(&pages)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["cheque"]["photos"].as_array().unwrap().len(), 5);
    assert_eq!(stage.photos.count(), 5);
}

#[tokio::test]
async fn a_heic_is_read_like_a_photo() {
    let stage = Stage::new().await;
    let answer = load(&stage.user(1), "", HEIC).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let read = answer.json();
    assert_eq!((amounts(&read), &read["cheque"]["total_account"]), (vec![json!(2), json!(3)], &json!(5)));
    let photo = stage.user(1).get(&format!("/cheques/{}/photo", read["hash"].as_str().unwrap())).await;
    assert_eq!(photo.header("content-type"), "image/jpeg", "browsers that can't show a HEIC show this");
}

#[tokio::test]
async fn a_damaged_document_is_refused_and_stores_nothing() {
    let stage = Stage::new().await;
    let whole = pdf(&[FIRST, SECOND]);
    let locked = String::from_utf8(whole.clone()).unwrap().replace(
        "/Root 1 0 R",
        "/Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <00> /U <00> >>",
    );
    let empty = pdf(&[]);
    let narrow = String::from_utf8(whole).unwrap().replace("[0 0 300 420]", "[0 0 1 9999]");
    let files: [(&str, &[u8]); 5] = [
        ("a password", locked.as_bytes()),
        ("no page", &empty),
        ("a page without width", narrow.as_bytes()),
        ("half a HEIC", &HEIC[..HEIC.len() / 2]),
        ("only a mark", b"%PDF-1.7"),
    ];
    for (name, file) in files {
        let answer = load(&stage.user(1), "", file).await;
        let problem = (answer.status.as_u16(), answer.json()["code"].clone());
        assert_eq!(problem, (422, json!("broken_picture")), "{name}: {}", answer.text);
    }
    assert_eq!((stage.count("cheques").await, stage.photos.count()), (0, 0));
    assert_eq!(stage.user(1).get("/readyz").await.status, 200);
}
