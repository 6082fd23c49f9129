//! The owner edits single lines and fields, in two tabs at the same time.

use crate::stage::{Stage, problem};
use serde_json::{Value, json};

const WHOLE: &str = r#"{"numerator": 1, "denominator": 1}"#;

async fn edit(stage: &Stage, path: &str, body: Value) -> testkit::TestResponse {
    stage.owner().patch(&format!("{path}/cheque"), &body.to_string()).await
}

fn set(id: i64, version: i64, total: i64) -> Value {
    json!({ "id": id, "version": version, "total": total })
}

/// The id, the total and the version of each line.
fn lines(state: &Value) -> Vec<(i64, Value, i64)> {
    let number = |line: &Value, field: &str| line[field].as_i64().unwrap();
    let products = state["cheque"]["products"].as_array().unwrap().iter();
    products.map(|line| (number(line, "id"), line["total"].clone(), number(line, "version"))).collect()
}

#[tokio::test]
async fn edits_of_different_lines_in_two_tabs_both_stay() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 20_000]).await;
    stage.join(&path, 7).await;
    assert_eq!(stage.user(7).put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
    let seen = stage.state(&path).await;
    assert_eq!(lines(&seen), [(1, json!(100), 1), (2, json!(200), 1)], "joining and claiming change no line");
    let mut socket = stage.watch(&path).await.unwrap();
    assert_eq!(socket.next().await["cheque"], seen["cheque"], "the socket says the same");
    let one = edit(&stage, &path, json!({ "lines": { "set": [set(1, 1, 110)] } })).await;
    assert_eq!(one.status, 200, "{}", one.text);
    let more = json!({ "set": [set(2, 1, 220)], "add": [{ "name": "Хлеб", "numberServings": 2, "total": 10 }] });
    let two = edit(&stage, &path, json!({ "lines": more })).await.json();
    assert_eq!(lines(&two), [(1, json!(110), 4), (2, json!(220), 5), (3, json!(10), 5)]);
    assert_eq!(two["split"]["claims"][0]["line"], json!(2), "an edited line keeps its claims");
    assert_eq!(two["cheque"]["products"][1]["name"], json!("Блюдо 2"), "the other fields stay");
    assert_eq!(stage.state(&path).await["cheque"], two["cheque"], "as it is stored");
    let told = stage.anonymous().get(&format!("{path}/activity?limit=1")).await.json();
    let changed = json!({ "what": "line_changed", "line": "Блюдо 2", "before": 200, "after": 220 });
    assert_eq!(told[0]["changes"], json!([changed, { "what": "line_added", "line": "Хлеб", "after": 10 }]));
}

#[tokio::test]
async fn a_conflict_says_what_each_line_and_field_is_now_and_nothing_is_changed() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 20_000, 30_000]).await;
    let first =
        json!({ "version": 1, "tip": 5, "lines": { "set": [set(1, 1, 110)], "remove": [{ "id": 2, "version": 1 }] } });
    assert_eq!(edit(&stage, &path, first).await.status, 200);
    let before = stage.state(&path).await;
    let late = json!({
        "version": 1, "tip": 7, "service": 3,
        "lines": { "set": [set(1, 1, 120), set(2, 1, 220), set(3, 1, 330)] },
    });
    let refused = edit(&stage, &path, late).await;
    assert_eq!(problem(&refused), (409, "lines_changed".into(), Value::Null));
    let document = refused.json();
    assert_eq!(document["version"], json!(2));
    assert_eq!(document["lines"][0], json!({ "id": 1, "now": before["cheque"]["products"][0] }));
    assert_eq!(document["lines"][1], json!({ "id": 2, "now": null }), "it is gone");
    assert_eq!(document["lines"].as_array().unwrap().len(), 2, "line 3 is no conflict");
    assert_eq!(document["fields"], json!([{ "field": "tip", "now": 5 }]), "the service charge is none");
    assert_eq!(stage.state(&path).await, before, "all or nothing");

    let tip = edit(&stage, &path, json!({ "version": 1, "tip": 7 })).await;
    assert_eq!(problem(&tip).1, "fields_changed");
    assert_eq!(edit(&stage, &path, json!({ "version": 1, "service": 3 })).await.status, 200);
    let named = stage.owner().put(&format!("{path}/title"), r#"{"merchant": "Luna", "purchased_on": null}"#).await;
    assert_eq!(named.status, 200, "{}", named.text);
    let other = edit(&stage, &path, json!({ "version": 3, "merchant": "Sol" })).await.json();
    assert_eq!(other["fields"], json!([{ "field": "merchant", "now": "Luna" }]));
    let again =
        edit(&stage, &path, json!({ "version": 4, "merchant": "Sol", "lines": { "set": [set(1, 2, 120)] } })).await;
    assert_eq!(again.status, 200, "{}", again.text);
}

