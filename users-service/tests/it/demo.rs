//! The demo users, whose password is public.

use crate::stage::Stage;
use serde_json::json;
use testkit::{Client, Program, eventually};

const PASSWORD: &str = "chipin-demo";

async fn sign_in(client: &Client) -> u16 {
    let body = json!({"login": "anna", "password": PASSWORD}).to_string();
    client.post("/login", &body).await.status.as_u16()
}

async fn started(program: Program) -> (Program, Client) {
    let mut program = program;
    program.start_again();
    program.ready().await;
    let client = Client::new(&program.url());
    (program, client)
}

#[tokio::test]
async fn demo_users_sign_in_from_this_machine_and_only_while_they_are_enabled() {
    let stage = Stage::without_program().await;
    let (enabled, client) = started(stage.prepared().with("DEMO_USERS", "true")).await;
    eventually(200, async || sign_in(&client).await).await;
    // As the gateway writes it: the client, then its own peer. A gateway may be public although this service is not.
    assert_eq!(sign_in(&client.with_header("x-forwarded-for", "127.0.0.1")).await, 200);
    assert_eq!(sign_in(&client.with_header("x-forwarded-for", "203.0.113.9")).await, 401);
    let body = json!({"login": "anna", "password": PASSWORD}).to_string();
    let session = client.post("/login", &body).await.json();
    drop(enabled);

    let (_disabled, client) = started(stage.prepared().with("DEMO_USERS", "false")).await;
    assert_eq!(sign_in(&client).await, 401);
    let count = "select count(*) from families where revoked_at is null";
    eventually(0, async || sqlx::query_scalar::<_, i64>(count).fetch_one(&stage.pool).await.unwrap()).await;
    let refresh = json!({"refresh_token": session["refresh_token"]}).to_string();
    assert_eq!(client.post("/refresh", &refresh).await.status, 401);
}

#[tokio::test]
async fn no_user_can_choose_the_password_of_the_demo_users() {
    let stage = Stage::new().await;
    let refused = stage.post("/register", json!({"login": "vera", "password": PASSWORD})).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    // A user who has another password is not affected.
    assert_eq!(stage.register("anna").await.status, 201);
    assert_eq!(stage.login("anna", crate::stage::PASSWORD).await.status, 200);
}
