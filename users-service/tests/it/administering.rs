//! Administration of users, and that only administrators can do it.

use crate::stage::{PASSWORD, Stage, code, refresh_token};
use serde_json::{Value, json};
use testkit::{Client, TestResponse};

fn id(session: &TestResponse) -> i64 {
    session.json()["user"]["id"].as_i64().unwrap()
}

/// Without a secret, on loopback, the service trusts the identity headers.
fn administrator(stage: &Stage, id: i64) -> Client {
    stage.anonymous().as_user(id).with_header("x-user-role", "admin")
}

#[tokio::test]
async fn nobody_becomes_an_administrator_by_registering() {
    let mut stage = Stage::without_program().await;
    stage.program = stage.prepared().with("ADMIN_LOGINS", "root");
    stage.program.start_again();
    stage.program.ready().await;
    let session = stage.register("root").await;
    assert_eq!(session.json()["user"]["role"], "user");
}

#[tokio::test]
async fn the_first_administrator_is_made_on_the_command_line_and_chooses_a_password() {
    let stage = Stage::new().await;
    let squatter = stage.register("chief").await;
    for login in ["root", "chief"] {
        let token = stage.create_admin(&[login]);
        assert_eq!(code(&stage.login("chief", PASSWORD).await) == "wrong_credentials", login == "chief");
        let body = json!({"token": token, "new_password": "battery staple"});
        let session = stage.post("/password-reset", body.clone()).await;
        assert_eq!((session.status.as_u16(), &session.json()["user"]["role"]), (200, &json!("admin")));
        assert_eq!(code(&stage.post("/password-reset", body).await), "invalid_reset_token", "a token is valid once");
        assert_eq!(stage.login(login, "battery staple").await.status, 200);
    }
    // The user who had registered with this login has lost it.
    assert_eq!(code(&stage.refresh(&refresh_token(&squatter)).await), "invalid_refresh_token");
}

#[tokio::test]
async fn an_administrator_issues_a_token_with_which_a_user_sets_a_new_password() {
    let stage = Stage::new().await;
    let (root, anna) = (stage.administrator("root").await, stage.register("anna").await);
    let admin = administrator(&stage, id(&root));
    let path = format!("/users/{}/password-reset", id(&anna));
    let issue = async || {
        let issued = admin.post(&path, "").await;
        assert_eq!((issued.status.as_u16(), issued.header("cache-control")), (201, "no-store"), "{}", issued.text);
        issued.json()["token"].as_str().unwrap().to_owned()
    };
    let reset = async |token: &str, password: &str| {
        stage.post("/password-reset", json!({"token": token, "new_password": password})).await
    };
    let (replaced, token) = (issue().await, issue().await);
    assert_eq!(code(&reset(&replaced, "battery staple").await), "invalid_reset_token");
    assert_eq!(code(&reset(&token, "password").await), "invalid_request", "a common password");
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200, "the old one is valid until then");
    assert_eq!(reset(&token, "battery staple").await.status, 200);
    assert_eq!(code(&stage.refresh(&refresh_token(&anna)).await), "invalid_refresh_token");
    assert_eq!(code(&stage.login("anna", PASSWORD).await), "wrong_credentials");

    let (before, session) = (issue().await, stage.login("anna", "battery staple").await);
    let change = json!({"current_password": "battery staple", "new_password": "another battery"});
    assert_eq!(stage.anonymous().as_user(id(&session)).post("/password", &change.to_string()).await.status, 200);
    assert_eq!(
        code(&reset(&before, "battery staple").await),
        "invalid_reset_token",
        "the owner has secured the account"
    );
    let blocked = issue().await;
    for path in ["block", "unblock"] {
        assert_eq!(admin.post(&format!("/users/{}/{path}", id(&anna)), "").await.status, 200);
    }
    assert_eq!(code(&reset(&blocked, "battery staple").await), "invalid_reset_token");

    let late = issue().await;
    sqlx::query("update password_resets set expires_at = now()").execute(&stage.pool).await.unwrap();
    assert_eq!(code(&reset(&late, "another staple").await), "invalid_reset_token");
    let stored: Vec<u8> = sqlx::query_scalar("select hash from password_resets").fetch_one(&stage.pool).await.unwrap();
    assert!(stored.len() == 32 && stored != late.as_bytes());
    assert_eq!(code(&admin.post("/users/999999/password-reset", "").await), "user_not_found");
}

