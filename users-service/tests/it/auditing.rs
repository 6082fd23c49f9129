//! The audit trail: what it contains, what it does not, and that it can't be changed.

use crate::stage::{PASSWORD, Stage, code, refresh_token};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use testkit::{Client, TestResponse, eventually};

fn id(session: &TestResponse) -> i64 {
    session.json()["user"]["id"].as_i64().unwrap()
}

/// Without a key, on loopback, the service trusts the identity headers.
fn administrator(stage: &Stage, id: i64) -> Client {
    stage.anonymous().as_user(id).with_header("x-user-role", "admin")
}

async fn events(admin: &Client, query: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/audit-events?limit=100{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["events"].as_array().unwrap().clone()
}

/// Kind, outcome, actor and subject of each event, the oldest first.
fn told(events: &[Value]) -> Vec<(String, String, Option<i64>, Option<i64>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |event: &Value| {
        (text(&event["kind"]), text(&event["outcome"]), event["actor"]["id"].as_i64(), event["subject"]["id"].as_i64())
    };
    events.iter().rev().map(of).collect()
}

fn expected(
    kind: &str,
    outcome: &str,
    actor: Option<i64>,
    subject: Option<i64>,
) -> (String, String, Option<i64>, Option<i64>) {
    (kind.to_owned(), outcome.to_owned(), actor, subject)
}

#[tokio::test]
async fn what_is_done_to_an_account_is_recorded_with_who_did_it_and_from_where() {
    let stage = Stage::new().await;
    let root = id(&stage.administrator("root").await);
    let session = stage.register("anna").await;
    let anna = id(&session);
    let admin =
        administrator(&stage, root).with_header("x-forwarded-for", "203.0.113.9").with_header("x-request-id", "r-1");
    admin.post(&format!("/users/{anna}/block"), "").await;
    admin.post(&format!("/users/{anna}/unblock"), "").await;
    admin.put(&format!("/users/{anna}/role"), r#"{"role": "admin"}"#).await;
    admin.post(&format!("/users/{anna}/sign-out"), "").await;
    let issued = admin.post(&format!("/users/{anna}/password-reset"), "").await;
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    let reset = stage.post("/password-reset", json!({"token": token, "new_password": "battery staple"})).await;
    stage.post("/logout", json!({"refresh_token": refresh_token(&reset)})).await;
    let again = stage.login("anna", "battery staple").await;
    let own = stage.anonymous().as_user(anna);
    let change = json!({"current_password": "battery staple", "new_password": "another staple"}).to_string();
    let changed = own.post("/password", &change).await;
    assert_eq!((again.status.as_u16(), changed.status.as_u16()), (200, 200), "{}", changed.text);
    own.delete(&format!("/sessions/{}", changed.json()["session_id"].as_str().unwrap())).await;

    let recorded = events(&admin, &format!("&user={anna}")).await;
    let (by_root, by_anna) = ((Some(root), Some(anna)), (Some(anna), Some(anna)));
    let all = [
        ("registration", by_anna),
        ("block", by_root),
        ("unblock", by_root),
        ("role_change", by_root),
        ("sessions_end", by_root),
        ("password_reset_issue", by_root),
        ("password_reset", by_anna),
        ("sign_out", by_anna),
        ("sign_in", by_anna),
        ("password_change", by_anna),
        ("session_end", by_anna),
    ];
    assert_eq!(told(&recorded), all.map(|(kind, (actor, subject))| expected(kind, "done", actor, subject)));
    let role = recorded.iter().find(|event| event["kind"] == "role_change").unwrap();
    assert_eq!((&role["address"], &role["request_id"]), (&json!("203.0.113.9"), &json!("r-1")));
    assert_eq!((&role["detail"], &role["actor"]["login"]), (&json!("admin"), &json!("root")));

    assert_eq!(told(&events(&admin, "&kind=block").await).len(), 1);
    assert_eq!(events(&admin, "&until=2026-01-01T00:00:00Z").await, Vec::<Value>::new());
    assert_eq!(events(&admin, "&since=2026-01-01T00:00:00Z").await.len(), recorded.len() + 1);
    for wrong in ["kind=nonsense", "user=x", "since=today", "cursor=x", "limit=0"] {
        assert_eq!(admin.get(&format!("/audit-events?{wrong}")).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn wrong_passwords_lockouts_and_refusals_are_recorded_without_what_was_typed() {
    let stage = Stage::new().await;
    let root = id(&stage.administrator("root").await);
    let anna = id(&stage.register("anna").await);
    let admin = administrator(&stage, root);
    for _ in 0..6 {
        stage.login("anna", "another password").await;
    }
    // A password in the field of the login.
    stage.login("hunter2-secret", "another password").await;
    stage.refresh("no-token").await;
    stage.post("/password-reset", json!({"token": "no-token", "new_password": "battery staple"})).await;
    let user = stage.anonymous().as_user(anna).with_header("x-user-role", "user");
    assert_eq!(user.get("/audit-events").await.status, 404);
    assert_eq!(code(&user.post(&format!("/users/{root}/block"), "").await), "not_found");

    let count = async |kind: &str, outcome: &str, subject: Option<i64>, actor: Option<i64>| -> i64 {
        let found = events(&admin, &format!("&kind={kind}")).await;
        let ids = |event: &Value| (event["subject"]["id"].as_i64(), event["actor"]["id"].as_i64());
        let found = found.iter().filter(|event| event["outcome"] == outcome && ids(event) == (subject, actor));
        found.map(|event| event["count"].as_i64().unwrap()).sum()
    };
    eventually(5, async || count("sign_in", "failed", Some(anna), None).await).await;
    eventually(1, async || count("sign_in", "refused", Some(anna), None).await).await;
    eventually(1, async || count("sign_in", "failed", None, None).await).await;
    eventually(1, async || count("refresh", "failed", None, None).await).await;
    eventually(1, async || count("password_reset", "failed", None, None).await).await;
    eventually(2, async || count("administration", "refused", None, Some(anna)).await).await;
    let rows: Vec<String> =
        sqlx::query_scalar("select e::text from audit_events e").fetch_all(&stage.pool).await.unwrap();
    for typed in ["hunter2", "another password", "no-token", "battery", PASSWORD] {
        assert!(rows.iter().all(|row| !row.contains(typed)), "{typed}: {rows:?}");
    }
}

#[tokio::test]
async fn a_flood_of_failures_fills_few_rows_and_none_is_forgotten() {
    let stage = Stage::new().await;
    for _ in 0..300 {
        stage.refresh("no-token").await;
    }
    let count = "select coalesce(sum(count), 0)::bigint from audit_events where kind = 'refresh'";
    eventually(300, async || sqlx::query_scalar::<_, i64>(count).fetch_one(&stage.pool).await.unwrap()).await;
    let rows: i64 = sqlx::query_scalar("select count(*) from audit_events").fetch_one(&stage.pool).await.unwrap();
    assert!(rows < 60, "{rows} rows");
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen() {
    let stage = Stage::new().await;
    let (root, anna) = (id(&stage.administrator("root").await), id(&stage.register("anna").await));
    sqlx::query("alter table audit_events add constraint full_disk check (kind <> 'block')")
        .execute(&stage.pool)
        .await
        .unwrap();
    let refused = administrator(&stage, root).post(&format!("/users/{anna}/block"), "").await;
    assert_eq!(refused.status, 500, "{}", refused.text);
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200, "the user is not blocked");
}

#[tokio::test]
async fn the_service_can_add_to_the_trail_and_neither_change_nor_shorten_nor_predate_it() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    let mut role = PgConnection::connect(&stage.service_url()).await.unwrap();
    for statement in [
        "update users.audit_events set kind = 'sign_out'",
        "delete from users.audit_events",
        "truncate users.audit_events",
        "insert into users.audit_events (kind, outcome, at) values ('sign_in', 'done', '2020-01-01')",
        "insert into users.audit_events (id, kind, outcome) overriding system value values (1, 'sign_in', 'done')",
        "alter table users.audit_events disable trigger all",
        "drop table users.audit_events",
        "drop function users.audit_events_delete_old(integer)",
    ] {
        let refusal = sqlx::query(statement).execute(&mut role).await.unwrap_err();
        let code = refusal.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {refusal}");
    }
    sqlx::query("update audit_events set at = now() - interval '29 days'").execute(&stage.pool).await.unwrap();
    let delete = "select users.audit_events_delete_old(0)";
    assert_eq!(sqlx::query_scalar::<_, i64>(delete).fetch_one(&mut role).await.unwrap(), 0, "30 days are kept");
    sqlx::query("update audit_events set at = now() - interval '31 days'").execute(&stage.pool).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(delete).fetch_one(&mut role).await.unwrap(), 1);
}

#[tokio::test]
async fn the_trail_is_read_page_by_page() {
    let stage = Stage::new().await;
    let admin = administrator(&stage, id(&stage.administrator("root").await));
    for login in ["anna", "boris"] {
        stage.register(login).await;
    }
    let first = admin.get("/audit-events?limit=2").await;
    let subjects = |answer: &TestResponse| -> Vec<Value> {
        answer.json()["events"].as_array().unwrap().iter().map(|event| event["subject"]["login"].clone()).collect()
    };
    assert_eq!(subjects(&first), ["boris", "anna"]);
    let next = first.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    assert_eq!(subjects(&admin.get(&next).await), ["root"]);
}
