//! Places on bills that count in a group, deletions by two members, and what lists and histories say of a group.

use crate::stage::{Stage, participant_of, problem};
use serde_json::{Value, json};

/// User 1 has created the group `Flat`. Returns its path.
async fn group(stage: &Stage) -> String {
    let created = stage.owner().post("/groups", r#"{"name": "Flat", "your_name": "Ann"}"#).await;
    assert_eq!(created.status, 201, "{}", created.text);
    format!("/groups/{}", created.json()["key"].as_str().unwrap())
}

/// A bill with Vera as participant 2, who was added by name and is member 2 of the group, without an account.
async fn with_place(stage: &Stage) -> (String, String) {
    let group = group(stage).await;
    let person = r#"{"name": "Vera", "without_account": true}"#;
    assert_eq!(stage.owner().post(&format!("{group}/members"), person).await.status, 201);
    let bill = stage.cheque(&[4_500]).await;
    assert_eq!(stage.owner().post(&format!("{bill}/people"), r#"{"name": "Vera"}"#).await.status, 201);
    let equal = stage.owner().put(&format!("{bill}/method"), r#"{"method": "equal"}"#).await;
    assert_eq!(equal.status, 200, "{}", equal.text);
    let counted = stage.owner().put(&format!("{group}/cheques{bill}"), "{}").await;
    assert_eq!(counted.json()["cheques"][0]["participants"]["2"], json!(2), "{}", counted.text);
    (group, bill)
}

#[tokio::test]
async fn who_is_not_in_the_group_does_not_take_a_place_for_which_a_member_pays() {
    let stage = Stage::new().await;
    let (group, bill) = with_place(&stage).await;
    let take = r#"{"participant": 2}"#;
    let place = format!("{bill}/participants");
    let refused = stage.user(9).post(&place, take).await;
    assert_eq!(problem(&refused), (409, "place_in_group".into(), Value::Null), "{}", refused.text);
    assert!(refused.text.contains("as the debt of Vera: join the group first"), "{}", refused.text);
    assert_eq!(participant_of(&stage.state(&bill).await, 2)["free"], json!(true), "the place stays free");

    // As another member they owe it themselves.
    assert_eq!(stage.user(9).post(&format!("{group}/members"), r#"{"name": "Kim"}"#).await.status, 201);
    assert_eq!(stage.user(9).post(&place, take).await.status, 201);
    let read = stage.owner().get(&group).await.json();
    let balance = |member: usize| read["members"][member]["balances"].clone();
    assert_eq!((balance(1), balance(2)), (json!([]), json!([{ "currency": "RUB", "to_pay": 22.5 }])));
}

#[tokio::test]
async fn a_phone_takes_the_place_of_a_member_without_an_account_and_becomes_no_other_user() {
    let stage = Stage::new().await;
    let (group, bill) = with_place(&stage).await;
    let place = format!("{bill}/participants");
    let taken = stage.anonymous().post(&place, r#"{"participant": 2}"#).await;
    assert_eq!(taken.status, 201, "{}", taken.text);
    let secret = taken.json()["participant_token"].as_str().unwrap().to_owned();
    let both = stage.guest(&secret).as_user(9);
    assert_eq!(problem(&both.post(&place, r#"{"name": "Vera"}"#).await).1, "place_in_group");
    assert_eq!(
        stage.guest(&secret).post(&place, r#"{"name": "Vera K"}"#).await.status,
        200,
        "a name is no other person"
    );
    let joined = stage.user(9).post(&format!("{group}/members"), r#"{"name": "Vera", "member": 2}"#).await;
    assert_eq!(joined.status, 201, "{}", joined.text);
    assert_eq!(both.post(&place, r#"{"name": "Vera"}"#).await.status, 200, "now the member is this user");
}

#[tokio::test]
async fn a_guest_does_not_take_the_place_of_a_member_with_an_account() {
    let stage = Stage::new().await;
    let (group, bill) = with_place(&stage).await;
    let joined = stage.user(9).post(&format!("{group}/members"), r#"{"name": "Vera", "member": 2}"#).await;
    assert_eq!(joined.status, 201, "{}", joined.text);
    let place = format!("{bill}/participants");
    let refused = stage.anonymous().post(&place, r#"{"participant": 2}"#).await;
    assert_eq!(problem(&refused).1, "place_in_group");
    assert!(refused.text.contains("who has an account: sign in"), "{}", refused.text);
    assert_eq!(stage.user(9).post(&place, r#"{"participant": 2}"#).await.status, 201);
}

#[tokio::test]
async fn an_expense_that_another_member_has_edited_is_not_deleted_unseen() {
    let stage = Stage::new().await;
    let group = group(&stage).await;
    assert_eq!(stage.user(2).post(&format!("{group}/members"), r#"{"name": "Boris"}"#).await.status, 201);
    let mut expense = json!({
        "title": "Food", "date": "2026-11-20", "amount": 10, "paid_by": { "1": 10 }, "members": [1, 2],
    });
    let entered = stage.owner().post(&format!("{group}/expenses"), &expense.to_string()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    let address = format!("{group}/expenses/1");
    (expense["title"], expense["revision"]) = (json!("Drinks"), json!(1));
    assert_eq!(stage.user(2).put(&address, &expense.to_string()).await.status, 200);
    for late in [stage.owner().delete(&format!("{address}?revision=1")).await, stage.owner().delete(&address).await] {
        assert_eq!(problem(&late), (409, "expense_changed".into(), Value::Null), "{}", late.text);
        assert_eq!(late.json()["revision"], json!(2));
    }
    let wrong = stage.owner().delete(&format!("{address}?revision=two")).await;
    assert_eq!(problem(&wrong).1, "invalid_request");
    let listed = stage.owner().get("/groups").await.json();
    assert_eq!(listed[0]["balances"], json!([{ "currency": "RUB", "to_pay": -5 }]), "the list says what you are owed");
    let deleted = stage.owner().delete(&format!("{address}?revision=2")).await;
    assert_eq!((deleted.status.as_u16(), &deleted.json()["expenses"]), (200, &json!([])));
    assert_eq!(stage.user(2).get("/groups").await.json()[0]["balances"], json!([]));
}

#[tokio::test]
async fn the_history_of_a_bill_names_the_group() {
    let stage = Stage::new().await;
    let (group, bill) = with_place(&stage).await;
    assert_eq!(stage.owner().put(&group, r#"{"name": "House"}"#).await.status, 200);
    assert_eq!(stage.owner().delete(&format!("{group}/cheques{bill}")).await.status, 200);
    let read = stage.anonymous().get(&format!("{bill}/activity?limit=2")).await.json();
    assert_eq!(read[0]["changes"], json!([{ "what": "in_group", "counts": false, "group": "House" }]));
    assert_eq!(read[1]["changes"], json!([{ "what": "in_group", "counts": true, "group": "Flat" }]));
    let key = group.strip_prefix("/groups/").unwrap();
    assert!(!read.to_string().contains(key), "the key of a group is its secret");
}
