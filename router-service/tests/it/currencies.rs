//! Bills in currencies without decimals and with three are divided, paid and stored in their own smallest unit.

use crate::stage::{Stage, balanced, participant_of, problem, recognized, transfer_of};
use serde_json::{Value, json};

/// The owner enters a bill that has only a total, and users 2 and 3 join. Returns its path.
async fn bill(stage: &Stage, currency: &str, total: f64) -> String {
    let body = json!({ "total_account": total, "currency": currency, "confirmed": true });
    let entered = stage.owner().post("/cheques", &body.to_string()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    let path = format!("/{}", entered.json()["hash"].as_str().unwrap());
    assert_eq!((stage.join(&path, 2).await, stage.join(&path, 3).await), (2, 3));
    path
}

/// The dues of all participants, the largest first.
async fn dues(stage: &Stage, path: &str) -> Vec<Value> {
    let dues = stage.owner().get(&format!("{path}/dues")).await.json();
    let mut dues: Vec<Value> = dues["dues"].as_array().unwrap().iter().map(|due| due["due"].clone()).collect();
    dues.sort_by(|one, other| other.as_f64().unwrap().total_cmp(&one.as_f64().unwrap()));
    dues
}

async fn name_rate(stage: &Stage, path: &str, rate: f64) {
    let named = stage.owner().put(&format!("{path}/rate"), &json!({ "rate": rate }).to_string()).await;
    assert_eq!(named.status, 200, "{}", named.text);
}

#[tokio::test]
async fn one_dinar_among_three_is_settled_to_the_thousandth() {
    let stage = Stage::new().await;
    let path = bill(&stage, "KWD", 1.0).await;
    assert_eq!(dues(&stage, &path).await, [json!(0.334), json!(0.333), json!(0.333)]);
    assert_eq!(problem(&stage.settle(&path, 2).await).1, "rate_missing");
    name_rate(&stage, &path, 250.5).await;

    let boris = participant_of(&stage.state(&path).await, 2);
    let in_roubles = if boris["due"] == json!(0.334) { 83.67 } else { 83.42 };
    assert_eq!(boris["to_transfer"], json!(in_roubles));
    let settling = stage.user(2).post(&format!("{path}/settle"), &json!({ "amount": in_roubles }).to_string()).await;
    let transfer_id = transfer_of(&settling);
    stage.eventually_announced("router.TransferRequested.v1", 1).await;
    let requested = &stage.announced("router.TransferRequested.v1").await[0]["data"];
    assert_eq!(requested["amount"], json!(in_roubles));
    stage.complete(transfer_id).await;
    stage.eventually_settled(&path, 2, "paid").await;

    // User 3 says that they have paid, and the owner confirms it.
    let vera = participant_of(&stage.state(&path).await, 3)["due"].clone();
    let reported = format!("{path}/participants/3/reported");
    let said = stage.user(3).post(&reported, &json!({ "amount": vera }).to_string()).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let confirmed = stage.owner().post(&format!("{reported}/confirmation"), "").await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);

    let shown = stage.state(&path).await;
    assert_eq!(shown["split"]["status"], "settled", "{shown}");
    for (id, due) in [(2, &boris["due"]), (3, &vera)] {
        let one = participant_of(&shown, id);
        assert_eq!((&one["paid"], &one["to_pay"]), (due, &json!(0)), "{id}");
    }
}

#[tokio::test]
async fn a_thousand_yens_among_three_is_settled_in_whole_yens() {
    let stage = Stage::new().await;
    let path = bill(&stage, "JPY", 1000.0).await;
    assert_eq!(dues(&stage, &path).await, [json!(334), json!(333), json!(333)]);
    name_rate(&stage, &path, 0.54).await;
    let boris = participant_of(&stage.state(&path).await, 2);
    let in_roubles = if boris["due"] == json!(334) { 180.36 } else { 179.82 };
    assert_eq!(boris["to_transfer"], json!(in_roubles));
    let settling = stage.user(2).post(&format!("{path}/settle"), &json!({ "amount": in_roubles }).to_string()).await;
    stage.complete(transfer_of(&settling)).await;
    stage.eventually_settled(&path, 2, "paid").await;
    assert_eq!(stage.pay_cash(&path, 3).await.status, 200);
    assert_eq!(stage.state(&path).await["split"]["status"], "settled");
}

