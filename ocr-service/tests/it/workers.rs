//! Workers that crash, hang or are all busy affect at most their own picture.

use crate::pictures;
use crate::stage::{Stage, load};
use serde_json::json;
use testkit::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

#[tokio::test]
async fn the_pictures_of_one_user_do_not_keep_another_waiting() {
    let stage = Stage::with(&[("OCR_QUEUE", "3"), ("OCR_QUEUE_PER_USER", "2")]).await;
    let first = stage.begin_long("reading").await;
    let (second, third) = (stage.begin_long("queued").await, stage.begin_long("queued").await);
    let fourth = load(&stage.user(1), "", &testkit::picture::png(&pictures::slip())).await;
    assert_eq!((fourth.status.as_u16(), &fourth.json()["code"]), (429, &json!("too_many_pictures")));
    assert_eq!(fourth.header("retry-after"), "10");
    // Another user's picture is the next one.
    first.abort();
    let other = load(&stage.user(2), "", &testkit::picture::png(&pictures::slip())).await;
    assert_eq!(other.status, 201, "{}", other.text);
    assert!(!second.is_finished() || !third.is_finished(), "those of the first user were read before");
    second.abort();
    third.abort();
}

#[tokio::test]
async fn stalled_uploads_of_one_user_do_not_keep_another_from_uploading() {
    let stage = Stage::new().await;
    let head = "POST /load-image HTTP/1.1\r\nhost: a\r\nx-user-id: 1\r\ncontent-type: multipart/form-data; boundary=x\r\n\
                content-length: 1000000\r\n\r\n--x\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nbeginning";
    let mut stalled = vec![];
    for _ in 0..40 {
        let mut stream = TcpStream::connect(("127.0.0.1", stage.program.port())).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    stage.load_slip(2).await;
    // Those that have a place are given up soon, and the others were refused at once.
    let mut codes = vec![];
    for stream in &mut stalled {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        codes.push(String::from_utf8_lossy(&answer[9..]).into_owned());
    }
    assert_eq!(codes.iter().filter(|code| *code == "408").count(), 3, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| *code == "429").count(), 37, "{codes:?}");
    stage.load_slip(1).await;
}

#[tokio::test]
async fn a_user_has_a_number_of_pictures_and_of_bytes_per_day() {
    let picture = testkit::picture::png(&pictures::slip());
    let stage = Stage::with(&[("OCR_PICTURES_PER_DAY", "2")]).await;
    stage.load_slip(1).await;
    // What is no picture is not read.
    assert_eq!(load(&stage.user(1), "", b"nonsense").await.status, 415);
    stage.load_slip(1).await;
    let refused = load(&stage.user(1), "", &picture).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (429, &json!("picture_quota_used_up")));
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    stage.load_slip(2).await;
    sqlx::query("update picture_quotas set day = day - 1 where user_id = 1").execute(&stage.pool).await.unwrap();
    stage.load_slip(1).await;

    let stage = Stage::with(&[("OCR_MEGABYTES_PER_DAY", "1")]).await;
    stage.load_slip(1).await;
    sqlx::query("update picture_quotas set bytes = 999999").execute(&stage.pool).await.unwrap();
    assert_eq!(load(&stage.user(1), "", &picture).await.json()["code"], "picture_quota_used_up");
}

#[tokio::test]
async fn a_dense_picture_ends_with_what_was_read_in_its_time() {
    let stage = Stage::new().await;
    let answer = load(&stage.user(1), "", &pictures::dense()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", stage.program.pid())).unwrap();
    // The time of children that have ended, in hundredths of seconds. Source: proc_pid_stat(5), cutime and cstime.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[13..15].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    // It took 84 s.
    assert!((1..3000).contains(&ticks), "{ticks}");
}
