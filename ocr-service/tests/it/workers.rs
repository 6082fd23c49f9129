//! Workers that crash, hang or are all busy affect at most their own picture.

use crate::pictures;
use crate::stage::{Stage, load};
use serde_json::json;
use testkit::eventually;

#[tokio::test]
async fn a_killed_worker_affects_only_its_picture() {
    let stage = Stage::new().await;
    let loading = stage.begin_long("reading").await;
    stage.kill_workers();
    let lost = loading.await.unwrap();
    assert_eq!((lost.status.as_u16(), &lost.json()["code"]), (422, &json!("unreadable_picture")), "{}", lost.text);
    assert_eq!(stage.count("cheques").await, 0);
    stage.load_slip(1).await;
    // A worker that exits while it waits affects no picture.
    stage.kill_workers();
    stage.load_slip(1).await;
    let metrics = stage.user(1).get("/metrics").await.text;
    assert!(metrics.contains("\nocr_worker_deaths_total "), "{metrics}");
    assert_eq!(testkit::undescribed(&metrics), Vec::<String>::new());
}

#[tokio::test]
async fn a_picture_that_takes_too_long_is_given_up() {
    let stage = Stage::with(&[("OCR_PICTURE_SECS", "1")]).await;
    let answer = load(&stage.user(1), "", &pictures::long_slip()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (422, &json!("unreadable_picture")));
}

#[tokio::test]
async fn a_full_queue_returns_retry_after_and_a_cancelled_request_frees_its_place() {
    let stage = Stage::with(&[("OCR_QUEUE", "1")]).await;
    let first = stage.begin_long("reading").await;
    let second = stage.begin_long("queued").await;
    let third = load(&stage.user(1), "", &testkit::picture::png(&pictures::slip())).await;
    assert_eq!((third.status.as_u16(), &third.json()["code"]), (503, &json!("reading_queue_full")));
    let seconds: u64 = third.header("retry-after").parse().unwrap();
    assert!((1..=120).contains(&seconds));

    second.abort();
    let fourth = stage.begin_long("queued").await;
    first.abort();
    let fourth = fourth.await.unwrap();
    assert_eq!(fourth.status, 201, "{}", fourth.text);
    assert_eq!(stage.count("cheques").await, 1, "a client that left gets no cheque");
}

#[tokio::test]
async fn workers_end_with_their_parent() {
    let mut stage = Stage::new().await;
    let loading = stage.begin_long("reading").await;
    let workers = stage.workers();
    assert_eq!(workers.len(), 1);
    stage.program.kill();
    let lives = |pid: &str| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        !status.is_empty() && !status.contains("State:\tZ")
    };
    eventually(false, async || workers.iter().any(|pid| lives(pid))).await;
    assert!(loading.await.is_err(), "no process answers");
}

#[tokio::test]
async fn a_stopping_service_finishes_what_it_reads() {
    let mut stage = Stage::with(&[("SHUTDOWN_SECS", "60")]).await;
    let loading = stage.begin_long("reading").await;
    let (clean, answer) = tokio::join!(stage.program.stop(), loading);
    assert_eq!(answer.unwrap().status, 201);
    assert!(clean, "the process ended cleanly");
}
