//! The second step of signing in: codes of an authenticator app, and recovery codes.

use crate::stage::{PASSWORD, Stage, code, refresh_token};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use testkit::{Client, TestResponse};
use users_service::domain::totp::{SECRET_BYTES, Secret, step_at};

/// A user with a second factor, and their authenticator app.
struct Person {
    id: i64,
    client: Client,
    secret: Secret,
    recovery_codes: Vec<String>,
}

impl Person {
    /// The code of the current step, or of one before or after it.
    fn code(&self, steps: i64) -> String {
        code_of(&self.secret, steps)
    }
}

fn code_of(secret: &Secret, steps: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!("{:06}", secret.code(step_at(now) + steps))
}

/// Reads base32, as an authenticator app does.
fn secret_of(text: &str) -> Secret {
    let mut bits = text.bytes().flat_map(|character| {
        let value = if character.is_ascii_uppercase() { character - b'A' } else { character - b'2' + 26 };
        (0..5).rev().map(move |bit| value >> bit & 1)
    });
    let mut bytes = [0; SECRET_BYTES];
    for byte in &mut bytes {
        *byte = bits.by_ref().take(8).fold(0, |byte, bit| byte << 1 | bit);
    }
    Secret::new(bytes)
}

/// Registers a user who turns the second factor on.
async fn person(stage: &Stage, login: &str) -> Person {
    let id = stage.register(login).await.json()["user"]["id"].as_i64().unwrap();
    let client = stage.anonymous().as_user(id);
    let set_up = post(&client, "/second-factor/set-up", json!({"current_password": PASSWORD})).await;
    assert_eq!(set_up.status, 200, "{}", set_up.text);
    let text = set_up.json()["secret"].as_str().unwrap().to_owned();
    let uri = set_up.json()["uri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with(&format!("otpauth://totp/Chipin:{login}?secret={text}&issuer=Chipin")), "{uri}");
    let secret = secret_of(&text);
    let turned_on = post(&client, "/second-factor/turn-on", json!({"code": code_of(&secret, 0)})).await;
    assert_eq!(turned_on.status, 200, "{}", turned_on.text);
    forget_codes(stage).await;
    Person { id, client, secret, recovery_codes: recovery_codes(&turned_on) }
}

fn recovery_codes(answer: &TestResponse) -> Vec<String> {
    let codes = answer.json()["recovery_codes"].as_array().unwrap().clone();
    codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

/// As if the last code had been entered long ago, so that a test need not wait for the next one.
async fn forget_codes(stage: &Stage) {
    sqlx::query("update second_factors set last_step = 0").execute(&stage.pool).await.unwrap();
}

async fn post(client: &Client, path: &str, body: Value) -> TestResponse {
    client.post(path, &body.to_string()).await
}

/// The challenge of a right password.
async fn challenge(stage: &Stage, login: &str) -> String {
    let answer = stage.login(login, PASSWORD).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json()["challenge"].as_str().unwrap().to_owned()
}

async fn second_step(stage: &Stage, challenge: &str, code: &str) -> TestResponse {
    stage.post("/login/second-factor", json!({"challenge": challenge, "code": code})).await
}

#[tokio::test]
async fn with_a_second_factor_the_password_alone_signs_nobody_in() {
    let stage = Stage::new().await;
    let anna = person(&stage, "anna").await;
    let sessions = async || anna.client.get("/sessions").await.json()["sessions"].as_array().unwrap().len();
    let before = sessions().await;
    let answer = stage.login("anna", PASSWORD).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["challenge", "expires_in"], "no tokens, and nothing about the user");
    assert_eq!(sessions().await, before);
    let challenge = answer.json()["challenge"].as_str().unwrap().to_owned();
    assert_eq!(code(&stage.refresh(&challenge).await), "invalid_refresh_token");
    let reset = stage.post("/password-reset", json!({"token": challenge, "new_password": "battery staple"})).await;
    assert_eq!(code(&reset), "invalid_reset_token");

    assert_eq!(code(&second_step(&stage, "nonsense", &anna.code(0)).await), "invalid_challenge");
    assert_eq!(code(&second_step(&stage, &challenge, "12345").await), "invalid_request");
    let session = second_step(&stage, &challenge, &anna.code(0)).await;
    assert_eq!((session.status.as_u16(), session.json()["user"]["login"].as_str()), (200, Some("anna")));
    assert_eq!(stage.refresh(&refresh_token(&session)).await.status, 200);
    assert_eq!(code(&second_step(&stage, &challenge, &anna.code(1)).await), "invalid_challenge", "it was used");
    assert_eq!(code(&stage.login("anna", "another password").await), "wrong_credentials");
}

#[tokio::test]
async fn a_code_is_accepted_once_even_at_the_same_time() {
    let stage = Stage::new().await;
    let anna = person(&stage, "anna").await;
    let (first, second) = (challenge(&stage, "anna").await, challenge(&stage, "anna").await);
    let now = anna.code(0);
    let (a, b) = tokio::join!(second_step(&stage, &first, &now), second_step(&stage, &second, &now));
    let mut outcomes = [a.status.as_u16(), b.status.as_u16()];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [200, 401], "{} {}", a.text, b.text);
    let unused = if a.status == 200 { &second } else { &first };
    assert_eq!(code(&second_step(&stage, unused, &now).await), "wrong_code");
    assert_eq!(code(&second_step(&stage, unused, &anna.code(-1)).await), "wrong_code", "older than the last one");
    assert_eq!(second_step(&stage, unused, &anna.code(1)).await.status, 200, "one step of skew");
}