#[tokio::test]
async fn a_repeated_edit_adds_no_second_line() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let owner = stage.owner().with_header("idempotency-key", "bread");
    let body = json!({ "lines": { "add": [{ "name": "Хлеб", "numberServings": 1, "total": 10 }] } }).to_string();
    let (one, two) =
        (owner.patch(&format!("{path}/cheque"), &body).await, owner.patch(&format!("{path}/cheque"), &body).await);
    assert_eq!((one.status, &one.text), (two.status, &two.text));
    assert_eq!(lines(&stage.state(&path).await).len(), 2);
}

#[tokio::test]
async fn a_wrong_edit_of_lines_is_refused_with_its_pointer() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let line = json!({ "id": 1, "name": "Суп", "numberServings": 1, "total": 1 });
    for (body, pointer) in [
        (json!({ "version": 1, "products": [line], "lines": { "set": [set(1, 1, 5)] } }), "/lines"),
        (json!({ "lines": [] }), "/lines"),
        (json!({ "lines": { "sets": [] } }), "/lines/sets"),
        (json!({ "lines": { "set": [{ "id": 1, "total": 5 }] } }), "/lines/set/0/version"),
        (json!({ "lines": { "set": [set(1, 9, 5)] } }), "/lines/set/0/version"),
        (json!({ "lines": { "set": [set(1, 1, 5), { "id": 1, "version": 1, "name": "" }] } }), "/lines/set/1/name"),
        (json!({ "lines": { "set": [set(1, 1, 5), set(1, 1, 6)] } }), "/lines/set/1/id"),
        (json!({ "lines": { "set": [set(1, 1, 5)], "remove": [{ "id": 1, "version": 1 }] } }), "/lines/remove/0/id"),
        (json!({ "lines": { "add": [line] } }), "/lines/add/0/id"),
        (json!({ "lines": { "add": [{ "name": "Суп", "total": 1 }] } }), "/lines/add/0/numberServings"),
    ] {
        let refused = edit(&stage, &path, body.clone()).await;
        assert_eq!(problem(&refused), (422, "invalid_request".into(), json!(pointer)), "{body}: {}", refused.text);
    }
    assert_eq!(lines(&stage.state(&path).await), [(1, json!(100), 1)]);
    let full = stage.cheque(&[1; 1000]).await;
    let more = json!({ "lines": { "add": [{ "name": "Суп", "numberServings": 1, "total": 1 }] } });
    assert_eq!(problem(&edit(&stage, &full, more).await).2, json!("/lines"), "the bill has too many lines");
    let new = r#"{"total_account": 5, "lines": {"add": []}}"#;
    assert_eq!(
        problem(&stage.owner().post("/cheques", new).await).2,
        json!("/lines"),
        "a new bill has no lines to edit"
    );
}

#[tokio::test]
async fn after_an_edit_by_a_replica_of_the_previous_release_every_line_counts_as_changed() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 20_000]).await;
    assert_eq!(edit(&stage, &path, json!({ "lines": { "set": [set(1, 1, 110)] } })).await.status, 200);
    let update = "update cheques set cheque = jsonb_set(cheque, '{products,1,total}', '210'), cheque_version = 3, version = 3 \
                  where hash = $1";
    sqlx::query(update).bind(&path[1..]).execute(&stage.pool).await.unwrap();
    assert_eq!(lines(&stage.state(&path).await), [(1, json!(110), 3), (2, json!(210), 3)]);
    let refused = edit(&stage, &path, json!({ "lines": { "set": [set(2, 2, 220)] } })).await;
    assert_eq!(problem(&refused).1, "lines_changed");
    assert_eq!(edit(&stage, &path, json!({ "lines": { "set": [set(2, 3, 220)] } })).await.status, 200);
}
