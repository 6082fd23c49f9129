//! Groups: people who share bills again and again settle up once.

use crate::stage::{OWNER, Stage, problem};
use contracts::ids::TransferId;
use serde_json::{Value, json};
use testkit::{TestResponse, eventually};

const WHOLE: &str = r#"{"numerator": 1, "denominator": 1}"#;

/// User 1 has created a group, and users 2 and 3 have joined. Returns its path.
async fn group(stage: &Stage) -> String {
    let body = r#"{"name": "Flat", "your_name": "Ann"}"#;
    let created = stage.owner().post("/groups", body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("/groups/{}", created.json()["key"].as_str().unwrap());
    for (user, name) in [(2, "Boris"), (3, "Vera")] {
        let joined = stage.user(user).post(&format!("{path}/members"), &json!({ "name": name }).to_string()).await;
        assert_eq!(joined.status, 201, "{}", joined.text);
    }
    path
}

fn food(amount: i64, paid_by: i64) -> Value {
    json!({
        "title": "Food", "date": "2026-11-20", "amount": amount, "paid_by": { paid_by.to_string(): amount },
        "members": [1, 2, 3],
    })
}

async fn enter(stage: &Stage, path: &str, expense: &Value) -> Value {
    let entered = stage.owner().post(&format!("{path}/expenses"), &expense.to_string()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    entered.json()
}

async fn read(stage: &Stage, path: &str) -> Value {
    let answer = stage.owner().get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// By member number: what they have to pay in roubles.
fn balances(group: &Value) -> Value {
    let of_one = |member: &Value| {
        let roubles = member["balances"].as_array().unwrap().iter().find(|one| one["currency"] == "RUB");
        (member["id"].to_string(), roubles.map_or(json!(0), |one| one["to_pay"].clone()))
    };
    group["members"].as_array().unwrap().iter().map(of_one).collect()
}

fn payment(to: i64, amount: f64, means: &str) -> String {
    json!({ "to": to, "amount": amount, "means": means }).to_string()
}

fn payment_of(answer: &TestResponse) -> TransferId {
    assert_eq!(answer.status, 202, "{}", answer.text);
    let settlements = answer.json()["settlements"].clone();
    let last = settlements.as_array().unwrap().last().unwrap()["id"].clone();
    TransferId(last.as_str().unwrap().parse().unwrap())
}

async fn eventually_last(stage: &Stage, path: &str, expected: &str) {
    eventually(json!(expected), async || {
        let settlements = read(stage, path).await["settlements"].clone();
        settlements.as_array().unwrap().last().unwrap()["state"].clone()
    })
    .await;
}

#[tokio::test]
async fn a_group_nets_expenses_and_settles_in_the_fewest_transfers() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    enter(&stage, &path, &food(300, 1)).await;
    let group = enter(&stage, &path, &food(150, 2)).await;
    assert_eq!(balances(&group), json!({ "1": -150, "2": 0, "3": 150 }));
    let transfer = json!([{ "from": 3, "to": 1, "currency": "RUB", "amount": 150, "by_balance": true }]);
    assert_eq!(group["transfers"], transfer);

    let settle = format!("{path}/settlements");
    let other = stage.user(3).post(&settle, &payment(1, 100.0, "balance")).await;
    assert_eq!((problem(&other).1.as_str(), &other.json()["due"]), ("due_changed", &json!(150)));
    let asked = stage.user(3).post(&settle, &payment(1, 150.0, "balance")).await;
    let id = payment_of(&asked);
    assert_eq!(balances(&asked.json()), json!({ "1": 0, "2": 0, "3": 0 }), "what is pending counts as paid");
    stage.eventually_announced("router.TransferRequested.v1", 1).await;
    let event = stage.announced("router.TransferRequested.v1").await.remove(0);
    let data = json!({
        "transfer_id": id, "from_user": 3, "to_user": OWNER, "amount": 150, "hash": path.strip_prefix("/groups/"),
        "for_group": true, "title": { "merchant": "Flat" }, "participant_name": "Vera",
    });
    assert_eq!(event["data"], data);
    let again = stage.user(3).post(&settle, &payment(1, 150.0, "balance")).await;
    assert_eq!((problem(&again).1.as_str(), &again.json()["due"]), ("due_changed", &json!(0)), "not twice");

    stage.refuse(id).await;
    eventually_last(&stage, &path, "failed").await;
    assert_eq!(balances(&read(&stage, &path).await)["3"], json!(150), "a refusal changes nothing");
    let second = payment_of(&stage.user(3).post(&settle, &payment(1, 150.0, "balance")).await);
    stage.complete(second).await;
    eventually_last(&stage, &path, "paid").await;
    // Repeated and late answers change nothing and are no dead letters.
    stage.refuse(second).await;
    stage.complete(id).await;
    eventually(4, async || {
        sqlx::query_scalar::<_, i64>("select count(*) from inbox").fetch_one(&stage.pool).await.unwrap()
    })
    .await;
    let group = read(&stage, &path).await;
    assert_eq!(balances(&group), json!({ "1": 0, "2": 0, "3": 0 }));
    let states: Vec<&Value> = group["settlements"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["failed", "paid"]);
    let dead: i64 = sqlx::query_scalar("select count(*) from dead_letters").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(dead, 0);
}

#[tokio::test]
async fn a_bill_in_a_group_is_paid_there_and_not_twice() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let bill = stage.cheque(&[10_000, 25_000]).await;
    for user in [2, 9] {
        stage.join(&bill, user).await;
    }
    assert_eq!(stage.user(2).put(&format!("{bill}/claims/1"), WHOLE).await.status, 200);
    assert_eq!(stage.user(9).put(&format!("{bill}/claims/2"), WHOLE).await.status, 200);
    let place = format!("{path}/cheques{bill}");
    assert_eq!(problem(&stage.user(2).put(&place, "{}").await).1, "cheque_not_found", "only its owner can do it");
    let counted = stage.owner().put(&place, "{}").await;
    assert_eq!(counted.status, 200, "{}", counted.text);
    assert_eq!(balances(&counted.json()), json!({ "1": -100, "2": 100, "3": 0 }), "user 9 is no member");
    let cheque = &counted.json()["cheques"][0];
    assert_eq!((&cheque["total"], &cheque["participants"]), (&json!(350), &json!({ "1": 1, "2": 2 })));

    let on_bill = stage.settle(&bill, 2).await;
    assert_eq!(problem(&on_bill).1, "in_group");
    assert_eq!(problem(&stage.pay_cash(&bill, 2).await).1, "in_group");
    assert_eq!(problem(&stage.owner().delete(&bill).await).1, "in_group");
    let seen = stage.state(&bill).await;
    assert_eq!(seen["split"]["participants"][1]["in_group"], json!(true));
    assert_eq!(stage.settle(&bill, 9).await.status, 202, "who is no member pays on the bill");

    let settle = format!("{path}/settlements");
    let paid =
        stage.owner().post(&settle, &json!({ "from": 2, "to": 1, "amount": 100, "means": "cash" }).to_string()).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    assert_eq!(balances(&paid.json()), json!({ "1": 0, "2": 0, "3": 0 }));
    assert_eq!(problem(&stage.owner().delete(&place).await).1, "settled_in_group", "on the bill, 2 would pay again");
}

#[tokio::test]
async fn a_bill_that_was_paid_in_the_app_adds_nothing() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let bill = stage.cheque(&[10_000]).await;
    let participant = stage.join(&bill, 2).await;
    assert_eq!(stage.user(2).put(&format!("{bill}/claims/1"), WHOLE).await.status, 200);
    stage.complete(crate::stage::transfer_of(&stage.settle(&bill, 2).await)).await;
    stage.eventually_settled(&bill, participant, "paid").await;
    let counted = stage.owner().put(&format!("{path}/cheques{bill}"), "{}").await.json();
    assert_eq!(balances(&counted), json!({ "1": 0, "2": 0, "3": 0 }));
    let members = json!([{ "member": 1, "paid": 0, "due": 0 }, { "member": 2, "paid": 100, "due": 100 }]);
    assert_eq!(counted["cheques"][0]["members"], members, "what was consumed is shown");
}