#[tokio::test]
async fn the_same_right_code_many_times_at_once_uses_up_no_attempts() {
    let stage = Stage::new().await;
    let id = stage.register("anna").await.json()["user"]["id"].as_i64().unwrap();
    let client = stage.anonymous().as_user(id);
    let set_up = post(&client, "/second-factor/set-up", json!({"current_password": PASSWORD})).await;
    let secret = secret_of(set_up.json()["secret"].as_str().unwrap());
    for _ in 0..3 {
        let right = json!({"code": code_of(&secret, 0)});
        let turn_on = async || post(&client, "/second-factor/turn-on", right.clone()).await.status.as_u16();
        let five = tokio::join!(turn_on(), turn_on(), turn_on(), turn_on(), turn_on());
        let outcomes: [u16; 5] = five.into();
        assert!(outcomes.iter().all(|status| [200, 409].contains(status)), "{outcomes:?}");
    }
    forget_codes(&stage).await;
    let challenge = challenge(&stage, "anna").await;
    let wrong = format!("{:06}", (code_of(&secret, 0).parse::<u32>().unwrap() + 1) % 1_000_000);
    for _ in 0..4 {
        assert_eq!(code(&second_step(&stage, &challenge, &wrong).await), "wrong_code");
    }
    assert_eq!(second_step(&stage, &challenge, &code_of(&secret, 0)).await.status, 200);
}

#[tokio::test]
async fn a_code_of_the_turn_on_does_not_sign_in() {
    let stage = Stage::new().await;
    let id = stage.register("anna").await.json()["user"]["id"].as_i64().unwrap();
    let client = stage.anonymous().as_user(id);
    let set_up = post(&client, "/second-factor/set-up", json!({"current_password": PASSWORD})).await;
    let secret = secret_of(set_up.json()["secret"].as_str().unwrap());
    // The latest that is accepted, so that the next step does not begin meanwhile.
    let spent = code_of(&secret, 1);
    assert_eq!(post(&client, "/second-factor/turn-on", json!({"code": spent})).await.status, 200);
    let challenge = challenge(&stage, "anna").await;
    assert_eq!(code(&second_step(&stage, &challenge, &spent).await), "wrong_code");
}

