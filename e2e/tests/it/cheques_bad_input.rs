//! Invalid photos, links and requests get a clear error, and nothing is lost.

use crate::table::Table;
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::{TestResponse, picture};

const MEGABYTE: usize = 1024 * 1024;

fn problem(answer: &TestResponse) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text);
    (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// A PNG whose header declares 30000 by 30000 pixels, without any pixels.
fn huge_png() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    file.extend(30_000_u32.to_be_bytes());
    file.extend(30_000_u32.to_be_bytes());
    // Eight bits per channel, colour; and the correct checksum of this chunk, which a decoder checks.
    file.extend([8, 2, 0, 0, 0]);
    file.extend(0xe945_6fed_u32.to_be_bytes());
    file.extend([0; 64]);
    file
}

#[tokio::test]
async fn unsupported_files_are_rejected_with_their_format() {
    let table = Table::with_redis(0).await;
    let whole = picture::jpeg(&picture::slip(&["TOTAL 10.00"]));
    let mut too_large = whole.clone();
    too_large.resize(11 * MEGABYTE, 0);
    let cases: [(&str, &[u8], u16, &str); 8] = [
        ("text", b"not a picture, despite its name", 415, "unsupported_picture"),
        ("empty", b"", 422, "empty_file"),
        ("truncated", &whole[..whole.len() / 2], 422, "broken_picture"),
        ("svg", br#"<svg xmlns="http://www.w3.org/2000/svg"><text>1</text></svg>"#, 415, "unsupported_picture"),
        ("broken pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 422, "broken_picture"),
        ("gif", b"GIF89a\x01\0\x01\0\0\0\0;", 415, "unsupported_picture"),
        // The gateway's limit applies before the service's.
        ("11 MB", &too_large, 413, "payload_too_large"),
        ("30000x30000", &huge_png(), 413, "picture_too_large"),
    ];
    for (name, file, status, code) in cases {
        let answer = table.user(1).upload("/ocr/load-image", "cheque.jpg", "image/jpeg", file).await;
        assert_eq!(problem(&answer), (status, code.to_owned()), "{name}: {}", answer.text);
    }
    assert_eq!(table.count("ocr.cheques").await, 0);
    // The next picture is read normally.
    table.photographed().await;
}

#[tokio::test]
async fn a_picture_of_absurd_size_is_refused_by_its_header() {
    let table = Table::with_redis(0).await;
    let file = huge_png();
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let answer = table.user(1).upload("/ocr/load-image", "cheque.png", "image/png", &file).await;
        fastest = fastest.min(started.elapsed());
        assert_eq!(answer.status, 413, "{}", answer.text);
    }
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[tokio::test]
async fn a_picture_without_text_becomes_a_cheque_to_fill_in() {
    let table = Table::with_redis(0).await;
    let blank = picture::png(&picture::slip(&["", "", "", "", "", "", "", "", "", ""]));
    let answer = table.user(1).upload("/ocr/load-image", "blank.png", "image/png", &blank).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let read = answer.json();
    assert_eq!((&read["cheque"]["status"], &read["cheque"]["products"]), (&json!("failed"), &json!([])));
    assert!(read["cheque"]["warnings"].as_array().unwrap().contains(&json!("no_text")), "{}", answer.text);
    let hash = read["hash"].as_str().unwrap();
    let by_hand = json!({
        "version": 1, "total_account": 1.235,
        "products": [{ "name": "Чай", "numberServings": 1.235, "total": 123.5 }],
    });
    let refused = table.user(1).patch(&format!("/small-router/{hash}/cheque"), &by_hand.to_string()).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/total_account", "{}", refused.text);
    let by_hand = json!({
        "version": 1, "total_account": 123.5,
        "products": [{ "name": "Чай", "numberServings": 1.235, "total": 123.5 }],
    });
    let written = table.user(1).patch(&format!("/small-router/{hash}/cheque"), &by_hand.to_string()).await;
    assert_eq!(written.status, 200, "{}", written.text);
    assert_eq!(written.json()["cheque"]["status"], "balanced");
}

#[tokio::test]
async fn invalid_links_and_requests_are_rejected_and_change_nothing() {
    let table = Table::with_redis(0).await;
    let unknown = table.anonymous().get("/small-router/0123456789012345678901").await;
    assert_eq!(problem(&unknown), (404, "cheque_not_found".into()));
    assert_eq!(problem(&table.anonymous().get("/small-router/short").await), (404, "cheque_not_found".into()));

    let hash = table.photographed().await;
    table.takes(2, &hash, 2, 1, 1).await;
    let before = table.state(&hash).await;
    let at = |tail: &str| format!("/small-router/{hash}/{tail}");
    let late = table.user(3).post(&at("participants"), r#"{"name": "Late"}"#).await;
    assert_eq!(late.status, 201, "{}", late.text);

    let (owner, second, third) = (table.user(1), table.user(2), table.user(3));
    let method = at("method");
    let percents = r#"{"method": "percent", "percents": {"1": 50, "2": 49}}"#;
    let cases = [
        ("3/2", third.put(&at("claims/1"), r#"{"numerator": 3, "denominator": 2}"#).await, 422, "invalid_request"),
        ("no line", third.put(&at("claims/99"), r#"{"numerator": 1, "denominator": 1}"#).await, 404, "line_not_found"),
        ("taken", third.put(&at("claims/2"), r#"{"numerator": 1, "denominator": 3}"#).await, 409, "line_taken"),
        (
            "negative tip",
            owner.put(&method, r#"{"method": "items", "tip": {"percent": -1}}"#).await,
            422,
            "invalid_request",
        ),
        ("99 %", owner.put(&method, percents).await, 422, "invalid_request"),
        ("not theirs", second.put(&method, r#"{"method": "equal"}"#).await, 404, "cheque_not_found"),
        ("not theirs", second.patch(&at("cheque"), r#"{"confirmed": true}"#).await, 404, "cheque_not_found"),
        ("another's due", third.post(&at("settle"), r#"{"participant": 2}"#).await, 404, "participant_not_found"),
        ("due without joining", table.user(9).post(&at("settle"), "{}").await, 409, "join_first"),
        ("the owner's due", owner.post(&at("settle"), "{}").await, 409, "owner_owes_nothing"),
        ("nothing due", third.post(&at("settle"), "{}").await, 409, "nothing_due"),
    ];
    for (name, answer, status, code) in cases {
        assert_eq!(problem(&answer), (status, code.to_owned()), "{name}: {}", answer.text);
    }
    let after = table.state(&hash).await;
    assert_eq!(after["split"]["claims"], before["split"]["claims"]);
    assert_eq!(after["split"]["method"], before["split"]["method"]);
    assert_eq!(table.count("payments.transfers").await, 0);
}
