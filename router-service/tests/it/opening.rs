//! A link opens as soon as its cheque is known, whether by event, cache or request.

use crate::stage::{Stage, balanced, problem, recognized, replica, some_hash};
use contracts::router::ChequeDeleted;
use serde_json::{Value, json};
use servers::{Redis, RedisOptions};
use std::time::{Duration, Instant};
use testkit::{TestRedis, eventually};

#[tokio::test]
async fn a_recognised_cheque_opens_for_everyone_with_the_link() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 25_050]).await;
    let seen = stage.state(&path).await;
    assert_eq!((&seen["hash"], &seen["you"], &seen["owner"]), (&json!(path[1..]), &Value::Null, &json!(false)));
    assert_eq!(seen["cheque"]["products"][1]["total"], json!(250.5));
    let split = &seen["split"];
    assert_eq!((&split["version"], &split["status"], &split["method"]), (&json!(1), &json!("open"), &json!("items")));
    assert_eq!((&split["payable"], &split["frozen"], &split["tip"]), (&json!(true), &json!(false), &Value::Null));
    assert_eq!((&split["total"], &split["unclaimed"]), (&json!(350.5), &json!(350.5)));
    let owner = json!({ "id": 1, "name": null, "role": "owner", "due": 0, "paid": 0, "to_pay": 0, "to_transfer": 0, "settlement": { "state": "owner" } });
    assert_eq!(split["participants"], json!([owner]));
    assert_eq!(split["remainders"][0], json!({ "line": 1, "numerator": 1, "denominator": 1 }));
    let owner = stage.owner().get(&path).await.json();
    assert_eq!((&owner["you"], &owner["owner"]), (&json!(1), &json!(true)));
}

#[tokio::test]
async fn a_cheque_only_in_the_cache_is_loaded_from_it() {
    let stage = Stage::new().await;
    let read = recognized(&balanced(&[100]));
    stage.redis.set(&format!("cheque:{}", read.hash), &serde_json::to_string(&read).unwrap()).await;
    let path = format!("/{}", read.hash);
    assert_eq!(stage.state(&path).await["split"]["total"], json!(1));
    assert_eq!(stage.announced("router.ChequeRequested.v1").await.len(), 0);
    // The event arrives late, after the cheque was changed: the change is not lost.
    let joined = stage.join(&path, 7).await;
    stage.broker.announce(&read).await;
    eventually(1, async || {
        let handled = sqlx::query_scalar::<_, i64>("select count(*) from inbox");
        handled.fetch_one(&stage.pool).await.unwrap()
    })
    .await;
    assert_eq!(stage.state(&path).await["split"]["participants"][1]["id"], json!(joined));
}

#[tokio::test]
async fn a_cheque_missing_in_events_and_cache_is_requested_once() {
    let stage = Stage::new().await;
    let read = recognized(&balanced(&[100]));
    let path = format!("/{}", read.hash);
    let client = stage.anonymous();
    let opening = futures_util::future::join_all((0..10).map(|_| client.get(&path)));
    let answering = async {
        stage.eventually_announced("router.ChequeRequested.v1", 1).await;
        stage.broker.announce(&read).await;
    };
    let (answers, ()) = tokio::join!(opening, answering);
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200; 10]);
    let requested = stage.announced("router.ChequeRequested.v1").await;
    assert_eq!(requested.len(), 1, "ten requests for the same link cause one event");
    assert_eq!(requested[0]["data"], json!({ "hash": read.hash }));
}

#[tokio::test]
async fn an_unknown_link_is_requested_only_once_in_a_while() {
    let stage = Stage::new().await;
    let path = format!("/{}", some_hash());
    let client = stage.anonymous();
    let answers = futures_util::future::join_all((0..5).map(|_| client.get(&path))).await;
    assert!(answers.iter().all(|answer| problem(answer) == (404, "cheque_not_found".into(), Value::Null)));
    let again = Instant::now();
    assert_eq!(client.get(&path).await.status, 404);
    assert!(again.elapsed() < Duration::from_secs(1), "requests for a known unknown link do not wait");
    stage.eventually_announced("router.ChequeRequested.v1", 1).await;
    let malformed = Instant::now();
    for path in ["/short", "/with-a-minus-sign-and-22", "/ShareKeyOfTwentyThreeXX"] {
        assert_eq!(problem(&client.get(path).await), (404, "cheque_not_found".into(), Value::Null), "{path}");
    }
    assert!(malformed.elapsed() < Duration::from_secs(1), "a malformed key is not requested");
    assert_eq!(stage.announced("router.ChequeRequested.v1").await.len(), 1);
}

