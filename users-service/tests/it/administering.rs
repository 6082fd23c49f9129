//! Administration of users, and that only administrators can do it.

use crate::stage::{PASSWORD, Stage, code, refresh_token};
use serde_json::Value;
use testkit::{Client, TestResponse};

fn id(session: &TestResponse) -> i64 {
    session.json()["user"]["id"].as_i64().unwrap()
}

/// Without a secret, on loopback, the service trusts the identity headers.
fn administrator(stage: &Stage, id: i64) -> Client {
    stage.anonymous().as_user(id).with_header("x-user-role", "admin")
}

#[tokio::test]
async fn only_the_configuration_makes_administrators() {
    let stage = Stage::new().await;
    assert_eq!(stage.register("root").await.json()["user"]["role"], "admin");
    assert_eq!(stage.register("roots").await.json()["user"]["role"], "user");
}

#[tokio::test]
async fn a_blocked_user_cannot_sign_in_until_unblocked() {
    let stage = Stage::new().await;
    let (root, anna) = (stage.register("root").await, stage.register("anna").await);
    let admin = administrator(&stage, id(&root));
    let blocked = admin.post(&format!("/users/{}/block", id(&anna)), "").await;
    assert_eq!((blocked.status.as_u16(), blocked.json()["blocked"].as_bool()), (200, Some(true)));
    assert_eq!(code(&stage.refresh(&refresh_token(&anna)).await), "invalid_refresh_token");
    let answer = stage.login("anna", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (403, "blocked"));
    assert_eq!(code(&stage.login("anna", "another password").await), "wrong_credentials");
    let own = admin.post(&format!("/users/{}/block", id(&root)), "").await;
    assert_eq!((own.status.as_u16(), code(&own).as_str()), (409, "cannot_block_yourself"));
    assert_eq!(admin.post(&format!("/users/{}/unblock", id(&anna)), "").await.status, 200);
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200);
    assert_eq!(code(&admin.post("/users/999999/block", "").await), "user_not_found");
}

#[tokio::test]
async fn a_role_and_a_sign_out_end_the_sessions_of_a_user() {
    let stage = Stage::new().await;
    let (root, anna) = (stage.register("root").await, stage.register("anna").await);
    let admin = administrator(&stage, id(&root));
    let role = format!("/users/{}/role", id(&anna));
    assert_eq!(admin.put(&role, r#"{"role": "user"}"#).await.status, 200);
    let kept = stage.refresh(&refresh_token(&anna)).await;
    assert_eq!(kept.status, 200, "the same role is no change");
    let promoted = admin.put(&role, r#"{"role": "admin"}"#).await;
    assert_eq!((promoted.status.as_u16(), promoted.json()["role"].as_str()), (200, Some("admin")));
    assert_eq!(code(&stage.refresh(&refresh_token(&kept)).await), "invalid_refresh_token");
    assert_eq!(code(&admin.put(&role, r#"{"role": "root"}"#).await), "invalid_request");
    let own = admin.put(&format!("/users/{}/role", id(&root)), r#"{"role": "user"}"#).await;
    assert_eq!((own.status.as_u16(), code(&own).as_str()), (409, "cannot_change_own_role"));

    let again = stage.login("anna", PASSWORD).await;
    assert_eq!(admin.post(&format!("/users/{}/sign-out", id(&anna)), "").await.status, 204);
    assert_eq!(code(&stage.refresh(&refresh_token(&again)).await), "invalid_refresh_token");
    assert_eq!(stage.refresh(&refresh_token(&root)).await.status, 200);
    assert_eq!(code(&admin.post("/users/999999/sign-out", "").await), "user_not_found");
}

#[tokio::test]
async fn users_are_listed_by_pages() {
    let stage = Stage::new().await;
    let root = stage.register("root").await;
    for login in ["anna", "boris", "vera"] {
        stage.register(login).await;
    }
    let admin = administrator(&stage, id(&root));
    let first = admin.get("/users?limit=3").await;
    let logins = |answer: &TestResponse| -> Vec<Value> {
        answer.json()["users"].as_array().unwrap().iter().map(|user| user["login"].clone()).collect()
    };
    assert_eq!(logins(&first), ["root", "anna", "boris"]);
    let next = first.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    let second = admin.get(&next).await;
    assert_eq!(logins(&second), ["vera"]);
    assert!(!first.text.contains("argon2"));
}

#[tokio::test]
async fn for_other_users_the_pages_do_not_exist() {
    let stage = Stage::new().await;
    let anna = stage.register("anna").await;
    let user = stage.anonymous().as_user(id(&anna)).with_header("x-user-role", "user");
    for answer in [
        user.get("/users").await,
        user.post("/users/1/block", "").await,
        user.post("/users/1/unblock", "").await,
        user.post("/users/1/sign-out", "").await,
        user.put("/users/1/role", r#"{"role": "admin"}"#).await,
        stage.anonymous().as_user(id(&anna)).get("/users").await,
    ] {
        assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (404, "not_found"));
    }
}
