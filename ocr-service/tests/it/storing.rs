//! A cheque is stored until it expires or its owner deletes it.

use crate::pictures;
use crate::stage::{Stage, load};
use contracts::ids::ChequeHash;
use contracts::router::{ChequeDeleted, ChequeRequested};
use serde_json::{Value, json};
use servers::{Redis, RedisOptions};
use testkit::{TestRedis, eventually, eventually_within};

fn hash(read: &Value) -> ChequeHash {
    ChequeHash::try_from(read["hash"].as_str().unwrap().to_owned()).unwrap()
}

#[tokio::test]
async fn a_cheque_is_only_for_its_owner_and_its_photo_for_everyone_with_the_key() {
    let stage = Stage::new().await;
    let read = stage.load_slip(1).await;
    let path = format!("/cheques/{}", hash(&read));
    let stolen = stage.user(2).get(&path).await;
    assert_eq!((stolen.status.as_u16(), &stolen.json()["code"]), (404, &json!("cheque_not_found")));
    assert_eq!(stage.user(2).get(&format!("{path}/photo")).await.status, 200);
}

#[tokio::test]
async fn nothing_is_lost_when_the_service_is_killed() {
    let mut stage = Stage::new().await;
    let read = stage.load_slip(1).await;
    stage.program.kill();
    stage.program.start_again();
    stage.program.ready().await;
    let path = format!("/cheques/{}", hash(&read));
    assert_eq!(stage.user(1).get(&path).await.json(), read);
    assert_eq!(stage.user(1).get(&format!("{path}/photo")).await.status, 200);
    // Once or twice: a service that is killed between the broker's confirm and recording it publishes the event again.
    eventually(true, async || (1..=2).contains(&stage.broker.messages("captured.ocr").await)).await;
}

#[tokio::test]
async fn a_photo_is_read_without_redis() {
    let stage = Stage::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    stage.load_slip(1).await;
    eventually(1, async || stage.broker.messages("captured.ocr").await).await;
}

