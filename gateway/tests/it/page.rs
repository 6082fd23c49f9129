//! The web UI, whether or not it was embedded in the program.

use crate::client::{anonymous, as_user, fetch};
use crate::stage::echoing;
use http::StatusCode;

#[tokio::test]
async fn the_page_has_security_headers_and_is_revalidated_every_time() {
    let (stage, _service) = echoing().await;
    for path in ["/", "/orders-of-mine", "/a/b"] {
        let answer = fetch(anonymous("GET", stage.ui, path)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'self'", "style-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        if answer.text().contains("was not built") {
            continue;
        }
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers["cache-control"], "no-cache");
        let again = anonymous("GET", stage.ui, path).header("If-None-Match", answer.headers["etag"].clone());
        let again = fetch(again).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        assert_eq!(again.text(), "");
    }
}

#[tokio::test]
async fn every_response_is_protected_and_other_pages_have_a_policy_too() {
    let (stage, _service) = echoing().await;
    for path in ["/docs/", "/docs/index.html"] {
        for address in [stage.api, stage.ui] {
            let answer = fetch(anonymous("GET", address, path)).await;
            assert_eq!(answer.headers["content-type"].to_str().unwrap().split(';').next(), Some("text/html"));
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("script-src"), "{policy}");
            assert_eq!(answer.headers["x-frame-options"], "DENY");
        }
    }
    for path in ["/orders/orders", "/gateway/info", "/nothing", "/orders/%00"] {
        let answer = fetch(as_user("GET", stage.api, path)).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "sandbox"]
        {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!answer.headers.contains_key("strict-transport-security"), "{path}");
    }
}

#[tokio::test]
async fn hashed_files_are_immutable_and_compressed() {
    let (stage, _service) = echoing().await;
    let page = fetch(anonymous("GET", stage.ui, "/")).await;
    let Some(script) = page.text().split('"').find(|text| text.starts_with("/assets/") && text.contains(".js")) else {
        return; // The UI is not embedded in this program.
    };
    let plain = fetch(anonymous("GET", stage.ui, script)).await;
    assert_eq!(plain.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(plain.headers["cache-control"], "public, max-age=31536000, immutable");
    assert!(!plain.headers.contains_key("content-encoding"));
    let small = fetch(anonymous("GET", stage.ui, script).header("Accept-Encoding", "br, gzip")).await;
    assert_eq!(small.headers["content-encoding"], "gzip");
    assert!(small.body.len() < plain.body.len());
    assert_ne!(small.headers["etag"], plain.headers["etag"]);
    let head = fetch(anonymous("HEAD", stage.ui, script)).await;
    assert_eq!(head.headers["content-length"], plain.body.len().to_string());
}

#[tokio::test]
async fn unknown_files_and_wrong_methods_are_problems() {
    let (stage, _service) = echoing().await;
    for path in ["/assets/index-gone.js", "/favicon.gone", "/.env"] {
        assert_eq!(fetch(anonymous("GET", stage.ui, path)).await.problem(), "not_found", "{path}");
    }
    assert_eq!(fetch(anonymous("POST", stage.ui, "/")).await.problem(), "method_not_allowed");
    assert_eq!(fetch(anonymous("GET", stage.api, "/")).await.problem(), "not_found");
    assert_eq!(fetch(anonymous("POST", stage.api, "/gateway/info")).await.problem(), "method_not_allowed");
}

#[tokio::test]
async fn the_page_finds_the_api_at_its_own_origin() {
    let (stage, service) = echoing().await;
    assert_eq!(fetch(as_user("GET", stage.ui, "/orders/orders")).await.status, StatusCode::OK);
    assert_eq!(service.received.only().line, "GET /orders");
}
