//! Several participants have paid the restaurant: the plan says who pays whom, and money goes from payer to receiver.

use crate::stage::{Stage, participant_of, problem, transfer_of};
use serde_json::{Value, json};
use testkit::eventually;

const WHOLE: &str = r#"{"numerator": 1, "denominator": 1}"#;

/// The bill of 100.00, divided equally by the owner, users 7 and 8, and a guest (participants 1 to 4), of which user 7 has
/// paid 50.00 to the restaurant. Returns the path, and the guest's token.
async fn table(stage: &Stage) -> (String, String) {
    let path = stage.cheque(&[10_000]).await;
    stage.join(&path, 7).await;
    stage.join(&path, 8).await;
    let token = stage.join_as_guest(&path).await;
    assert_eq!(stage.owner().put(&format!("{path}/method"), r#"{"method": "equal"}"#).await.status, 200);
    let set = stage.owner().put(&format!("{path}/advances"), &advances(stage, &path, json!({ "2": 50 })).await).await;
    assert_eq!(set.status, 200, "{}", set.text);
    (path, token)
}

async fn advances(stage: &Stage, path: &str, advances: Value) -> String {
    let version = stage.state(path).await["split"]["version"].clone();
    json!({ "version": version, "advances": advances }).to_string()
}

async fn plan(stage: &Stage, path: &str) -> Vec<(i64, i64, f64, bool)> {
    let shown = stage.state(path).await;
    let of_one = |one: &Value| {
        let id = |field: &str| one[field].as_i64().unwrap();
        (id("from"), id("to"), one["amount"].as_f64().unwrap(), one["transferable"].as_bool().unwrap())
    };
    shown["split"]["plan"].as_array().unwrap().iter().map(of_one).collect()
}

#[tokio::test]
async fn two_payers_are_settled_by_the_fewest_transfers_from_payer_to_receiver() {
    let stage = Stage::new().await;
    let (path, _) = table(&stage).await;
    let shown = stage.state(&path).await;
    let of = |id: i64, field: &str| participant_of(&shown, id)[field].clone();
    assert_eq!((of(1, "advance"), of(2, "advance"), of(3, "advance")), (json!(50), json!(50), json!(0)));
    assert_eq!((of(1, "to_pay"), of(2, "to_pay"), of(3, "to_pay")), (json!(-25), json!(-25), json!(25)));
    let payments = plan(&stage, &path).await;
    assert_eq!(payments, [(3, 1, 25.0, true), (4, 2, 25.0, false)]);
    let dues = stage.owner().get(&format!("{path}/dues")).await.json();
    assert_eq!((&dues["plan"][0]["from"], &dues["dues"][1]["advance"]), (&json!(3), &json!(50)));
    // User 8 pays the owner, who alone is named by the plan.
    let other = stage.user(8).post(&format!("{path}/settle"), r#"{"to": 2, "amount": 25}"#).await;
    assert_eq!((problem(&other).1.as_str(), &other.json()["due"]), ("due_changed", &json!(0)));
    let asked = stage.user(8).post(&format!("{path}/settle"), r#"{"to": 1, "amount": 25}"#).await;
    let transfer_id = transfer_of(&asked);
    assert_eq!(asked.json()["transfer"]["to_user"], json!(1));
    assert_eq!(plan(&stage, &path).await, [(4, 2, 25.0, false)], "what is on its way is not asked for again");
    stage.complete(transfer_id).await;
    stage.eventually_settled(&path, 3, "paid").await;
    // The guest has no account: user 7, who gets the money, records it.
    let cash = format!("{path}/participants/4/cash");
    assert_eq!(stage.user(8).post(&cash, r#"{"amount": 25}"#).await.status, 404, "who gets nothing records nothing");
    let recorded = stage.user(7).post(&cash, r#"{"amount": 25, "means": "other", "note": "by card"}"#).await;
    assert_eq!(recorded.status, 200, "{}", recorded.text);
    let shown = recorded.json();
    assert_eq!((&shown["split"]["status"], &shown["split"]["plan"]), (&json!("settled"), &json!([])));
    assert_eq!(participant_of(&shown, 2)["paid"], json!(-25), "received");
    assert_eq!(participant_of(&shown, 4)["outside"], json!({ "means": "other", "note": "by card" }));
}

#[tokio::test]
async fn money_goes_to_the_receiver_and_comes_back_from_them() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    stage.join(&path, 7).await;
    stage.join(&path, 8).await;
    assert_eq!(stage.user(8).put(&format!("{path}/claims/1"), WHOLE).await.status, 200);
    let set = format!("{path}/advances");
    let seen = stage.state(&path).await["split"]["version"].clone();
    let set_to = async |advances: Value| {
        let body = json!({ "version": seen, "advances": advances }).to_string();
        problem(&stage.owner().put(&set, &body).await)
    };
    assert_eq!(set_to(json!({ "2": 100.01 })).await, (422, "invalid_request".into(), json!("/advances")));
    assert_eq!(set_to(json!({ "1": 1 })).await.2, json!("/advances/1"));
    assert_eq!(set_to(json!({ "9": 1 })).await.2, json!("/advances/9"));
    assert_eq!(set_to(json!({ "2": -1 })).await.2, json!("/advances/2"));
    assert_eq!(set_to(json!({ "2": 60 })).await.0, 200);
    assert_eq!(problem(&stage.user(7).delete(&format!("{path}/participants/2")).await).1, "paid_restaurant");
    // User 8 owes both, and says whom they pay first.
    let settle = format!("{path}/settle");
    let unnamed = stage.user(8).post(&settle, r#"{"amount": 60}"#).await;
    assert_eq!(problem(&unnamed), (409, "receiver_missing".into(), Value::Null));
    let asked = stage.user(8).post(&settle, r#"{"to": 2, "amount": 60}"#).await;
    let paid = transfer_of(&asked);
    assert_eq!(set_to(json!({})).await.1, "settlement_started");
    stage.eventually_announced("router.TransferRequested.v1", 1).await;
    let event = stage.announced("router.TransferRequested.v1").await.remove(0)["data"].clone();
    assert_eq!((&event["from_user"], &event["to_user"], &event["amount"]), (&json!(8), &json!(7), &json!(60)));
    stage.refuse(paid).await;
    stage.eventually_settled(&path, 3, "failed").await;
    let paid = transfer_of(&stage.user(8).post(&settle, r#"{"to": 2, "amount": 60}"#).await);
    stage.complete(paid).await;
    stage.eventually_settled(&path, 3, "paid").await;
    assert_eq!(plan(&stage, &path).await, [(3, 1, 40.0, true)]);
    // User 7 gives it back; the owner can't spend the balance of user 7.
    let refund = format!("{path}/participants/3/refund");
    let body = r#"{"amount": 60, "means": "balance"}"#;
    assert_eq!(problem(&stage.owner().post(&refund, body).await).1, "nothing_to_give_back");
    assert_eq!(problem(&stage.user(7).post(&refund, r#"{"amount": 1, "means": "balance"}"#).await).1, "refund_changed");
    let keyed = stage.user(7).with_header("idempotency-key", "k");
    let back = keyed.post(&refund, body).await;
    assert_eq!(back.status, 202, "{}", back.text);
    assert_eq!(keyed.post(&refund, body).await.header("idempotency-replayed"), "true");
    assert_eq!(problem(&stage.user(8).post(&settle, r#"{"amount": 40}"#).await).1, "settlement_pending");
    stage.eventually_announced("router.TransferRequested.v1", 3).await;
    let event = stage.announced("router.TransferRequested.v1").await.remove(2)["data"].clone();
    assert_eq!((&event["from_user"], &event["to_user"], &event["amount"]), (&json!(7), &json!(8), &json!(60)));
    stage.complete(serde_json::from_value(event["transfer_id"].clone()).unwrap()).await;
    eventually(json!(false), async || stage.state(&path).await["split"]["frozen"].clone()).await;
    assert_eq!(set_to(json!({})).await.0, 200, "all can change again");
    assert_eq!(plan(&stage, &path).await, [(3, 1, 100.0, true)]);
}

#[tokio::test]
async fn the_owner_pays_too_when_another_has_paid_everything() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let token = stage.join_as_guest(&path).await;
    assert_eq!(stage.owner().put(&format!("{path}/method"), r#"{"method": "equal"}"#).await.status, 200);
    let all = advances(&stage, &path, json!({ "2": 100 })).await;
    assert_eq!(stage.owner().put(&format!("{path}/advances"), &all).await.status, 200);
    assert_eq!(plan(&stage, &path).await, [(1, 2, 50.0, false)]);
    let asked = stage.owner().post(&format!("{path}/settle"), r#"{"amount": 50}"#).await;
    assert_eq!(problem(&asked), (409, "no_account_here".into(), Value::Null), "a guest has no account");
    let cash = format!("{path}/participants/1/cash");
    let paid = stage.guest(&token).post(&cash, r#"{"amount": 50}"#).await.json();
    assert_eq!(paid["split"]["status"], json!("settled"));
    let unmarked = stage.owner().delete(&cash).await.json();
    assert_eq!((&unmarked["split"]["status"], &unmarked["split"]["frozen"]), (&json!("open"), &json!(false)));
    assert_eq!(plan(&stage, &path).await, [(1, 2, 50.0, false)]);
}

#[tokio::test]
async fn a_bill_corrected_below_what_was_paid_for_it_says_so() {
    let stage = Stage::new().await;
    let (path, _) = table(&stage).await;
    let version = stage.state(&path).await["split"]["version"].clone();
    let less = json!({ "version": version, "total_account": 40, "products": [
        { "id": 1, "name": "Суп", "numberServings": 1, "total": 40 },
    ] });
    let corrected = stage.owner().patch(&format!("{path}/cheque"), &less.to_string()).await.json();
    assert_eq!(corrected["split"]["payable"], json!(false));
    let settle = stage.user(8).post(&format!("{path}/settle"), r#"{"to": 1, "amount": 10}"#).await;
    assert_eq!(problem(&settle).1, "advances_exceed_total");
    let old = json!({ "version": version, "advances": { "2": 10 } }).to_string();
    assert_eq!(problem(&stage.owner().put(&format!("{path}/advances"), &old).await).1, "bill_changed");
    let new = advances(&stage, &path, json!({ "2": 10 })).await;
    let set = stage.owner().put(&format!("{path}/advances"), &new).await.json();
    assert_eq!(set["split"]["payable"], json!(true));
}
