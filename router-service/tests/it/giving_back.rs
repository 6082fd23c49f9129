//! Money is given back once, people leave, and what is paid is what was agreed to.

use crate::stage::{OWNER, Stage, participant_of, problem, transfer_of};
use serde_json::{Value, json};
use testkit::eventually;

const WHOLE: &str = r#"{"numerator": 1, "denominator": 1}"#;

/// User 7 (participant 2) has claimed and paid the line of 250.00.
async fn paid(stage: &Stage) -> String {
    let path = stage.cheque(&[10_000, 25_000]).await;
    let participant = stage.join(&path, 7).await;
    assert_eq!(stage.user(7).put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
    stage.complete(transfer_of(&stage.settle(&path, 7).await)).await;
    stage.eventually_settled(&path, participant, "paid").await;
    path
}

#[tokio::test]
async fn an_edit_while_somebody_pays_never_changes_what_they_pay() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[1_000]).await;
    stage.join(&path, 7).await;
    let claimed = stage.user(7).put(&format!("{path}/claims/1"), WHOLE).await.json();
    let seen = claimed["split"]["version"].clone();
    let edit = json!({ "version": seen, "total_account": 500, "products": [
        { "id": 1, "name": "Суп", "numberServings": 1, "total": 500 },
    ] });
    assert_eq!(stage.owner().patch(&format!("{path}/cheque"), &edit.to_string()).await.status, 200);
    let settle = format!("{path}/settle");
    for agreed in [json!({ "amount": 10 }), json!({ "version": seen }), json!({})] {
        let refused = stage.user(7).post(&settle, &agreed.to_string()).await;
        assert_eq!(problem(&refused), (409, "due_changed".into(), Value::Null), "{agreed}");
        assert_eq!(refused.json()["due"], json!(500));
    }
    let cash = format!("{path}/participants/2/cash");
    for agreed in [json!({ "amount": 10 }), json!({})] {
        assert_eq!(problem(&stage.owner().post(&cash, &agreed.to_string()).await).1, "due_changed", "{agreed}");
    }
    assert!(stage.announced("router.TransferRequested.v1").await.is_empty());
    assert_eq!(stage.user(7).post(&settle, r#"{"amount": 500}"#).await.status, 202);
}

#[tokio::test]
async fn a_payment_is_given_back_once_and_then_all_can_change_again() {
    let stage = Stage::new().await;
    let path = paid(&stage).await;
    let refund = format!("{path}/participants/2/refund");
    let body = r#"{"amount": 250, "means": "balance"}"#;
    assert_eq!(problem(&stage.user(7).post(&refund, body).await).0, 404, "only the owner");
    let wrong = stage.owner().post(&refund, r#"{"amount": 249.99, "means": "balance"}"#).await;
    assert_eq!(problem(&wrong), (409, "refund_changed".into(), Value::Null));
    assert_eq!((&wrong.json()["paid"], &wrong.json()["owed"]), (&json!(250), &json!(0)));
    let keyed = stage.owner().with_header("idempotency-key", "k");
    let first = keyed.post(&refund, body).await;
    assert_eq!(first.status, 202, "{}", first.text);
    let again = keyed.post(&refund, body).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (202, "true"));
    assert_eq!(problem(&stage.owner().post(&refund, body).await).1, "settlement_pending");
    stage.eventually_announced("router.TransferRequested.v1", 2).await;
    let event = stage.announced("router.TransferRequested.v1").await.remove(1)["data"].clone();
    assert_eq!((&event["from_user"], &event["to_user"], &event["amount"]), (&json!(OWNER), &json!(7), &json!(250)));
    stage.complete(serde_json::from_value(event["transfer_id"].clone()).unwrap()).await;
    eventually(json!("done"), async || stage.settlement(&path, 2).await["refund"]["state"].clone()).await;
    let shown = stage.state(&path).await;
    let participant = participant_of(&shown, 2);
    assert_eq!((&participant["paid"], &participant["to_pay"]), (&json!(0), &json!(250)));
    assert_eq!((&participant["settlement"]["state"], &shown["split"]["frozen"]), (&json!("none"), &json!(false)));
    assert_eq!(stage.owner().put(&format!("{path}/method"), r#"{"method": "equal"}"#).await.status, 200);
    let rows: i64 =
        sqlx::query_scalar("select count(*) from transfers where state = 'paid'").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(rows, 2, "history keeps both");
}

#[tokio::test]
async fn cash_that_was_marked_by_mistake_is_unmarked() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let token = stage.join_as_guest(&path).await;
    assert_eq!(stage.guest(&token).put(&format!("{path}/claims/1"), WHOLE).await.status, 200);
    let cash = format!("{path}/participants/2/cash");
    assert_eq!(problem(&stage.owner().delete(&cash).await), (409, "nothing_to_give_back".into(), Value::Null));
    assert_eq!(stage.pay_cash(&path, 2).await.json()["split"]["status"], json!("settled"));
    assert_eq!(stage.guest(&token).delete(&cash).await.status, 401, "only the owner");
    let unmarked = stage.owner().delete(&cash).await.json();
    assert_eq!((&unmarked["split"]["status"], &unmarked["split"]["frozen"]), (&json!("open"), &json!(false)));
    // A guest has no balance.
    stage.pay_cash(&path, 2).await;
    let refund = |means: &str| format!(r#"{{"amount": 100, "means": "{means}"}}"#);
    let place = format!("{path}/participants/2/refund");
    assert_eq!(problem(&stage.owner().post(&place, &refund("balance")).await).1, "guest_has_no_balance");
    let back = stage.owner().post(&place, &refund("cash")).await;
    assert_eq!((back.status.as_u16(), &back.json()["split"]["participants"][1]["paid"]), (200, &json!(0)));
}

#[tokio::test]
async fn people_leave_and_are_removed_and_joining_can_be_closed() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 25_000]).await;
    stage.join(&path, 7).await;
    let token = stage.join_as_guest(&path).await;
    stage.join(&path, 8).await;
    for (client, line) in [(stage.user(7), 1), (stage.guest(&token), 2)] {
        assert_eq!(client.put(&format!("{path}/claims/{line}"), WHOLE).await.status, 200);
    }
    let place = |id: i64| format!("{path}/participants/{id}");
    assert_eq!(problem(&stage.user(8).delete(&place(2)).await).1, "participant_not_found", "nobody removes others");
    assert_eq!(problem(&stage.anonymous().delete(&place(2)).await).0, 404);
    assert_eq!(problem(&stage.owner().delete(&place(1)).await).1, "owner_cannot_leave");
    let left = stage.guest(&token).delete(&place(3)).await.json();
    assert_eq!((left["you"].clone(), &left["split"]["claims"].as_array().unwrap().len()), (Value::Null, &1));
    assert_eq!(stage.guest(&token).put(&format!("{path}/claims/2"), WHOLE).await.status, 401, "not here any more");
    stage.pay_cash(&path, 2).await;
    assert_eq!(problem(&stage.owner().delete(&place(2)).await), (409, "settled_already".into(), Value::Null));
    assert_eq!(stage.owner().delete(&place(4)).await.status, 200);
    assert_eq!(stage.user(8).get("/cheques").await.json(), json!([]), "the bill is not in their list any more");
    let close = |open: bool| json!({ "open": open }).to_string();
    let joining = format!("{path}/joining");
    assert_eq!(stage.user(7).put(&joining, &close(false)).await.status, 404, "only the owner");
    assert_eq!(stage.owner().put(&joining, &close(false)).await.json()["split"]["joining_open"], json!(false));
    let name = r#"{"name": "Аня"}"#;
    let late = stage.user(9).post(&format!("{path}/participants"), name).await;
    assert_eq!(problem(&late), (409, "joining_closed".into(), Value::Null));
    assert_eq!(stage.user(7).post(&format!("{path}/participants"), name).await.status, 200, "who is here may rename");
    assert_eq!(stage.owner().put(&joining, &close(true)).await.status, 200);
    assert_eq!(stage.join(&path, 8).await, 5, "a number is never given twice");
}