#[tokio::test]
async fn guests_of_a_bill_are_members_by_name_or_as_said() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let person = r#"{"name": "гость", "without_account": true}"#;
    assert_eq!(stage.user(2).post(&format!("{path}/members"), person).await.status, 201);
    let bill = stage.cheque(&[30_000]).await;
    let token = stage.join_as_guest(&bill).await;
    assert_eq!(stage.guest(&token).put(&format!("{bill}/claims/1"), WHOLE).await.status, 200);
    let place = format!("{path}/cheques{bill}");
    let by_name = stage.owner().put(&place, "{}").await;
    assert_eq!(balances(&by_name.json())["4"], json!(300), "{}", by_name.text);
    let as_said = stage.owner().put(&place, r#"{"members": {"2": 3}}"#).await;
    assert_eq!(balances(&as_said.json()), json!({ "1": -300, "2": 0, "3": 300, "4": 0 }));
    assert_eq!(problem(&stage.owner().put(&place, r#"{"members": {"7": 3}}"#).await).2, json!("/members/7"));
    let second = stage.owner().post("/groups", r#"{"name": "Trip", "your_name": "Ann"}"#).await.json();
    let elsewhere = format!("/groups/{}/cheques{bill}", second["key"].as_str().unwrap());
    assert_eq!(problem(&stage.owner().put(&elsewhere, "{}").await).1, "in_group", "a bill counts once");
    // The person without an account gets one, and everything is theirs.
    let joined = stage.user(8).post(&format!("{path}/members"), r#"{"name": "Galya", "member": 4}"#).await;
    assert_eq!((joined.status.as_u16(), &joined.json()["you"]), (201, &json!(4)));
    let another = stage.user(9).post(&format!("{path}/members"), r#"{"name": "Eve", "member": 4}"#).await;
    assert_eq!(problem(&another).1, "member_has_account");
}

#[tokio::test]
async fn expenses_are_edited_and_deleted_with_history() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    enter(&stage, &path, &food(300, 1)).await;
    let place = format!("{path}/expenses/1");
    let mut edit = food(100, 2);
    edit["revision"] = json!(1);
    let edited = stage.user(2).put(&place, &edit.to_string()).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    let expense = &edited.json()["expenses"][0];
    assert_eq!((&expense["revision"], &expense["changed_by"], &expense["amount"]), (&json!(2), &json!(2), &json!(100)));
    let parts: Vec<i64> = ["1", "2", "3"].iter().map(|id| hundredths(&expense["parts"][*id])).collect();
    assert_eq!((parts.iter().sum::<i64>(), parts.iter().max(), parts.iter().min()), (10_000, Some(&3334), Some(&3333)));
    edit["amount"] = json!(50);
    edit["paid_by"] = json!({ "2": 50 });
    let late = stage.user(3).put(&place, &edit.to_string()).await;
    assert_eq!((problem(&late).1.as_str(), &late.json()["revision"]), ("expense_changed", &json!(2)));
    let deleted = stage.user(3).delete(&format!("{place}?revision=2")).await;
    assert_eq!(balances(&deleted.json()), json!({ "1": 0, "2": 0, "3": 0 }));
    assert_eq!(problem(&stage.user(3).delete(&place).await).1, "expense_not_found");
    let history = stage.owner().get(&format!("{place}/history")).await.json();
    let versions: Vec<(&Value, &Value, &Value)> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (&version["revision"], &version["changed_by"], &version["deleted"]))
        .collect();
    let expected = [(3, 3, true), (2, 2, false), (1, 1, false)].map(|(a, b, c)| (json!(a), json!(b), json!(c)));
    assert_eq!(versions, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_expense_that_makes_no_sense_is_refused() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut expense = food(300, 1);
        change(&mut expense);
        let (status, _, pointer) =
            problem(&stage.owner().post(&format!("{path}/expenses"), &expense.to_string()).await);
        (status, pointer)
    };
    assert_eq!(refused(&|one| one["paid_by"] = json!({ "1": 299 })).await, (422, json!("/paid_by")));
    assert_eq!(refused(&|one| one["members"] = json!([1, 9])).await, (422, json!("/members")));
    assert_eq!(refused(&|one| one["members"] = json!([1, 1])).await, (422, json!("/members")));
    assert_eq!(refused(&|one| one["shares"] = json!({ "1": 1 })).await, (422, json!("/members")));
    assert_eq!(refused(&|one| one["date"] = json!("2026-02-30")).await, (422, json!("/date")));
    assert_eq!(refused(&|one| one["currency"] = json!("rub")).await, (422, json!("/currency")));
    assert_eq!(refused(&|one| one["amount"] = json!(0)).await, (422, json!("/amount")));
    let yen = |one: &mut Value| {
        (one["currency"], one["amount"], one["paid_by"]) = (json!("JPY"), json!(10.5), json!({ "1": 10.5 }));
    };
    assert_eq!(refused(&yen).await, (422, json!("/amount")), "there is no half yen");
}

#[tokio::test]
async fn a_repeated_request_with_the_same_key_happens_once() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let keyed = stage.owner().with_header("idempotency-key", "k");
    for _ in 0..2 {
        assert_eq!(keyed.post(&format!("{path}/expenses"), &food(300, 1).to_string()).await.status, 201);
        let person = r#"{"name": "Galya", "without_account": true}"#;
        assert_eq!(keyed.post(&format!("{path}/members"), person).await.status, 201);
        assert_eq!(keyed.post("/groups", r#"{"name": "Trip", "your_name": "Ann"}"#).await.status, 201);
        let cash = json!({ "from": 3, "to": 1, "amount": 100, "means": "cash" }).to_string();
        assert_eq!(keyed.post(&format!("{path}/settlements"), &cash).await.status, 201);
    }
    let group = read(&stage, &path).await;
    let count = |name: &str| group[name].as_array().unwrap().len();
    assert_eq!((count("expenses"), count("members"), count("settlements")), (1, 4, 1));
    assert_eq!(stage.owner().get("/groups").await.json().as_array().unwrap().len(), 2);
    let other = keyed.post(&format!("{path}/expenses"), &food(100, 1).to_string()).await;
    assert_eq!(other.status, 422, "another body");
}

#[tokio::test]
async fn payments_at_the_same_time_pay_once() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    enter(&stage, &path, &food(300, 1)).await;
    let (client, settle) = (stage.user(2), format!("{path}/settlements"));
    let body = payment(1, 100.0, "balance");
    let answers = futures_util::future::join_all((0..8).map(|_| client.post(&settle, &body))).await;
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!((accepted, answers.iter().filter(|answer| answer.status == 409).count()), (1, 7));
    stage.eventually_announced("router.TransferRequested.v1", 1).await;
}

#[tokio::test]
async fn an_unanswered_payment_is_requested_again_with_the_same_id() {
    let stage = Stage::with(&[("TRANSFER_PATIENCE_SECS", "1")]).await;
    let path = group(&stage).await;
    enter(&stage, &path, &food(300, 1)).await;
    let id = payment_of(&stage.user(2).post(&format!("{path}/settlements"), &payment(1, 100.0, "balance")).await);
    eventually(true, async || stage.announced("router.TransferRequested.v1").await.len() >= 2).await;
    let events = stage.announced("router.TransferRequested.v1").await;
    assert_eq!((&events[0]["data"], &events[1]["data"]["transfer_id"]), (&events[1]["data"], &json!(id)));
    stage.complete(id).await;
    eventually_last(&stage, &path, "paid").await;
}

#[tokio::test]
async fn only_who_pays_transfers_and_only_who_gets_it_records_cash() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    enter(&stage, &path, &food(300, 2)).await;
    let settle = format!("{path}/settlements");
    let from_3 = |means: &str| json!({ "from": 3, "to": 2, "amount": 100, "means": means }).to_string();
    assert_eq!(problem(&stage.user(2).post(&settle, &from_3("balance")).await).1, "not_your_balance");
    assert_eq!(problem(&stage.user(3).post(&settle, &from_3("cash")).await).1, "not_the_receiver");
    let recorded = stage.user(2).post(&settle, &from_3("cash")).await;
    assert_eq!(recorded.status, 201, "{}", recorded.text);
    let id = recorded.json()["settlements"][0]["id"].as_str().unwrap().to_owned();
    let withdraw = format!("{settle}/{id}");
    assert_eq!(problem(&stage.user(3).delete(&withdraw).await).1, "not_the_receiver");
    let withdrawn = stage.user(2).delete(&withdraw).await;
    assert_eq!(balances(&withdrawn.json())["3"], json!(100), "{}", withdrawn.text);
    assert_eq!(problem(&stage.user(2).delete(&withdraw).await).1, "settlement_not_found");
    let transfer = payment_of(&stage.user(3).post(&settle, &from_3("balance")).await);
    assert_eq!(problem(&stage.user(2).delete(&format!("{settle}/{transfer}")).await).1, "transfer_is_final");
    assert_eq!(problem(&stage.user(3).delete(&format!("{path}/members/3")).await).1, "settlement_pending");
}

#[tokio::test]
async fn members_leave_with_a_balance_of_zero_and_come_back() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let me = format!("{path}/members/3");
    enter(&stage, &path, &food(300, 1)).await;
    assert_eq!(problem(&stage.user(3).delete(&me).await).1, "balance_open");
    assert_eq!(problem(&stage.user(2).delete(&me).await).1, "not_the_owner");
    assert_eq!(problem(&stage.owner().delete(&format!("{path}/members/1")).await).1, "owner_cannot_leave");
    let cash = json!({ "from": 3, "to": 1, "amount": 100, "means": "cash" }).to_string();
    assert_eq!(stage.owner().post(&format!("{path}/settlements"), &cash).await.status, 201);
    let left = stage.user(3).delete(&me).await;
    assert_eq!((left.status.as_u16(), &left.json()["you"], left.json().get("expenses")), (200, &Value::Null, None));
    assert_eq!(stage.user(3).get("/groups").await.json(), json!([]));
    assert_eq!(
        problem(&stage.user(3).post(&format!("{path}/expenses"), &food(3, 1).to_string()).await).1,
        "join_first"
    );
    assert_eq!(balances(&read(&stage, &path).await), json!({ "1": -100, "2": 100, "3": 0 }), "what they shared stays");
    let back = stage.user(3).post(&format!("{path}/members"), r#"{"name": "Vera"}"#).await;
    assert_eq!((back.status.as_u16(), &back.json()["you"]), (201, &json!(3)), "the same member");
}

#[tokio::test]
async fn a_member_who_left_stays_who_they_are_on_bills() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let bill = stage.cheque(&[10_000]).await;
    stage.join(&bill, 3).await;
    assert_eq!(stage.owner().put(&format!("{path}/cheques{bill}"), "{}").await.status, 200);
    assert_eq!(stage.user(3).delete(&format!("{path}/members/3")).await.status, 200);
    assert_eq!(stage.user(3).put(&format!("{bill}/claims/1"), WHOLE).await.status, 200);
    assert_eq!(balances(&read(&stage, &path).await), json!({ "1": -100, "2": 0, "3": 100 }));
}

#[tokio::test]
async fn only_members_see_what_is_shared() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    enter(&stage, &path, &food(300, 1)).await;
    assert_eq!(stage.anonymous().get(&path).await.status, 401);
    let seen = stage.user(9).get(&path).await.json();
    assert_eq!((&seen["name"], &seen["you"], seen.get("expenses")), (&json!("Flat"), &Value::Null, None));
    assert!(seen["members"][0].get("balances").is_none());
    assert_eq!(problem(&stage.user(9).get(&format!("{path}/export.csv")).await).1, "join_first");
    assert_eq!(problem(&stage.user(9).put(&path, r#"{"joining_open": false}"#).await).1, "join_first");
    assert_eq!(problem(&stage.user(2).put(&path, r#"{"joining_open": false}"#).await).1, "not_the_owner");
    assert_eq!(
        stage.owner().put(&path, r#"{"joining_open": false, "name": "Home"}"#).await.json()["name"],
        json!("Home")
    );
    assert_eq!(problem(&stage.user(9).get(&path).await).1, "group_not_found");
    let late = stage.user(9).post(&format!("{path}/members"), r#"{"name": "Eve"}"#).await;
    assert_eq!(problem(&late).1, "joining_closed");
    assert_eq!(problem(&stage.owner().get("/groups/0123456789").await).1, "group_not_found");
}

#[tokio::test]
async fn the_table_has_every_item_and_adds_up_to_the_balances() {
    let stage = Stage::new().await;
    let path = group(&stage).await;
    let mut formula = food(300, 1);
    formula["title"] = json!("=1+1, \"quoted\"");
    enter(&stage, &path, &formula).await;
    let mut yen = food(1000, 2);
    yen["currency"] = json!("JPY");
    enter(&stage, &path, &yen).await;
    let answer = stage.owner().get(&format!("{path}/export.csv")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "text/csv; charset=utf-8; header=present")
    );
    let lines: Vec<&str> = answer.text.split("\r\n").collect();
    assert_eq!(lines.len(), 8, "a header, three rows for each expense, and the end");
    let first = "2026-11-20,expense,1,\"'=1+1, \"\"quoted\"\"\",1,Ann,RUB,300.00,300.00,100.00,RUB,-200.00";
    assert_eq!(lines[1], first);
    assert!(lines[5].contains("JPY,1000,1000,33"), "{}", lines[5]);
}

#[expect(clippy::cast_possible_truncation, reason = "some hundred roubles")]
fn hundredths(money: &Value) -> i64 {
    (money.as_f64().unwrap() * 100.0).round() as i64
}