#[tokio::test]
async fn a_blocked_user_cannot_sign_in_until_unblocked() {
    let stage = Stage::new().await;
    let (root, anna) = (stage.administrator("root").await, stage.register("anna").await);
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
    let (root, anna) = (stage.administrator("root").await, stage.register("anna").await);
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
    let root = stage.administrator("root").await;
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
        user.post("/users/1/password-reset", "").await,
        user.put("/users/1/role", r#"{"role": "admin"}"#).await,
        stage.anonymous().as_user(id(&anna)).get("/users").await,
    ] {
        assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (404, "not_found"));
    }
}

/// The user with the session that the gateway names, as in its token.
fn in_session(client: &Client, session: &TestResponse) -> Client {
    client.with_header("x-session-id", session.json()["session_id"].as_str().unwrap())
}

#[tokio::test]
async fn an_administrator_who_was_blocked_or_demoted_can_do_nothing_more() {
    let stage = Stage::new().await;
    let (root, anna) = (stage.administrator("root").await, stage.register("anna").await);
    let admin = in_session(&administrator(&stage, id(&root)), &root);
    for (end, body) in [("block", ""), ("role", r#"{"role": "user"}"#)] {
        let other = stage.administrator(&format!("second{end}")).await;
        let accomplice = in_session(&administrator(&stage, id(&other)), &other);
        let place = format!("/users/{}/{end}", id(&other));
        let ended = if end == "role" { admin.put(&place, body).await } else { admin.post(&place, body).await };
        assert_eq!(ended.status, 200, "{}", ended.text);
        // The gateway may not know it yet: the token still says that they are an administrator.
        for answer in [
            accomplice.put(&format!("/users/{}/role", id(&anna)), r#"{"role": "admin"}"#).await,
            accomplice.post(&format!("/users/{}/password-reset", id(&root)), "").await,
            accomplice.post(&format!("/users/{}/unblock", id(&other)), "").await,
            accomplice.get("/users").await,
            accomplice.get("/audit-events").await,
        ] {
            assert_eq!(answer.status, 401, "{end}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn two_administrators_who_block_each_other_leave_one() {
    let stage = Stage::new().await;
    for round in 0..5 {
        let (one, two) =
            (stage.administrator(&format!("one{round}")).await, stage.administrator(&format!("two{round}")).await);
        let (first, second) =
            (in_session(&administrator(&stage, id(&one)), &one), in_session(&administrator(&stage, id(&two)), &two));
        let (at_two, at_one) = (format!("/users/{}/block", id(&two)), format!("/users/{}/block", id(&one)));
        let (blocks, blocked) = tokio::join!(first.post(&at_two, ""), second.post(&at_one, ""));
        let mut answers = [blocks.status.as_u16(), blocked.status.as_u16()];
        answers.sort_unstable();
        assert!([[200, 401], [200, 403]].contains(&answers), "{answers:?}");
    }
}

#[tokio::test]
async fn an_ended_session_changes_no_password_and_ends_no_other_session() {
    let stage = Stage::new().await;
    let stolen = stage.register("anna").await;
    let own = stage.login("anna", PASSWORD).await;
    let user = |session: &TestResponse| in_session(&stage.anonymous().as_user(id(session)), session);
    let place = |session: &TestResponse| format!("/sessions/{}", session.json()["session_id"].as_str().unwrap());
    assert_eq!(user(&own).delete(&place(&stolen)).await.status, 204);
    let body = json!({ "current_password": PASSWORD, "new_password": "other quartz lamp" }).to_string();
    assert_eq!(code(&user(&stolen).post("/password", &body).await), "unauthenticated");
    assert_eq!(user(&stolen).delete(&place(&own)).await.status, 401);
    assert_eq!(user(&stolen).get("/sessions").await.status, 401);
    assert_eq!(user(&own).get("/sessions").await.status, 200);
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200, "the password is the old one");
}
