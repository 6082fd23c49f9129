//! Share links: a page for browsers, JSON for programs, also for guests.

use crate::client::{TestResponse, anonymous, fetch};
use crate::service::Service;
use crate::stage::{before, before_router, echoing};
use axum::Router;
use axum::routing::get;
use http::StatusCode;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const LINK: &str = "/small-router/lBF2niuPbm0123456789Az";
/// The `Accept` header of Chromium when a URL is opened.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

async fn browse(address: SocketAddr, path: &str) -> TestResponse {
    fetch(anonymous("GET", address, path).header("Accept", BROWSER)).await
}

#[tokio::test]
async fn a_program_gets_the_services_response_on_every_listener_without_a_user() {
    let (stage, service) = echoing().await;
    for address in [stage.api, stage.ui, stage.links] {
        for accept in ["application/json", "*/*"] {
            let answer = fetch(anonymous("GET", address, LINK).header("Accept", accept)).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.text(), "", "the echo of an empty body");
        }
    }
    for head in service.received.heads() {
        assert_eq!(head.line, "GET /lBF2niuPbm0123456789Az");
        assert_eq!(head.headers["x-forwarded-prefix"], "/small-router");
        assert!(!head.headers.contains_key("x-user-id"));
    }
}

#[tokio::test]
async fn a_browser_gets_the_page_with_the_status_of_the_cheque() {
    for status in [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::GONE] {
        let (stage, _service) = before_router(Router::new().fallback(get(move || async move { status }))).await;
        for address in [stage.ui, stage.links] {
            let answer = browse(address, LINK).await;
            assert_eq!(answer.status, status);
            assert!(answer.headers.get_all("vary").iter().any(|value| value == "Accept, User-Agent"), "{answer:?}");
            assert!(answer.headers.contains_key("content-security-policy"));
            assert!(answer.text().contains("<!doctype html>") || answer.text().contains("was not built"));
        }
    }
}

/// A request of a messenger for a preview.
async fn post_in_a_chat(address: SocketAddr) -> TestResponse {
    let request = anonymous("GET", address, LINK).header("Accept", "*/*");
    fetch(request.header("User-Agent", "TelegramBot (like TwitterBot)")).await
}

#[tokio::test]
async fn a_messenger_gets_the_page_with_the_title_of_the_bill_and_asks_the_service_once() {
    let preview = r#"{"title": "Cafe <Luna>, 5 Feb — 1,520.00 RUB"}"#;
    let (stage, service) =
        before_router(Router::new().route("/{hash}/preview", get(move || async move { preview }))).await;
    for answer in [post_in_a_chat(stage.links).await, post_in_a_chat(stage.links).await, browse(stage.ui, LINK).await] {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer.text().contains(r#"property="og:title" content="Cafe &lt;Luna&gt;, 5 Feb — 1,520.00 RUB""#),
            "{answer:?}"
        );
        assert!(answer.text().contains(r#"property="og:site_name" content="Chipin""#));
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        assert!(
            answer.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'; style-src")
        );
        assert!(!answer.headers.values().any(|value| value.as_bytes().windows(4).any(|part| part == b"Luna")));
    }
    let head = service.received.only();
    assert_eq!(head.line, "GET /lBF2niuPbm0123456789Az/preview");
    assert!(!head.headers.contains_key("x-user-id"));
}

#[tokio::test]
async fn a_link_without_a_bill_has_the_generic_preview() {
    for (preview, status, requests) in [("404 Not Found", 404, 2), ("410 Gone", 410, 1), ("500 Error", 200, 1)] {
        let code: StatusCode = preview[..3].parse().unwrap();
        let (stage, service) = before_router(Router::new().fallback(get(move || async move { code }))).await;
        let answer = post_in_a_chat(stage.links).await;
        assert_eq!(answer.status.as_u16(), status, "{preview}");
        assert!(answer.text().contains(r#"property="og:title" content="Chipin""#));
        assert_eq!(service.received.heads().len(), requests, "{preview}");
    }
}

#[tokio::test]
async fn a_slow_service_does_not_hold_up_the_page() {
    let slow = || async { tokio::time::sleep(Duration::from_mins(1)).await };
    let (stage, _service) = before_router(Router::new().fallback(get(slow))).await;
    let started = Instant::now();
    assert_eq!(post_in_a_chat(stage.links).await.status, StatusCode::OK);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_browser_gets_the_page_even_if_the_service_is_unavailable() {
    let unused_address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = before(unused_address).start().await;
    assert_eq!(browse(stage.links, LINK).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_browser_at_the_api_is_redirected_to_the_links_listener() {
    let (stage, service) = echoing().await;
    let answer = browse(stage.api, LINK).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.headers["location"], format!("http://localhost:8090{LINK}"));
    assert!(service.received.heads().is_empty());
    let answer = browse(stage.api, &format!("{LINK}?lang=ru&x=%20")).await;
    assert_eq!(answer.headers["location"], format!("http://localhost:8090{LINK}?lang=ru&x=%20"));
}

#[tokio::test]
async fn documentation_behind_the_prefix_is_not_a_link() {
    let (stage, service) = echoing().await;
    assert_eq!(browse(stage.ui, "/small-router/docs").await.status, StatusCode::OK);
    assert_eq!(service.received.only().line, "GET /docs");
}

#[tokio::test]
async fn a_guest_is_anonymous_and_credentials_are_checked() {
    let (stage, service) = echoing().await;
    let path = format!("{LINK}/participants");
    let guest = anonymous("POST", stage.api, &path).header("X-Participant-Token", "secret");
    assert_eq!(fetch(guest).await.status, StatusCode::OK);
    let user = anonymous("POST", stage.api, &path).header("X-User-ID", "7").header("X-Participant-Token", "secret");
    assert_eq!(fetch(user).await.status, StatusCode::OK);
    let forged = anonymous("POST", stage.api, &path).header("X-User-ID", "seven");
    assert_eq!(fetch(forged).await.problem(), "unauthenticated");
    let heads = service.received.heads();
    assert_eq!(heads.len(), 2);
    assert!(!heads[0].headers.contains_key("x-user-id"));
    assert_eq!(heads[1].headers["x-user-id"], "7");
    assert!(heads.iter().all(|head| head.headers["x-participant-token"] == "secret"));
}

#[tokio::test]
async fn photos_and_progress_are_the_only_public_pages_of_ocr() {
    let service = Service::echo().await;
    let stage = before(service.address).start().await;
    for path in ["/ocr/cheques/abc/photo", "/ocr/readings/abc"] {
        assert_eq!(fetch(anonymous("GET", stage.links, path)).await.status, StatusCode::OK, "{path}");
    }
    for (method, path) in [("POST", "/ocr/load-image"), ("GET", "/ocr/cheques/abc"), ("DELETE", "/ocr/readings/abc")] {
        assert_eq!(fetch(anonymous(method, stage.links, path)).await.problem(), "unauthenticated", "{path}");
    }
}