#[tokio::test]
async fn without_a_first_code_nothing_changes() {
    let stage = Stage::new().await;
    let id = stage.register("anna").await.json()["user"]["id"].as_i64().unwrap();
    let client = stage.anonymous().as_user(id);
    let turn_on = async |code: &str| post(&client, "/second-factor/turn-on", json!({"code": code})).await;
    assert_eq!(code(&turn_on("123456").await), "second_factor_not_set_up");
    let set_up =
        async |password: &str| post(&client, "/second-factor/set-up", json!({"current_password": password})).await;
    assert_eq!(code(&set_up("another password").await), "wrong_credentials");
    let replaced = secret_of(set_up(PASSWORD).await.json()["secret"].as_str().unwrap());
    let secret = secret_of(set_up(PASSWORD).await.json()["secret"].as_str().unwrap());
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200);
    assert_eq!(code(&turn_on(&code_of(&replaced, 0)).await), "wrong_code");
    assert_eq!(code(&turn_on("aaaaaa-aaaaaa-aaaaaa-aaaaaa").await), "wrong_code");
    let off = json!({"enabled": false, "recovery_codes_left": 0});
    assert_eq!(client.get("/second-factor").await.json(), off);
    assert_eq!(turn_on(&code_of(&secret, 0)).await.status, 200);
    assert_eq!(client.get("/second-factor").await.json(), json!({"enabled": true, "recovery_codes_left": 10}));
    assert_eq!(code(&turn_on(&code_of(&secret, 1)).await), "second_factor_on");
    assert_eq!(code(&set_up(PASSWORD).await), "second_factor_on");
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_new_ones_replace_the_old() {
    let stage = Stage::new().await;
    let anna = person(&stage, "anna").await;
    assert_eq!(anna.recovery_codes.len(), 10);
    let (first, second) = (challenge(&stage, "anna").await, challenge(&stage, "anna").await);
    let spent = &anna.recovery_codes[0];
    let (a, b) = tokio::join!(second_step(&stage, &first, spent), second_step(&stage, &second, spent));
    let mut outcomes = [a.status.as_u16(), b.status.as_u16()];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [200, 401], "{} {}", a.text, b.text);
    assert_eq!(anna.client.get("/second-factor").await.json()["recovery_codes_left"], 9);

    let renew = async |password: &str, code: &str| {
        let body = json!({"current_password": password, "code": code});
        post(&anna.client, "/second-factor/recovery-codes", body).await
    };
    assert_eq!(code(&renew("another password", &anna.code(0)).await), "wrong_credentials");
    assert_eq!(code(&renew(PASSWORD, spent).await), "wrong_code");
    let renewed = renew(PASSWORD, &anna.code(0)).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    let challenge = challenge(&stage, "anna").await;
    assert_eq!(code(&second_step(&stage, &challenge, &anna.recovery_codes[1]).await), "wrong_code");
    let typed = recovery_codes(&renewed)[0].to_uppercase().replace('-', " ");
    assert_eq!(second_step(&stage, &challenge, &typed).await.status, 200);
}

#[tokio::test]
async fn too_many_wrong_codes_delay_the_right_one() {
    let stage = Stage::new().await;
    let anna = person(&stage, "anna").await;
    let wrong = if anna.code(0) == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        // A new challenge, and the right password before it, is no way around the limit.
        let challenge = challenge(&stage, "anna").await;
        assert_eq!(code(&second_step(&stage, &challenge, wrong).await), "wrong_code");
    }
    let challenge = challenge(&stage, "anna").await;
    let answer = second_step(&stage, &challenge, &anna.code(0)).await;
    assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (429, "too_many_tries"));
    assert!((20..=30).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    let off = json!({"current_password": PASSWORD, "code": anna.code(0)});
    assert_eq!(code(&post(&anna.client, "/second-factor/turn-off", off).await), "too_many_tries");
    sqlx::query("update tries set since = since - interval '1 minute'").execute(&stage.pool).await.unwrap();
    assert_eq!(second_step(&stage, &challenge, &anna.code(0)).await.status, 200);
}