#[tokio::test]
async fn an_amount_with_more_decimals_than_the_currency_is_refused_where_it_is() {
    let stage = Stage::new().await;
    let line = |total: f64| json!([{ "name": "Tea", "numberServings": 1, "total": total }]);
    let priced = json!([{ "name": "Tea", "numberServings": 1, "total": 100, "price": 100.5 }]);
    for (body, pointer) in [
        (json!({ "currency": "KWD", "total_account": 1.2345 }), "/total_account"),
        (json!({ "currency": "EUR", "total_account": 1.005 }), "/total_account"),
        (json!({ "total_account": 1.005 }), "/total_account"),
        (json!({ "currency": "JPY", "total_account": 100.5 }), "/total_account"),
        (json!({ "currency": "JPY", "total_account": 100, "service": 0.5 }), "/service"),
        (json!({ "currency": "JPY", "total_account": 100, "rounding": -0.5 }), "/rounding"),
        (json!({ "currency": "JPY", "products": line(100.5) }), "/products/0/total"),
        (json!({ "currency": "JPY", "products": priced }), "/products/0/price"),
    ] {
        let refused = stage.owner().post("/cheques", &body.to_string()).await;
        assert_eq!(problem(&refused), (422, "invalid_request".into(), json!(pointer)), "{body}");
    }
    let refused = stage.owner().post("/cheques", r#"{"currency": "JPY", "total_account": 100.5}"#).await;
    let detail = &refused.json()["errors"][0]["detail"];
    assert_eq!(detail, "must be a whole number: amounts in JPY have no decimals");

    let two = json!({ "currency": "JPY", "total_account": 100.5, "products": line(100.5) });
    let refused = stage.owner().post("/cheques", &two.to_string()).await;
    assert_eq!(refused.json()["errors"][1]["pointer"], "/products/0/total", "all of them are named");

    let path = bill(&stage, "JPY", 1000.0).await;
    let version = stage.state(&path).await["split"]["version"].clone();
    let exact = json!({ "method": "exact", "amounts": { "1": 500.5, "2": 499.5 } });
    let advances = json!({ "version": version, "advances": { "2": 10.5 } });
    let tip = json!({ "method": "equal", "tip": { "amount": 0.5 } });
    for (answer, pointer) in [
        (stage.owner().put(&format!("{path}/method"), &exact.to_string()).await, "/amounts/1"),
        (stage.owner().put(&format!("{path}/method"), &tip.to_string()).await, "/tip/amount"),
        (stage.owner().put(&format!("{path}/advances"), &advances.to_string()).await, "/advances/2"),
        (stage.owner().post(&format!("{path}/participants/2/cash"), r#"{"amount": 100.5}"#).await, "/amount"),
        (stage.user(2).post(&format!("{path}/participants/2/reported"), r#"{"amount": 100.5}"#).await, "/amount"),
    ] {
        assert_eq!(problem(&answer), (422, "invalid_request".into(), json!(pointer)), "{}", answer.text);
    }
    let other = stage.owner().post(&format!("{path}/participants/2/cash"), r#"{"amount": 100}"#).await;
    assert_eq!(problem(&other).1, "due_changed", "a possible amount, but not the one that is due");
    assert_eq!(stage.pay_cash(&path, 2).await.status, 200);
    let refund =
        stage.owner().post(&format!("{path}/participants/2/refund"), r#"{"amount": 0.5, "means": "cash"}"#).await;
    assert_eq!(problem(&refund), (422, "invalid_request".into(), json!("/amount")));
}

#[tokio::test]
async fn the_currency_changes_to_one_that_the_amounts_fit() {
    let stage = Stage::new().await;
    let path = bill(&stage, "KWD", 1.234).await;
    let change = async |body: Value| stage.owner().patch(&format!("{path}/cheque"), &body.to_string()).await;
    let refused = change(json!({ "currency": "EUR" })).await;
    assert_eq!(problem(&refused), (422, "invalid_request".into(), json!("/currency")), "{}", refused.text);
    assert_eq!(stage.state(&path).await["cheque"]["total_account"], json!(1.234), "nothing is lost");
    let both = change(json!({ "currency": "EUR", "total_account": 1.23 })).await;
    assert_eq!((both.status.as_u16(), &both.json()["cheque"]["total_account"]), (200, &json!(1.23)), "{}", both.text);
    assert_eq!(change(json!({ "currency": "KWD" })).await.status, 200);
}

#[tokio::test]
async fn what_was_read_with_more_decimals_is_kept_until_it_is_corrected() {
    let stage = Stage::new().await;
    let mut cheque = balanced(&[10_050, 20_000]);
    cheque["currency"] = json!("JPY");
    let read = recognized(&cheque);
    stage.broker.announce(&read).await;
    stage.eventually_here(&read.hash).await;
    let path = format!("/{}", read.hash);
    let shown = stage.owner().get(&path).await.json();
    assert_eq!(shown["cheque"]["products"][0]["total"], json!(100.5));
    assert_eq!((&shown["cheque"]["status"], &shown["split"]["payable"]), (&json!("needs_review"), &json!(false)));
    let correct = async |body: Value| stage.owner().patch(&format!("{path}/cheque"), &body.to_string()).await;
    let confirmed = correct(json!({ "confirmed": true })).await;
    assert_eq!(problem(&confirmed), (422, "invalid_request".into(), json!("/confirmed")), "{}", confirmed.text);
    let tea = |id: i64, total: i64| json!({ "id": id, "name": "Tea", "numberServings": 1, "total": total });
    let right = json!({ "version": 1, "total_account": 300, "products": [tea(1, 100), tea(2, 200)] });
    let corrected = correct(right).await.json();
    assert_eq!((&corrected["cheque"]["status"], &corrected["split"]["payable"]), (&json!("balanced"), &json!(true)));
}

#[tokio::test]
async fn thousandths_are_stored_beside_hundredths_that_an_earlier_release_reads() {
    let stage = Stage::new().await;
    let path = bill(&stage, "KWD", 1.0).await;
    let version = stage.state(&path).await["split"]["version"].clone();
    let advances = json!({ "version": version, "advances": { "2": 0.998 } });
    assert_eq!(stage.owner().put(&format!("{path}/advances"), &advances.to_string()).await.status, 200);
    let plan = stage.state(&path).await["split"]["plan"].clone();
    let (from, amount) = (&plan[0]["from"], &plan[0]["amount"]);
    assert_eq!(plan[0]["to"], json!(2), "{plan}");
    let paid =
        stage.owner().post(&format!("{path}/participants/{from}/cash"), &json!({ "amount": amount }).to_string()).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    assert_eq!(participant_of(&paid.json(), from.as_i64().unwrap())["paid"], *amount);
    assert_eq!(paid.json()["split"]["paid_between"][0]["amount"], *amount);

    let advance = "select advance, advance_thousandths from participants where hash = $1 and id = 2";
    let advance = sqlx::query_as::<_, (i64, Option<i64>)>(advance).bind(&path[1..]);
    assert_eq!(advance.fetch_one(&stage.pool).await.unwrap(), (99, Some(998)));
    let cash = "select amount, amount_thousandths from cash_between where hash = $1";
    let cash = sqlx::query_as::<_, (i64, Option<i64>)>(cash).bind(&path[1..]).fetch_one(&stage.pool).await.unwrap();
    assert_eq!(cash.0, cash.1.unwrap() / 10);

    // A replica of the previous release knows the hundredths only: it leaves such an amount as it is, or fails.
    let set = async |sql: &'static str| sqlx::query(sql).bind(&path[1..]).execute(&stage.pool).await;
    assert!(set("update participants set advance = 99 where hash = $1 and id = 2").await.is_ok());
    let refused = set("update participants set advance = 50 where hash = $1 and id = 2").await.unwrap_err();
    assert!(refused.to_string().contains("participants_advance_same"), "{refused}");
    assert_eq!(participant_of(&stage.state(&path).await, 2)["advance"], json!(0.998));

    // What the previous release has stored.
    set("update participants set advance = 50, advance_thousandths = null where hash = $1 and id = 2").await.unwrap();
    assert_eq!(participant_of(&stage.state(&path).await, 2)["advance"], json!(0.5));
}

#[tokio::test]
async fn a_group_shares_and_settles_dinars() {
    let stage = Stage::new().await;
    let created = stage.owner().post("/groups", r#"{"name": "Trip", "your_name": "Ann"}"#).await.json();
    let path = format!("/groups/{}", created["key"].as_str().unwrap());
    let joined = stage.user(2).post(&format!("{path}/members"), r#"{"name": "Boris"}"#).await;
    assert_eq!(joined.status, 201, "{}", joined.text);
    let expense = |amount: f64, paid: f64, parts: [f64; 2], currency: &str| {
        let body = json!({
            "title": "Tea", "date": "2026-11-20", "currency": currency, "amount": amount, "paid_by": { "1": paid },
            "amounts": { "1": parts[0], "2": parts[1] },
        });
        body.to_string()
    };
    let enter = async |body: String| stage.owner().post(&format!("{path}/expenses"), &body).await;
    for (body, pointer) in [
        (expense(1.005, 1.005, [1.0, 0.005], "EUR"), "/amount"),
        (expense(100.5, 100.5, [100.0, 0.5], "JPY"), "/amount"),
        (expense(100.0, 99.5, [100.0, 0.0], "JPY"), "/paid_by/1"),
        (expense(100.0, 100.0, [99.5, 0.5], "JPY"), "/amounts/1"),
    ] {
        assert_eq!(problem(&enter(body).await), (422, "invalid_request".into(), json!(pointer)));
    }
    let entered = enter(expense(1.001, 1.001, [0.667, 0.334], "KWD")).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    let smallest = enter(expense(0.004, 0.004, [0.003, 0.001], "KWD")).await;
    assert_eq!(smallest.status, 201, "{}", smallest.text);

    let group = stage.owner().get(&path).await.json();
    let transfer = json!([{ "from": 2, "to": 1, "currency": "KWD", "amount": 0.335, "by_balance": false }]);
    assert_eq!(group["transfers"], transfer);
    let csv = stage.owner().get(&format!("{path}/export.csv")).await.text;
    assert!(csv.contains("2,Boris,KWD,1.001,0.000,0.334,KWD,0.334"), "{csv}");
    let pay = async |amount: f64| {
        let body = json!({ "from": 2, "to": 1, "currency": "KWD", "amount": amount, "means": "cash" });
        stage.owner().post(&format!("{path}/settlements"), &body.to_string()).await
    };
    assert_eq!(problem(&pay(0.33).await).1, "due_changed");
    let paid = pay(0.335).await;
    assert_eq!((paid.status.as_u16(), &paid.json()["transfers"]), (201, &json!([])), "{}", paid.text);
    assert_eq!(paid.json()["settlements"][0]["amount"], json!(0.335));
}