#[tokio::test]
async fn negative_lines_never_make_the_bill_collect_more_than_it_gives() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[5_000, -1_000]).await;
    stage.join(&path, 7).await;
    assert_eq!(stage.user(7).put(&format!("{path}/claims/1"), WHOLE).await.status, 200);
    let shown = stage.state(&path).await;
    assert_eq!(shown["split"]["negative_lines"], json!([{ "line": 2, "applies": "proportion" }]));
    assert_eq!((&participant_of(&shown, 2)["due"], &shown["split"]["unclaimed"]), (&json!(40), &json!(0)));
    let claim = stage.owner().put(&format!("{path}/claims/2"), WHOLE).await;
    assert_eq!(problem(&claim), (409, "line_not_claimable".into(), Value::Null));
    let negative = format!("{path}/lines/2/negative");
    let set = async |body: Value| stage.owner().put(&negative, &body.to_string()).await;
    assert_eq!(problem(&stage.user(7).put(&negative, r#"{"applies": "claimed"}"#).await).0, 404);
    assert_eq!(problem(&set(json!({ "applies": "line", "takes_back": 2 })).await).2, json!("/takes_back"));
    let back = set(json!({ "applies": "line", "takes_back": 1 })).await.json();
    assert_eq!(back["split"]["negative_lines"], json!([{ "line": 2, "applies": "line", "takes_back": 1 }]));
    assert_eq!(set(json!({ "applies": "claimed" })).await.json()["split"]["payable"], json!(false));
    assert_eq!(problem(&stage.settle(&path, 7).await).1, "not_payable", "until somebody claims it");
    // The owner claims it: Ann would pay 50 of a bill of 40.
    assert_eq!(stage.owner().put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
    assert_eq!(problem(&stage.settle(&path, 7).await), (409, "refund_first".into(), Value::Null));
    assert_eq!(stage.owner().delete(&format!("{path}/claims/2")).await.status, 200);
    assert_eq!(stage.user(7).put(&format!("{path}/claims/2"), WHOLE).await.status, 200);
    let paid = stage.settle(&path, 7).await.json();
    assert_eq!(paid["transfer"]["amount"], json!(40));
}

#[tokio::test]
async fn a_service_charge_without_priced_lines_is_covered() {
    let stage = Stage::new().await;
    let mut cheque = crate::stage::balanced(&[0, 0]);
    cheque["service"] = json!(5);
    cheque["total_account"] = json!(5);
    let read = crate::stage::recognized(&cheque);
    stage.broker.announce(&read).await;
    stage.eventually_here(&read.hash).await;
    let path = format!("/{}", read.hash);
    stage.join(&path, 7).await;
    for (client, line) in [(stage.owner(), 1), (stage.user(7), 2)] {
        assert_eq!(client.put(&format!("{path}/claims/{line}"), WHOLE).await.status, 200);
    }
    let shown = stage.state(&path).await;
    assert_eq!((&shown["split"]["unclaimed"], &participant_of(&shown, 2)["due"]), (&json!(0), &json!(2.5)));
}

#[tokio::test]
async fn a_bill_in_another_currency_is_paid_at_the_rate_that_the_owner_named_or_in_cash() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[15_200]).await;
    stage.join(&path, 7).await;
    assert_eq!(stage.user(7).put(&format!("{path}/claims/1"), WHOLE).await.status, 200);
    let rate = format!("{path}/rate");
    let same = stage.owner().put(&rate, r#"{"rate": 2}"#).await;
    assert_eq!(problem(&same), (422, "invalid_request".into(), json!("/rate")), "the bill is in roubles");
    assert_eq!(stage.owner().patch(&format!("{path}/cheque"), r#"{"currency": "EUR"}"#).await.status, 200);
    assert_eq!(problem(&stage.settle(&path, 7).await), (409, "rate_missing".into(), Value::Null));
    assert_eq!(stage.user(7).put(&rate, r#"{"rate": 1}"#).await.status, 404, "only the owner");
    for wrong in ["0", "-1", "\"1\"", "1.0000001"] {
        assert_eq!(
            problem(&stage.owner().put(&rate, &format!(r#"{{"rate": {wrong}}}"#)).await).2,
            json!("/rate"),
            "{wrong}"
        );
    }
    let named = stage.owner().put(&rate, r#"{"rate": 98.123456}"#).await;
    assert_eq!(named.status, 200, "{}", named.text);
    let split = stage.state(&path).await["split"].clone();
    assert_eq!(split["rate"], json!(98.123_456));
    let participant = &split["participants"][1];
    assert_eq!((&participant["to_pay"], &participant["to_transfer"]), (&json!(152), &json!(14_914.77)));
    let old = stage.user(7).post(&format!("{path}/settle"), r#"{"amount": 152}"#).await;
    assert_eq!((problem(&old).1.as_str(), &old.json()["due"]), ("due_changed", &json!(14_914.77)));
    let asked = stage.user(7).post(&format!("{path}/settle"), r#"{"amount": 14914.77}"#).await;
    assert_eq!(asked.json()["transfer"]["amount"], json!(14_914.77));
    stage.complete(transfer_of(&asked)).await;
    stage.eventually_settled(&path, 2, "paid").await;
    let shown = stage.state(&path).await;
    assert_eq!((&participant_of(&shown, 2)["paid"], &shown["split"]["status"]), (&json!(152), &json!("settled")));
    let back =
        stage.owner().post(&format!("{path}/participants/2/refund"), r#"{"amount": 152, "means": "balance"}"#).await;
    assert_eq!(back.status, 202, "{}", back.text);
    stage.eventually_announced("router.TransferRequested.v1", 2).await;
    assert_eq!(stage.announced("router.TransferRequested.v1").await[1]["data"]["amount"], json!(14_914.77));
}
