//! The history of a cheque is kept for as long as the cheque exists.

use crate::stage::{Stage, transfer_of};
use serde_json::{Value, json};

const WHOLE: &str = r#"{"numerator": 1, "denominator": 1}"#;

/// Every change as (who made it, what), oldest first.
async fn history(stage: &Stage, path: &str) -> Vec<(Value, Value)> {
    let read = stage.anonymous().get(&format!("{path}/activity?limit=100")).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let read = read.json();
    let entries = read.as_array().unwrap().iter().rev();
    let changes = |entry: &Value| -> Vec<(Value, Value)> {
        let list = entry["changes"].as_array().unwrap().iter();
        list.map(|change| (entry["by"].clone(), change.clone())).collect()
    };
    entries.flat_map(changes).collect()
}

#[tokio::test]
async fn joining_claiming_editing_paying_and_giving_back_are_told_after_a_reload() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 25_000]).await;
    let participant = stage.join(&path, 7).await;
    let edit = json!({ "version": 2, "total_account": 360, "products": [
        { "id": 1, "name": "Блюдо 1", "numberServings": 1, "total": 100 },
        { "id": 2, "name": "Чай", "numberServings": 1, "total": 260 },
    ] });
    let edited = stage.owner().patch(&format!("{path}/cheque"), &edit.to_string()).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(stage.user(7).put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
    stage.complete(transfer_of(&stage.settle(&path, 7).await)).await;
    stage.eventually_settled(&path, participant, "paid").await;
    let refund =
        stage.owner().post(&format!("{path}/participants/2/refund"), r#"{"amount": 260, "means": "cash"}"#).await;
    assert_eq!(refund.status, 200, "{}", refund.text);
    let anna = json!({ "id": 2, "name": "Аня" });
    let moved = |what: &str| json!({ "what": what, "who": anna, "amount": 260 });
    let told = history(&stage, &path).await;
    let first_line = told.iter().find(|(_, change)| change["what"] == "line_changed").unwrap();
    assert_eq!(first_line.1["line"], "Чай");
    assert_eq!((&first_line.1["before"], &first_line.1["after"]), (&json!(250), &json!(260)));
    let expected = [
        (json!(2), json!({ "what": "joined", "who": anna })),
        (json!(1), first_line.1.clone()),
        (json!(1), json!({ "what": "total", "before": 350, "after": 360 })),
        (json!(2), json!({ "what": "claimed", "who": anna, "line": "Чай", "numerator": 1, "denominator": 1 })),
        (json!(2), moved("transferring")),
        (Value::Null, moved("transferred")),
        (json!(1), json!({ "what": "outside", "who": anna, "amount": -260 })),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_history_is_paged_and_goes_with_the_cheque() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    for guest in 0..5 {
        let body = json!({ "name": format!("Guest {guest}") }).to_string();
        assert_eq!(stage.anonymous().post(&format!("{path}/participants"), &body).await.status, 201);
    }
    let first = stage.anonymous().get(&format!("{path}/activity?limit=2")).await;
    let versions = |page: &Value| -> Vec<Value> {
        page.as_array().unwrap().iter().map(|entry| entry["version"].clone()).collect()
    };
    assert_eq!(versions(&first.json()), [6, 5]);
    let link = first.header("link").to_owned();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    assert_eq!(versions(&stage.anonymous().get(next).await.json()), [4, 3]);
    assert_eq!(stage.anonymous().get(&format!("{path}/activity?limit=0")).await.status, 422);
    assert_eq!(stage.owner().delete(&path).await.status, 204);
    assert_eq!(stage.anonymous().get(&format!("{path}/activity")).await.status, 410);
    let left = sqlx::query_scalar::<_, i64>("select count(*) from activity").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(left, 0, "names go with the cheque");
}

async fn rows(stage: &Stage) -> i64 {
    sqlx::query_scalar::<_, i64>("select count(*) from activity").fetch_one(&stage.pool).await.unwrap()
}

#[tokio::test]
async fn a_guest_who_claims_and_releases_without_end_makes_one_entry_that_counts() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100, 200]).await;
    let guest = stage.join_as_guest(&path).await;
    let claim = format!("{path}/claims/1");
    for _ in 0..10 {
        assert_eq!(stage.guest(&guest).put(&claim, WHOLE).await.status, 200);
        assert_eq!(stage.guest(&guest).delete(&claim).await.status, 200);
        assert_eq!(stage.guest(&guest).put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
        assert_eq!(stage.guest(&guest).delete(&format!("{path}/claims/2")).await.status, 200);
    }
    assert_eq!(rows(&stage).await, 3, "the guest has joined, and there is one entry for each line");
    let page = stage.anonymous().get(&format!("{path}/activity")).await.json();
    assert_eq!((&page[0]["times"], &page[1]["times"], &page[2]["times"]), (&json!(20), &json!(20), &Value::Null));
    assert_eq!(page[1]["changes"][0]["what"], json!("released"), "the last of it");
}

#[tokio::test]
async fn money_in_the_history_parts_claims_and_is_never_dropped() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let participant = stage.join(&path, 7).await;
    let claim = format!("{path}/claims/1");
    assert_eq!(stage.user(7).put(&claim, WHOLE).await.status, 200);
    assert_eq!(stage.pay_cash(&path, participant).await.status, 200);
    let back = stage.owner().delete(&format!("{path}/participants/{participant}/cash")).await;
    assert_eq!(back.status, 200, "{}", back.text);
    assert_eq!(stage.user(7).delete(&claim).await.status, 200);
    let told: Vec<Value> = history(&stage, &path).await.into_iter().map(|(_, change)| change["what"].clone()).collect();
    assert_eq!(told, ["joined", "claimed", "outside", "settled", "outside", "released"]);

    // As if the guest had gone on for days, with many lines.
    let many = "insert into activity (hash, version, at, participant, changes, light) \
                select $1, 100 + n, now() - interval '1 day', 2, '[]', true from generate_series(1, 1500) n";
    sqlx::query(many).bind(&path[1..]).execute(&stage.pool).await.unwrap();
    let later = "update cheques set version = 1999 where hash = $1";
    sqlx::query(later).bind(&path[1..]).execute(&stage.pool).await.unwrap();
    assert_eq!(stage.user(7).put(&claim, WHOLE).await.status, 200);
    assert_eq!(rows(&stage).await, 1000 + 3, "who joined, and two entries about money");
}