#[tokio::test]
async fn concurrent_wrong_codes_are_all_counted() {
    let stage = Stage::new().await;
    let anna = person(&stage, "anna").await;
    let challenge = challenge(&stage, "anna").await;
    let wrong = if anna.code(0) == "000000" { "000001" } else { "000000" };
    let one = || second_step(&stage, &challenge, wrong);
    let answers = tokio::join!(one(), one(), one(), one(), one(), one(), one(), one());
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5, answers.6, answers.7];
    let checked = answers.iter().filter(|answer| code(answer) == "wrong_code").count();
    assert_eq!(checked, 5, "{:?}", answers.map(|answer| answer.text));
}

#[tokio::test]
async fn turning_it_off_takes_the_password_and_a_code() {
    let stage = Stage::new().await;
    let anna = person(&stage, "anna").await;
    let off = async |password: &str, code: &str| {
        let body = json!({"current_password": password, "code": code});
        post(&anna.client, "/second-factor/turn-off", body).await
    };
    assert_eq!(code(&off("another password", &anna.code(0)).await), "wrong_credentials");
    assert_eq!(code(&off(PASSWORD, "aaaaaa-aaaaaa-aaaaaa-aaaaaa").await), "wrong_code");
    let body = json!({"current_password": PASSWORD});
    assert_eq!(code(&post(&anna.client, "/second-factor/turn-off", body).await), "invalid_request");
    assert_eq!(stage.login("anna", PASSWORD).await.status, 202);
    assert_eq!(off(PASSWORD, &anna.code(0)).await.status, 204);
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200);
    assert_eq!(code(&off(PASSWORD, &anna.code(1)).await), "second_factor_off");
    let left: i64 = sqlx::query_scalar("select count(*) from recovery_codes").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_password_reset_keeps_the_second_factor_and_an_administrator_removes_it_explicitly() {
    let stage = Stage::new().await;
    let root = stage.administrator("root").await.json()["user"]["id"].as_i64().unwrap();
    let anna = person(&stage, "anna").await;
    let admin = stage.anonymous().as_user(root).with_header("x-user-role", "admin");
    let issued = admin.post(&format!("/users/{}/password-reset", anna.id), "").await;
    let body = json!({"token": issued.json()["token"], "new_password": PASSWORD});
    let reset = stage.post("/password-reset", body).await;
    assert_eq!(reset.status, 202, "{}", reset.text);
    let challenge = reset.json()["challenge"].as_str().unwrap().to_owned();
    assert_eq!(second_step(&stage, &challenge, &anna.code(0)).await.status, 200);
    // The same on the command line.
    let token = stage.create_admin(&["anna"]);
    let again = stage.post("/password-reset", json!({"token": token, "new_password": PASSWORD})).await;
    assert_eq!(again.status, 202, "{}", again.text);

    let path = format!("/users/{}/second-factor", anna.id);
    assert_eq!(anna.client.delete(&path).await.status, 404, "not an administrator");
    let own = admin.delete(&format!("/users/{root}/second-factor")).await;
    assert_eq!((own.status.as_u16(), code(&own).as_str()), (409, "cannot_remove_own_second_factor"));
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200);
    assert_eq!(code(&admin.delete("/users/999999/second-factor").await), "user_not_found");

    let vera = person(&stage, "vera").await;
    let token = stage.create_admin(&["vera", "--remove-second-factor"]);
    let body = json!({"token": token, "new_password": PASSWORD});
    assert_eq!(stage.post("/password-reset", body).await.json()["user"]["id"], vera.id);
}