#[tokio::test]
async fn unknown_links_cause_few_events_and_malformed_ones_none() {
    /// As in `request_budget.rs`.
    const BURST: usize = 16;
    const PER_SECOND: u64 = 8;
    let stage = Stage::new().await;
    let client = stage.anonymous();
    let open = async |paths: Vec<String>| -> Vec<(u16, String)> {
        let answers = futures_util::future::join_all(paths.iter().map(|path| client.get(path))).await;
        answers.iter().map(|answer| (answer.status.as_u16(), problem(answer).1)).collect()
    };
    let malformed =
        (0..200).map(|number| format!("/{}", &format!("{number:03}{}", some_hash())[..21 + 2 * (number % 2)]));
    assert!(open(malformed.collect()).await.iter().all(|answer| *answer == (404, "cheque_not_found".to_owned())));
    // A sequence number is taken for each row of the outbox, also for those that are deleted again.
    let rows = async || {
        let query = "select coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')), 0)";
        sqlx::query_scalar::<_, i64>(query).fetch_one(&stage.pool).await.unwrap()
    };
    assert_eq!(rows().await, 0);

    let started = Instant::now();
    let answers = open((0..200).map(|_| format!("/{}", some_hash())).collect()).await;
    let at_most = BURST + usize::try_from((started.elapsed().as_secs() + 1) * PER_SECOND).unwrap();
    let unknown = answers.iter().filter(|answer| **answer == (404, "cheque_not_found".to_owned())).count();
    let refused = answers.iter().filter(|answer| **answer == (503, "unavailable".to_owned())).count();
    assert_eq!(unknown + refused, 200, "{answers:?}");
    assert!((BURST..=at_most).contains(&unknown), "{unknown} of at most {at_most}");
    assert_eq!(rows().await, i64::try_from(unknown).unwrap());
    // A cheque that is known opens meanwhile.
    let known = stage.cheque(&[100]).await;
    assert_eq!(stage.state(&known).await["split"]["total"], json!(1));
}

#[tokio::test]
async fn links_open_without_the_cache() {
    // No server listens on this port.
    opens_without("redis://127.0.0.1:1").await;
}

#[tokio::test]
async fn a_cache_that_never_answers_is_not_waited_for() {
    // The kernel accepts the connection, but the data is never read.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    opens_without(&format!("redis://{}", silent.local_addr().unwrap())).await;
}

async fn opens_without(redis_url: &str) {
    let stage = Stage::with(&[("REDIS_URL", redis_url)]).await;
    let known = stage.cheque(&[100]).await;
    assert_eq!(stage.state(&known).await["split"]["total"], json!(1));
    let read = recognized(&balanced(&[200]));
    let path = format!("/{}", read.hash);
    let answering = async {
        stage.eventually_announced("router.ChequeRequested.v1", 1).await;
        stage.broker.announce(&read).await;
    };
    let (seen, ()) = tokio::join!(stage.state(&path), answering);
    assert_eq!(seen["split"]["total"], json!(2));
}