#[tokio::test]
async fn the_first_cheque_after_an_outage_of_redis_is_in_the_cache() {
    let folder = std::env::temp_dir().join(testkit::unique("chipin"));
    let mut server = Redis::start(RedisOptions::new(&folder)).unwrap();
    let stage = Stage::with(&[("REDIS_URL", &server.url())]).await;
    let redis = TestRedis::at(&server.url());
    let cached = async |read: &Value| redis.get(&format!("cheque:{}", hash(read))).await.is_some();
    let first = stage.load_slip(1).await;
    eventually(true, async || cached(&first).await).await;
    server.stop();
    server.start_again().unwrap();
    let second = stage.load_slip(1).await;
    // Another cheque comes later than all that is done for the second one.
    let third = stage.load_slip(1).await;
    eventually(true, async || cached(&third).await).await;
    assert!(cached(&second).await);
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_cheque_requested_by_router_is_published_again_and_an_invented_link_leaves_no_row() {
    let stage = Stage::new().await;
    let read = stage.load_slip(1).await;
    eventually(1, async || stage.broker.messages("captured.ocr").await).await;
    for n in 0..20 {
        stage.broker.announce(&ChequeRequested { hash: ChequeHash::from_random([n; 22]) }).await;
    }
    stage.broker.announce(&ChequeRequested { hash: hash(&read) }).await;
    eventually(2, async || stage.broker.messages("captured.ocr").await).await;
    let events = stage.broker.captured_events("ocr").await;
    assert_eq!(events[0]["data"], events[1]["data"]);
    assert_ne!(events[0]["id"], events[1]["id"], "the inbox would skip a repeated event id");
    eventually(0, async || stage.broker.messages("ocr.inbox").await).await;
    assert_eq!(stage.count("inbox").await, 1, "an invented link costs no row");
    assert_eq!(stage.count("dead_letters").await, 0, "an invented link is not an error");
}

#[tokio::test]
async fn a_deleted_cheque_leaves_a_tombstone_and_no_photo() {
    let stage = Stage::new().await;
    let read = stage.load_slip(1).await;
    let other = stage.load_slip(1).await;
    assert_eq!(stage.photos.count(), 2);
    for _ in 0..2 {
        stage.broker.announce(&ChequeDeleted { hash: hash(&read) }).await;
    }
    eventually(1, async || stage.photos.count()).await;
    eventually(None, async || stage.redis.get(&format!("cheque:{}", hash(&read))).await).await;
    let path = format!("/cheques/{}", hash(&read));
    for path in [path.clone(), format!("{path}/photo")] {
        let gone = stage.user(1).get(&path).await;
        assert_eq!((gone.status.as_u16(), &gone.json()["code"]), (410, &json!("cheque_expired")), "{path}");
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from cheques where cheque is not null")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(kept, 1, "the recognised content is deleted, too");
    assert_eq!(stage.user(1).get(&format!("/cheques/{}/photo", hash(&other))).await.status, 200);
    assert_eq!(stage.count("dead_letters").await, 0);
    stage.broker.announce(&ChequeRequested { hash: hash(&read) }).await;
    eventually(3, async || stage.count("inbox").await).await;
    eventually(0, async || stage.count("outbox").await).await;
    assert_eq!(stage.broker.messages("captured.ocr").await, 2, "it is not published again");
}

#[tokio::test]
async fn an_expired_cheque_is_gone_and_its_photo_is_deleted() {
    let stage = Stage::with(&[("CHEQUE_TTL_SECS", "1")]).await;
    let read = stage.load_slip(1).await;
    let path = format!("/cheques/{}", hash(&read));
    eventually(410, async || stage.user(1).get(&path).await.status.as_u16()).await;
    let photo = stage.user(1).get(&format!("{path}/photo")).await;
    assert_eq!((photo.status.as_u16(), &photo.json()["code"]), (410, &json!("cheque_expired")));
    assert_eq!(stage.user(2).get(&path).await.status, 404, "other users do not learn that it existed");
    eventually(0, async || stage.photos.count()).await;
    assert_eq!(stage.count("cheques where cheque is null and photo_key is null").await, 1);
}

#[tokio::test]
async fn photos_without_a_cheque_are_deleted_and_the_others_stay() {
    let mut stage = Stage::new().await;
    let read = stage.load_slip(1).await;
    let orphan = stage.photos.path().join("zz");
    std::fs::create_dir_all(&orphan).unwrap();
    std::fs::write(orphan.join("zzzzzzzzzzzzzzzzzzzzzz.jpg"), b"x").unwrap();
    let two_hours_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
    for folder in std::fs::read_dir(stage.photos.path()).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = std::fs::File::options().write(true).open(file.unwrap().path()).unwrap();
            file.set_modified(two_hours_ago).unwrap();
        }
    }
    assert_eq!(stage.photos.count(), 2);
    // The search runs at startup, and then once per hour.
    assert!(stage.program.stop().await);
    stage.program.start_again();
    eventually(1, async || stage.photos.count()).await;
    stage.program.ready().await;
    assert_eq!(stage.user(1).get(&format!("/cheques/{}/photo", hash(&read))).await.status, 200);
}

#[tokio::test]
async fn a_photo_that_cannot_be_stored_is_not_announced() {
    let stage = Stage::new().await;
    std::fs::remove_dir_all(stage.photos.path()).unwrap();
    std::fs::write(stage.photos.path(), b"a file where the folder was").unwrap();
    let answer = load(&stage.user(1), "", &testkit::picture::png(&pictures::slip())).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (500, &json!("internal_error")));
    assert_eq!((stage.count("cheques").await, stage.count("outbox").await), (0, 0));
    std::fs::remove_file(stage.photos.path()).unwrap();
}

#[tokio::test]
async fn a_photo_that_cannot_be_deleted_keeps_no_other_from_being_deleted() {
    let stage = Stage::new().await;
    let (stuck, other) = (stage.load_slip(1).await, stage.load_slip(1).await);
    // A folder in the place of the file: removing a file fails there.
    let name = hash(&stuck).to_string();
    let file = stage.photos.path().join(&name[..2]).join(format!("{name}.jpg"));
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    stage.broker.announce(&ChequeDeleted { hash: hash(&stuck) }).await;
    eventually(1, async || stage.count("cheques where deleted_at is not null").await).await;
    stage.broker.announce(&ChequeDeleted { hash: hash(&other) }).await;
    eventually(1, async || stage.count("cheques where deleted_at is not null and photo_key is null").await).await;
    // It is tried again, and succeeds once the cause is removed.
    std::fs::remove_dir(&file).unwrap();
    eventually_within(std::time::Duration::from_secs(20), 2, async || {
        stage.count("cheques where deleted_at is not null and photo_key is null").await
    })
    .await;
}
