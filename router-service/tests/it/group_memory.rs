//! What was settled in a group stays settled, and members who have left are not charged again.

use crate::stage::{OWNER, Stage, problem};
use serde_json::{Value, json};

/// User 1 has created a group, and user 3 is in it. Their bill of 45.00, divided equally, counts in it.
async fn with_bill(stage: &Stage) -> (String, String) {
    let created = stage.owner().post("/groups", r#"{"name": "Flat", "your_name": "Ann"}"#).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let group = format!("/groups/{}", created.json()["key"].as_str().unwrap());
    let joined = stage.user(3).post(&format!("{group}/members"), r#"{"name": "Vera"}"#).await;
    assert_eq!(joined.status, 201, "{}", joined.text);
    let bill = stage.cheque(&[4_500]).await;
    stage.join(&bill, 3).await;
    let equal = stage.owner().put(&format!("{bill}/method"), r#"{"method": "equal"}"#).await;
    assert_eq!(equal.status, 200, "{}", equal.text);
    let counted = stage.owner().put(&format!("{group}/cheques{bill}"), "{}").await;
    assert_eq!(counted.status, 200, "{}", counted.text);
    (group, bill)
}

/// Vera has paid her part to Ann in cash, as Ann has recorded it. Returns the id of the payment.
async fn paid_in_cash(stage: &Stage, group: &str) -> String {
    let body = json!({ "from": 2, "to": 1, "amount": 22.5, "means": "cash" }).to_string();
    let paid = stage.owner().post(&format!("{group}/settlements"), &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    paid.json()["settlements"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_bill_that_was_settled_in_its_group_is_not_paid_again_on_the_bill() {
    let stage = Stage::new().await;
    let (group, bill) = with_bill(&stage).await;
    let address = format!("{group}/cheques{bill}");
    let payment = paid_in_cash(&stage, &group).await;
    assert_eq!(problem(&stage.owner().delete(&address).await).1, "settled_in_group");
    assert_eq!(problem(&stage.settle(&bill, 3).await).1, "in_group");
    // Without the payment it can be taken out.
    assert_eq!(stage.owner().delete(&format!("{group}/settlements/{payment}")).await.status, 200);
    assert_eq!(stage.owner().delete(&address).await.status, 200);
    assert_eq!(stage.settle(&bill, 3).await.status, 202);
}

#[tokio::test]
async fn nothing_charges_a_member_who_has_left() {
    let stage = Stage::new().await;
    let (group, bill) = with_bill(&stage).await;
    let expense = json!({
        "title": "Food", "date": "2026-11-20", "amount": 10, "paid_by": { "2": 10 }, "members": [1, 2],
    });
    let entered = stage.owner().post(&format!("{group}/expenses"), &expense.to_string()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    let body = json!({ "from": 2, "to": 1, "amount": 17.5, "means": "cash" }).to_string();
    let paid = stage.owner().post(&format!("{group}/settlements"), &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let payment = paid.json()["settlements"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.user(3).delete(&format!("{group}/members/2")).await.status, 200);

    let (owner, first) = (stage.owner(), format!("{group}/expenses/1"));
    let mut edited = expense.clone();
    (edited["amount"], edited["paid_by"], edited["revision"]) = (json!(20), json!({ "1": 20 }), json!(1));
    for refused in [
        owner.put(&first, &edited.to_string()).await,
        owner.delete(&first).await,
        owner.delete(&format!("{group}/settlements/{payment}")).await,
    ] {
        assert_eq!(problem(&refused), (409, "member_left".into(), Value::Null), "{}", refused.text);
    }
    assert_eq!(problem(&owner.delete(&format!("{group}/cheques{bill}")).await).1, "settled_in_group");

    // Who owes something all the same, because the bill was corrected, can come back to a closed group.
    assert_eq!(owner.put(&group, r#"{"joining_open": false}"#).await.status, 200);
    assert_eq!(stage.user(3).get(&group).await.status, 404);
    let version = stage.state(&bill).await["split"]["version"].clone();
    let correction = json!({ "version": version, "total_account": 47, "confirmed": true }).to_string();
    assert_eq!(owner.patch(&format!("{bill}/cheque"), &correction).await.status, 200);
    assert_eq!(stage.user(3).get(&group).await.status, 200);
    let back = stage.user(3).post(&format!("{group}/members"), r#"{"name": "Vera"}"#).await;
    assert_eq!(back.status, 201, "{}", back.text);
    assert_eq!(back.json()["you"], json!(2));
}

#[tokio::test]
async fn cash_that_was_withdrawn_is_still_shown() {
    let stage = Stage::new().await;
    let (group, _) = with_bill(&stage).await;
    let payment = format!("{group}/settlements/{}", paid_in_cash(&stage, &group).await);
    let withdrawn = stage.owner().delete(&payment).await.json();
    assert_eq!(withdrawn["settlements"][0]["state"], json!("withdrawn"));
    assert_eq!(withdrawn["transfers"][0]["amount"], json!(22.5), "{withdrawn}");
    assert_eq!(problem(&stage.owner().delete(&payment).await).1, "settlement_not_found");
}

#[tokio::test]
async fn the_history_of_a_bill_says_that_it_counts_in_a_group_and_not_that_it_is_settled() {
    let stage = Stage::new().await;
    let (group, bill) = with_bill(&stage).await;
    assert_eq!(stage.owner().delete(&format!("{group}/cheques{bill}")).await.status, 200);
    let read = stage.anonymous().get(&format!("{bill}/activity?limit=2")).await.json();
    let changes: Vec<&Value> = read.as_array().unwrap().iter().map(|entry| &entry["changes"]).collect();
    let counts = |counts: bool| json!([{ "what": "in_group", "counts": counts, "group": "Flat" }]);
    assert_eq!(changes, [&counts(false), &counts(true)]);
    assert_eq!(read[0]["by"], json!(OWNER));
}

#[tokio::test]
async fn the_table_names_a_bill_and_says_who_has_paid_the_restaurant() {
    let stage = Stage::new().await;
    let (group, bill) = with_bill(&stage).await;
    let title = r#"{"merchant": "Luna", "purchased_on": "2026-11-20"}"#;
    assert_eq!(stage.owner().put(&format!("{bill}/title"), title).await.status, 200);
    let version = stage.state(&bill).await["split"]["version"].clone();
    let advances = json!({ "version": version, "advances": { "2": 40 } }).to_string();
    assert_eq!(stage.owner().put(&format!("{bill}/advances"), &advances).await.status, 200);
    let table = stage.owner().get(&format!("{group}/export.csv")).await.text;
    let rows: Vec<&str> = table.lines().skip(1).collect();
    for (row, end) in rows.iter().zip(["5.00,22.50,RUB,17.50", "40.00,22.50,RUB,-17.50"]) {
        assert!(row.starts_with("2026-11-20,bill,") && row.contains(",Luna,") && row.ends_with(end), "{table}");
    }
    assert_eq!(rows.len(), 2, "{table}");
}
