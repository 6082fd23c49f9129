//! Invalid input gets the right problem document, and nothing is stored.

use crate::pictures;
use crate::stage::{Stage, load};
use http::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::{Client, TestResponse};

const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\0";
const SVG: &[u8] = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><text>TOTAL 5.00</text></svg>";

fn status_and_code(answer: &TestResponse) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text);
    (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn unsupported_files_are_rejected_with_their_format() {
    let stage = Stage::new().await;
    let jpeg = testkit::picture::jpeg(&pictures::slip());
    let files: [(&str, &[u8], (u16, &str)); 9] = [
        ("nonsense", b"nonsense", (415, "unsupported_picture")),
        ("SVG", SVG, (415, "unsupported_picture")),
        ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", (415, "unsupported_picture")),
        ("a truncated PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", (422, "broken_picture")),
        ("a truncated HEIC", HEIC, (422, "broken_picture")),
        ("GIF", b"GIF89a\x01\0\x01\0\0\0\0;", (415, "unsupported_picture")),
        ("empty", b"", (422, "empty_file")),
        ("a truncated header", &jpeg[..20], (422, "broken_picture")),
        ("a truncated JPEG", &jpeg[..jpeg.len() / 2], (422, "broken_picture")),
    ];
    for (name, file, (status, code)) in files {
        let answer = load(&stage.user(1), "", file).await;
        assert_eq!(status_and_code(&answer), (status, code.to_owned()), "{name}: {}", answer.text);
        if ["SVG", "AVIF"].contains(&name) {
            assert!(answer.json()["detail"].as_str().unwrap().contains(name), "{}", answer.text);
        }
    }
    assert_eq!((stage.count("cheques").await, stage.count("outbox").await, stage.photos.count()), (0, 0, 0));
}

#[tokio::test]
async fn too_many_pixels_are_refused_by_the_header_within_50_ms() {
    let stage = Stage::new().await;
    let file = pictures::png_header(30_000, 30_000);
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let began = Instant::now();
        let answer = load(&stage.user(1), "", &file).await;
        fastest = fastest.min(began.elapsed());
        assert_eq!(status_and_code(&answer), (413, "picture_too_large".to_owned()));
    }
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[tokio::test]
async fn too_many_bytes_are_rejected_and_the_client_gets_the_response() {
    let stage = Stage::new().await;
    let mut file = testkit::picture::jpeg(&pictures::slip());
    for size in [10 * 1024 * 1024 + 1, 11_000_000, 30_000_000] {
        file.resize(size, 0);
        assert_eq!(
            status_and_code(&load(&stage.user(1), "", &file).await),
            (413, "picture_too_large".to_owned()),
            "{size}"
        );
    }
    file.truncate(10 * 1024 * 1024);
    let largest = load(&stage.user(1), "", &file).await;
    assert_ne!(largest.status, 413, "the bytes after the picture are ignored: {}", largest.text);
}

#[tokio::test]
async fn a_body_without_a_file_part_is_rejected() {
    let stage = Stage::new().await;
    let (user, nobody) = (stage.user(1), Client::new(&stage.program.url()));
    let form = Some("multipart/form-data; boundary=b");
    let send = async |content_type, body: &str| {
        status_and_code(&user.send(Method::POST, "/load-image", content_type, body).await)
    };
    let other = "--b\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\nx\r\n--b--\r\n";
    assert_eq!(send(form, other).await, (422, "file_missing".to_owned()));
    assert_eq!(send(form, "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx").await.0, 400);
    assert_eq!(send(Some("application/json"), "{}").await, (415, "unsupported_media_type".to_owned()));
    assert_eq!(send(Some("multipart/form-data"), "x").await, (415, "unsupported_media_type".to_owned()));
    let anonymous = load(&nobody, "", &testkit::picture::png(&pictures::slip())).await;
    assert_eq!(status_and_code(&anonymous), (401, "unauthenticated".to_owned()));
}

#[tokio::test]
async fn unknown_parts_are_ignored() {
    let stage = Stage::new().await;
    let file = testkit::picture::png(&pictures::slip());
    let part = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes();
    let body =
        [&part("note"), b"dinner\r\n".as_slice(), &part("file"), &file, b"\r\n", &part("more"), b"x\r\n--b--\r\n"];
    let answer = stage
        .user(1)
        .try_send_bytes(Method::POST, "/load-image", Some("multipart/form-data; boundary=b"), body.concat())
        .await
        .unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["cheque"]["total_account"], json!(5));
}

#[tokio::test]
async fn unknown_keys_are_404() {
    let stage = Stage::new().await;
    for hash in ["0123456789012345678901", "short", "012345678901234567890-", "..%2F..%2Fetc%2Fpasswd"] {
        for path in [format!("/cheques/{hash}"), format!("/cheques/{hash}/photo")] {
            assert_eq!(
                status_and_code(&stage.user(1).get(&path).await),
                (404, "cheque_not_found".to_owned()),
                "{path}"
            );
        }
    }
    let nobody = Client::new(&stage.program.url());
    assert_eq!(nobody.get("/cheques/0123456789012345678901").await.status, 401);
}