#[tokio::test]
async fn a_cache_that_comes_back_is_used_again() {
    let folder = std::env::temp_dir().join(testkit::unique("chipin"));
    let mut server = Redis::start(RedisOptions::new(&folder)).unwrap();
    let stage = Stage::with(&[("REDIS_URL", &server.url())]).await;
    let redis = TestRedis::at(&server.url());
    let mut cached = vec![];
    for _ in 0..2 {
        let read = recognized(&balanced(&[100]));
        redis.set(&format!("cheque:{}", read.hash), &serde_json::to_string(&read).unwrap()).await;
        cached.push(format!("/{}", read.hash));
    }
    assert_eq!(stage.state(&cached[0]).await["split"]["total"], json!(1));
    server.stop();
    assert_eq!(stage.anonymous().get(&format!("/{}", some_hash())).await.status, 404);
    stage.eventually_announced("router.ChequeRequested.v1", 1).await;
    server.start_again().unwrap();
    assert_eq!(stage.state(&cached[1]).await["split"]["total"], json!(1));
    assert_eq!(stage.announced("router.ChequeRequested.v1").await.len(), 1, "without asking ocr-service");
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_flushed_cache_and_a_restarted_service_lose_nothing() {
    let mut stage = Stage::new().await;
    let path = stage.cheque(&[100, 200]).await;
    stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/2"), r#"{"numerator": 1, "denominator": 3}"#).await;
    let before = stage.state(&path).await;
    stage.redis.flush().await;
    stage.program.kill();
    stage.program.start_again();
    stage.program.ready().await;
    assert_eq!(stage.state(&path).await, before);
}

#[tokio::test]
async fn a_link_expires_for_strangers_and_stays_for_those_who_share_the_bill() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    stage.join(&path, 8).await;
    let token = stage.join_as_guest(&path).await;
    stage.expire(&path).await;
    let gone = (410, "cheque_expired".to_owned(), Value::Null);
    assert_eq!(problem(&stage.guest(&token).get(&path).await), gone);
    assert_eq!(problem(&stage.anonymous().get(&path).await), gone);
    assert_eq!(problem(&stage.anonymous().get(&format!("{path}/dues")).await), gone);
    assert_eq!(problem(&stage.user(7).post(&format!("{path}/participants"), r#"{"name": "Аня"}"#).await), gone);
    assert_eq!(stage.watch(&path).await.err(), Some(410));
    for of in ["", "/dues"] {
        assert_eq!(stage.owner().get(&format!("{path}{of}")).await.status, 200, "{of}");
        assert_eq!(stage.user(8).get(&format!("{path}{of}")).await.status, 200, "{of}");
    }
    assert_eq!(problem(&stage.user(8).post(&format!("{path}/renew"), "").await).0, 404, "only the owner");
    let renewed = stage.owner().post(&format!("{path}/renew"), "").await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    assert_eq!(stage.anonymous().get(&path).await.status, 200);
    stage.expire(&path).await;
    assert_eq!(stage.owner().put(&format!("{path}/method"), r#"{"method": "equal"}"#).await.status, 200);
    assert_eq!(stage.anonymous().get(&path).await.status, 200, "a change renews the link");
    stage.expire(&path).await;
    assert_eq!(stage.owner().delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_late_event_does_not_bring_a_deleted_cheque_back() {
    let stage = Stage::new().await;
    let read = recognized(&balanced(&[100]));
    stage.broker.announce(&read).await;
    stage.eventually_here(&read.hash).await;
    let path = format!("/{}", read.hash);
    assert_eq!(stage.owner().delete(&path).await.status, 204);
    stage.redis.set(&format!("cheque:{}", read.hash), &serde_json::to_string(&read).unwrap()).await;
    stage.broker.announce(&read).await;
    eventually(2, async || {
        sqlx::query_scalar::<_, i64>("select count(*) from inbox").fetch_one(&stage.pool).await.unwrap()
    })
    .await;
    assert_eq!(problem(&stage.anonymous().get(&path).await), (410, "cheque_deleted".into(), Value::Null));
    stage.eventually_announced("router.ChequeDeleted.v1", 1).await;
    let deleted: ChequeDeleted =
        serde_json::from_value(stage.announced("router.ChequeDeleted.v1").await[0]["data"].clone()).unwrap();
    assert_eq!(deleted.hash, read.hash);
}

#[tokio::test]
async fn a_cheque_that_arrives_at_another_replica_opens_here() {
    let stage = Stage::new().await;
    let other = replica(&stage.database, &stage.broker, stage.redis.url(), &[]).await;
    for client in [testkit::Client::new(&other.url()), stage.anonymous()] {
        let read = recognized(&balanced(&[100]));
        let path = format!("/{}", read.hash);
        let before = stage.announced("router.ChequeRequested.v1").await.len();
        let answering = async {
            stage.eventually_announced("router.ChequeRequested.v1", before + 1).await;
            stage.broker.announce(&read).await;
        };
        let (answer, ()) = tokio::join!(client.get(&path), answering);
        assert_eq!(answer.status, 200);
    }
}
