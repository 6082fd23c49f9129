//! The owner corrects recognition errors, or confirms the cheque.

use crate::stage::{OWNER, Stage, balanced, problem, recognized};
use serde_json::{Value, json};

async fn misread(stage: &Stage) -> String {
    let mut cheque = balanced(&[10_000, 20_000]);
    cheque["total_account"] = json!(310);
    cheque["status"] = json!("needs_review");
    cheque["difference"] = json!(10);
    cheque["warnings"] = json!(["does_not_add_up"]);
    let read = recognized(&cheque);
    stage.broker.announce(&read).await;
    stage.eventually_here(&read.hash).await;
    format!("/{}", read.hash)
}

#[tokio::test]
async fn a_corrected_line_keeps_its_claims_and_its_place_on_the_photo() {
    let stage = Stage::new().await;
    let path = misread(&stage).await;
    stage.join(&path, 7).await;
    for line in [1, 2] {
        let claim = format!("{path}/claims/{line}");
        stage.user(7).put(&claim, r#"{"numerator": 1, "denominator": 1}"#).await;
    }
    let version = stage.state(&path).await["split"]["version"].clone();
    let products = json!({ "version": version, "products": [
        { "id": 2, "name": "Суп", "numberServings": 1, "total": 210 },
        { "name": "Хлеб", "numberServings": 2, "total": 100, "modifiers": ["ржаной"] },
    ] });
    let seen = stage.owner().patch(&format!("{path}/cheque"), &products.to_string()).await.json();
    let cheque = &seen["cheque"];
    assert_eq!((&cheque["status"], &cheque["warnings"]), (&json!("balanced"), &json!([])));
    assert_eq!(cheque["products"][0]["raw"], json!("Блюдо 2 20000"));
    assert_eq!(cheque["products"][0]["box"]["y"], json!(80));
    assert_eq!((&cheque["products"][1]["id"], &cheque["products"][1]["price"]), (&json!(3), &json!(50)));
    assert_eq!(seen["split"]["claims"], json!([{ "line": 2, "participant": 2, "numerator": 1, "denominator": 1 }]));
    assert_eq!(seen["split"]["payable"], json!(true));
    assert_eq!(stage.state(&path).await["cheque"], *cheque);
}

#[tokio::test]
async fn a_cheque_that_does_not_add_up_can_be_confirmed_and_its_difference_is_shared() {
    let stage = Stage::new().await;
    let path = misread(&stage).await;
    let participant = stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 1}"#).await;
    let early = stage.settle(&path, 7).await;
    assert_eq!(problem(&early), (409, "not_payable".into(), Value::Null));
    let confirmed = stage.owner().patch(&format!("{path}/cheque"), r#"{"confirmed": true}"#).await.json();
    assert_eq!((&confirmed["split"]["confirmed"], &confirmed["split"]["payable"]), (&json!(true), &json!(true)));
    assert_eq!(confirmed["cheque"]["status"], json!("needs_review"), "it still does not add up");
    let dues = stage.anonymous().get(&format!("{path}/dues")).await.json();
    let due = &dues["dues"][1];
    assert_eq!((&due["participant"], &due["items"]), (&json!(participant), &json!(100)));
    assert_eq!((&due["difference"], &due["due"]), (&json!(3.33), &json!(103.33)));
    assert_eq!(stage.settle(&path, 7).await.status, 202);
}

#[tokio::test]
async fn amounts_beside_the_lines_are_set_and_cleared() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let cheque = format!("{path}/cheque");
    let more = r#"{"service": 10, "discount": 5, "tax": 1, "tip": 2, "rounding": -0.5, "currency": "EUR"}"#;
    let seen = stage.owner().patch(&cheque, more).await.json();
    assert_eq!(seen["cheque"]["difference"], json!(-7.5));
    let seen = stage.owner().patch(&cheque, r#"{"total_account": 107.5}"#).await.json();
    assert_eq!((&seen["cheque"]["status"], &seen["cheque"]["currency"]), (&json!("balanced"), &json!("EUR")));
    let cleared =
        r#"{"service": null, "discount": null, "tax": null, "tip": null, "rounding": null, "currency": null}"#;
    let seen = stage.owner().patch(&cheque, cleared).await.json();
    assert_eq!((&seen["cheque"]["service"], &seen["cheque"]["currency"]), (&Value::Null, &Value::Null));
    let same = stage.owner().patch(&cheque, "{}").await.json();
    assert_eq!(same["split"]["version"], seen["split"]["version"], "nothing changed");
    let unknown = stage.owner().patch(&cheque, r#"{"total_account": null, "confirmed": true}"#).await.json();
    assert_eq!(unknown["split"]["payable"], json!(false), "without a total no due can be paid");
}

#[tokio::test]
async fn an_edit_that_is_based_on_an_older_bill_is_refused_and_loses_nothing() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 20_000]).await;
    let cheque = format!("{path}/cheque");
    let seen = stage.state(&path).await["split"]["version"].as_i64().unwrap();
    let edit = |version: i64, lines: Value| json!({ "version": version, "products": lines }).to_string();
    let line = |id: i64, total: i64| json!({ "id": id, "name": "Суп", "numberServings": 1, "total": total });
    let first = stage.owner().patch(&cheque, &edit(seen, json!([line(1, 100), line(2, 210)]))).await;
    assert_eq!(first.status, 200, "{}", first.text);
    stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/2"), r#"{"numerator": 1, "denominator": 1}"#).await;
    // The other tab has not seen the first edit and would remove line 2 with its claim.
    let refused = stage.owner().patch(&cheque, &edit(seen, json!([line(1, 100)]))).await;
    assert_eq!(problem(&refused), (409, "bill_changed".into(), Value::Null));
    let shown = stage.state(&path).await;
    assert_eq!(
        (&shown["cheque"]["products"][1]["total"], shown["split"]["claims"].as_array().unwrap().len()),
        (&json!(210), 1)
    );
    // Who has seen the edit may edit, although others have joined and claimed since.
    let changed = shown["split"]["cheque_version"].as_i64().unwrap();
    assert_eq!(stage.owner().patch(&cheque, &edit(changed, json!([line(1, 90), line(2, 210)]))).await.status, 200);
    let unnamed = json!({ "products": [line(1, 1)] }).to_string();
    assert_eq!(
        problem(&stage.owner().patch(&cheque, &unnamed).await),
        (422, "invalid_request".into(), json!("/version"))
    );
    let confirm = json!({ "version": seen, "confirmed": true }).to_string();
    assert_eq!(problem(&stage.owner().patch(&cheque, &confirm).await).1, "bill_changed", "a confirmation, too");
}

#[tokio::test]
async fn only_the_owner_corrects() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    stage.join(&path, 7).await;
    let token = stage.join_as_guest(&path).await;
    for (place, body) in [("cheque", r#"{"confirmed": true}"#), ("method", r#"{"method": "equal"}"#)] {
        let place = format!("{path}/{place}");
        let method = if place.ends_with("cheque") { http::Method::PATCH } else { http::Method::PUT };
        let send = async |client: testkit::Client| {
            problem(&client.send(method.clone(), &place, Some("application/json"), body).await)
        };
        assert_eq!(send(stage.user(7)).await, (404, "cheque_not_found".into(), Value::Null));
        assert_eq!(send(stage.anonymous()).await.0, 401);
        assert_eq!(send(stage.guest(&token)).await.0, 401);
        let done = stage.user(OWNER).send(method.clone(), &place, Some("application/json"), body).await;
        assert_eq!(done.status, 200);
    }
}