#[tokio::test]
async fn a_challenge_ends_with_its_time_a_new_password_a_block_and_a_sign_out() {
    let stage = Stage::new().await;
    let root = stage.administrator("root").await.json()["user"]["id"].as_i64().unwrap();
    let admin = stage.anonymous().as_user(root).with_header("x-user-role", "admin");
    let anna = person(&stage, "anna").await;
    let refused = async |challenge: &str| {
        assert_eq!(code(&second_step(&stage, challenge, &anna.code(0)).await), "invalid_challenge");
    };
    let late = challenge(&stage, "anna").await;
    sqlx::query("update sign_in_challenges set expires_at = now()").execute(&stage.pool).await.unwrap();
    refused(&late).await;

    let signed_out = challenge(&stage, "anna").await;
    assert_eq!(admin.post(&format!("/users/{}/sign-out", anna.id), "").await.status, 204);
    refused(&signed_out).await;

    let before = challenge(&stage, "anna").await;
    let change = json!({"current_password": PASSWORD, "new_password": PASSWORD});
    assert_eq!(post(&anna.client, "/password", change).await.status, 200);
    refused(&before).await;

    let blocked = challenge(&stage, "anna").await;
    assert_eq!(admin.post(&format!("/users/{}/block", anna.id), "").await.status, 200);
    refused(&blocked).await;
    assert_eq!(code(&stage.login("anna", PASSWORD).await), "blocked");
}

#[tokio::test]
async fn a_repeated_registration_is_no_way_around_the_second_factor() {
    let stage = Stage::new().await;
    let body = json!({"login": "anna", "password": PASSWORD}).to_string();
    let register = async || stage.anonymous().with_header("idempotency-key", "once").post("/register", &body).await;
    let id = register().await.json()["user"]["id"].as_i64().unwrap();
    let client = stage.anonymous().as_user(id);
    let set_up = post(&client, "/second-factor/set-up", json!({"current_password": PASSWORD})).await;
    let secret = secret_of(set_up.json()["secret"].as_str().unwrap());
    let turn_on = json!({"code": code_of(&secret, 0)});
    assert_eq!(post(&client, "/second-factor/turn-on", turn_on).await.status, 200);
    let again = register().await;
    assert_eq!((again.status.as_u16(), again.json().get("access_token")), (202, None), "{}", again.text);
}

#[tokio::test]
async fn a_copy_of_the_database_contains_no_secret_and_no_code() {
    let mut stage = Stage::without_program().await;
    let log = std::env::temp_dir().join(testkit::unique("chipin_second_factor_log"));
    stage.program = stage.prepared().logging_to(&log).with("RUST_LOG", "debug");
    stage.program.start_again();
    stage.program.ready().await;
    let anna = person(&stage, "anna").await;
    let challenge = challenge(&stage, "anna").await;
    let stored: Vec<u8> = sqlx::query_scalar("select secret from second_factors").fetch_one(&stage.pool).await.unwrap();
    assert!(!stored.windows(4).any(|part| anna.secret.as_bytes().windows(4).any(|clear| clear == part)));
    let sql = "select hash from recovery_codes union all select hash from sign_in_challenges";
    let hashes: Vec<Vec<u8>> = sqlx::query_scalar(sql).fetch_all(&stage.pool).await.unwrap();
    assert_eq!(hashes.len(), 11);
    for hash in &hashes {
        assert_eq!(hash.len(), 32);
        assert!(!anna.recovery_codes.iter().chain([&challenge]).any(|clear| clear.as_bytes() == hash.as_slice()));
    }
    // The key outlives the process.
    stage.program.kill();
    stage.program.start_again();
    stage.program.ready().await;
    assert_eq!(second_step(&stage, &challenge, &anna.code(0)).await.status, 200);
    let logged = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    assert!(!logged.is_empty());
    for clear in anna.recovery_codes.iter().chain([&anna.secret.text(), &challenge]) {
        assert!(!logged.contains(clear), "a secret is in the log");
    }
}
