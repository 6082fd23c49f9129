//! Registration, sign-in, refresh and sign-out.

use crate::stage::{PASSWORD, Stage, code, refresh_token};
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::{Client, TestResponse, eventually};

#[tokio::test]
async fn registration_signs_in_and_publishes_an_event() {
    let stage = Stage::new().await;
    let session = stage.register("Anna").await;
    assert_eq!(session.status, 201, "{}", session.text);
    let json = session.json();
    assert_eq!((json["user"]["login"].as_str(), json["user"]["role"].as_str()), (Some("anna"), Some("user")));
    assert_eq!((json["token_type"].as_str(), json["expires_in"].as_u64()), (Some("Bearer"), Some(600)));
    assert_eq!(json["access_token"].as_str().unwrap().split('.').count(), 3);

    let id = json["user"]["id"].as_i64().unwrap();
    eventually(vec![id], async || {
        let events = stage.broker.captured_events("users").await;
        events.iter().filter_map(|event| event["data"]["user_id"].as_i64()).collect::<Vec<_>>()
    })
    .await;
    let me = stage.anonymous().as_user(id).get("/me").await;
    assert_eq!((me.status.as_u16(), me.json()["login"].as_str()), (200, Some("anna")));

    let again = stage.register("anna").await;
    assert_eq!((again.status.as_u16(), code(&again).as_str()), (409, "login_taken"));
}

#[tokio::test]
async fn a_repeated_registration_with_its_key_signs_in_the_user_that_it_created() {
    let stage = Stage::new().await;
    let register_from = async |address: &str, login: &str, password: &str| {
        let body = json!({"login": login, "password": password}).to_string();
        let client = stage.anonymous().with_header("idempotency-key", "once").with_header("x-forwarded-for", address);
        client.post("/register", &body).await
    };
    let register = async |login: &str, password: &str| register_from("10.0.0.9", login, password).await;
    let first = register("anna", PASSWORD).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = register("anna", PASSWORD).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"), "{}", again.text);
    assert_eq!(again.json()["user"], first.json()["user"]);
    assert_ne!(refresh_token(&again), refresh_token(&first), "tokens are not stored");
    assert_eq!(stage.refresh(&refresh_token(&again)).await.status, 200);
    let other = register("anna", "another password").await;
    assert_eq!((other.status.as_u16(), code(&other).as_str()), (422, "idempotency_key_reused"));
    let other = register("boris", PASSWORD).await;
    assert_eq!((other.status.as_u16(), code(&other).as_str()), (422, "idempotency_key_reused"), "one key, one account");
    assert_eq!(stage.login("boris", PASSWORD).await.status, 401);
    let moved = register_from("10.0.0.10", "anna", PASSWORD).await;
    assert_eq!((moved.status.as_u16(), moved.header("idempotency-replayed")), (201, "true"), "{}", moved.text);
    let elsewhere = register_from("10.0.0.10", "boris", PASSWORD).await;
    assert_eq!(elsewhere.status, 201, "another client may have the same key: {}", elsewhere.text);
    eventually(2, async || stage.broker.captured_events("users").await.len()).await;
    let stored: Vec<String> = sqlx::query_scalar("select key || encode(body, 'escape') from idempotency_keys")
        .fetch_all(&stage.pool)
        .await
        .unwrap();
    assert!(
        stored.len() == 4 && stored.iter().all(|row| !row.contains("once") && !row.contains("token")),
        "{stored:?}"
    );
}

#[tokio::test]
async fn invalid_logins_and_passwords_are_reported() {
    let stage = Stage::new().await;
    for (body, pointer) in [
        (json!({"login": "ab", "password": PASSWORD}), "/login"),
        (json!({"login": "анна", "password": PASSWORD}), "/login"),
        (json!({"login": 1, "password": PASSWORD}), "/login"),
        (json!({"login": "anna", "password": "short"}), "/password"),
        (json!({"login": "anna", "password": "Password"}), "/password"),
        (json!({"login": "anna", "password": "        "}), "/password"),
        (json!({"login": "annalena", "password": "annalena"}), "/password"),
        (json!({"login": "anna", "password": "Chipin2026"}), "/password"),
        (json!({"login": "anna"}), "/password"),
        (json!({"login": "anna", "password": PASSWORD, "role": "admin"}), "/role"),
    ] {
        let answer = stage.post("/register", body.clone()).await;
        assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (422, "invalid_request"), "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn an_unknown_login_looks_like_a_wrong_password() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    let mut times = vec![];
    for login in ["anna", "nobody"] {
        let started = Instant::now();
        let answer = stage.login(login, "another password").await;
        times.push(started.elapsed());
        assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (401, "wrong_credentials"), "{login}");
    }
    // Both verify a hash; without that, the response for an unknown login would take only a millisecond or two.
    assert!(times[1] * 4 > times[0] && times[1] > Duration::from_millis(5), "{times:?}");
    assert_eq!(stage.login("ANNA", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn too_many_wrong_passwords_delay_the_right_one_for_known_and_unknown_logins() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    let age = async |seconds: f64| {
        let sql = "update tries set since = since - make_interval(secs => $1)";
        sqlx::query(sql).bind(seconds).execute(&stage.pool).await.unwrap();
    };
    for login in ["anna", "nobody"] {
        for _ in 0..5 {
            assert_eq!(code(&stage.login(login, "another password").await), "wrong_credentials");
        }
        // Each wait is twice as long as the one before, and does not grow by trying meanwhile.
        for expected in [30, 60, 120] {
            for _ in 0..3 {
                let answer = stage.login(login, PASSWORD).await;
                assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (429, "too_many_tries"), "{login}");
                let seconds: u64 = answer.header("retry-after").parse().unwrap();
                assert!((expected - 10..=expected).contains(&seconds), "{seconds} instead of {expected}");
            }
            age(f64::from(u32::try_from(expected).unwrap())).await;
            assert_eq!(code(&stage.login(login, "another password").await), "wrong_credentials");
        }
    }
    age(900.0).await;
    assert_eq!(stage.login("anna", PASSWORD).await.status, 200);
    assert_eq!(code(&stage.login("anna", "another password").await), "wrong_credentials");
}

#[tokio::test]
async fn first_attempts_at_the_same_time_are_all_counted() {
    let stage = Stage::new().await;
    stage.register("anna").await;
    // They meet at a row that then does not exist.
    let mut meeting = stage.pool.begin().await.unwrap();
    sqlx::query("insert into tries values ('anna', 1, now())").execute(&mut *meeting).await.unwrap();
    let part = async {
        eventually(true, async || waiting(&stage.pool).await >= 7).await;
        meeting.rollback().await.unwrap();
    };
    let attempt = || stage.login("anna", "another password");
    let attempts = async {
        let all = tokio::join!(attempt(), attempt(), attempt(), attempt(), attempt(), attempt(), attempt());
        [all.0, all.1, all.2, all.3, all.4, all.5, all.6]
    };
    let (answers, ()) = tokio::join!(attempts, part);
    let refused = answers.iter().filter(|answer| code(answer) == "too_many_tries").count();
    assert_eq!(refused, 2, "{:?}", answers.map(|answer| answer.text));
}

#[tokio::test]
async fn strangers_can_not_lock_a_user_out_of_an_address_that_they_use() {
    let stage = Stage::new().await;
    let from = |address: &str| stage.anonymous().with_header("x-forwarded-for", address);
    let body = |password: &str| json!({"login": "anna", "password": password}).to_string();
    assert_eq!(from("10.0.0.1").post("/register", &body(PASSWORD)).await.status, 201);
    for at in 0..5 {
        let answer = from(&format!("10.9.9.{at}")).post("/login", &body("another password")).await;
        assert_eq!(code(&answer), "wrong_credentials");
    }
    assert_eq!(code(&from("10.9.9.9").post("/login", &body(PASSWORD)).await), "too_many_tries");
    assert_eq!(from("10.0.0.1").post("/login", &body(PASSWORD)).await.status, 200);
    // There too, the number of attempts is limited.
    for _ in 0..5 {
        assert_eq!(code(&from("10.0.0.1").post("/login", &body("another password")).await), "wrong_credentials");
    }
    assert_eq!(code(&from("10.0.0.1").post("/login", &body(PASSWORD)).await), "too_many_tries");
}

#[tokio::test]
async fn a_refresh_token_is_valid_once_and_reuse_revokes_its_family() {
    let stage = Stage::new().await;
    let first = refresh_token(&stage.register("anna").await);
    let second = stage.refresh(&first).await;
    assert_eq!(second.status, 200, "{}", second.text);
    let second = refresh_token(&second);
    assert_ne!(first, second);

    // Two tabs at the same time: the session continues.
    assert_eq!(code(&stage.refresh(&first).await), "refresh_token_spent");
    let third = refresh_token(&stage.refresh(&second).await);

    // After more than 10 seconds, the token was probably copied.
    sqlx::query("update refresh_tokens set spent_at = spent_at - interval '1 minute'")
        .execute(&stage.pool)
        .await
        .unwrap();
    assert_eq!(code(&stage.refresh(&first).await), "invalid_refresh_token");
    assert_eq!(code(&stage.refresh(&third).await), "invalid_refresh_token");
    assert_eq!(code(&stage.refresh("nonsense").await), "invalid_refresh_token");
}

#[tokio::test]
async fn a_refresh_token_used_concurrently_is_accepted_once() {
    let stage = Stage::new().await;
    let token = refresh_token(&stage.register("anna").await);
    let (a, b, c) = tokio::join!(stage.refresh(&token), stage.refresh(&token), stage.refresh(&token));
    let accepted = [a, b, c].iter().filter(|answer| answer.status == 200).count();
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn signing_out_ends_one_session() {
    let stage = Stage::new().await;
    let here = refresh_token(&stage.register("anna").await);
    let there = refresh_token(&stage.login("anna", PASSWORD).await);
    for _ in 0..2 {
        assert_eq!(stage.post("/logout", json!({"refresh_token": here})).await.status, 204);
    }
    assert_eq!(code(&stage.refresh(&here).await), "invalid_refresh_token");
    assert_eq!(stage.refresh(&there).await.status, 200);
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere_else() {
    let stage = Stage::new().await;
    let session = stage.register("anna").await;
    let (id, old) = (session.json()["user"]["id"].as_i64().unwrap(), refresh_token(&session));
    let anna = stage.anonymous().as_user(id);
    let wrong = json!({"current_password": "another password", "new_password": "battery staple"});
    assert_eq!(code(&anna.post("/password", &wrong.to_string()).await), "wrong_credentials");
    let weak = json!({"current_password": PASSWORD, "new_password": "anna1234"});
    let refused = anna.post("/password", &weak.to_string()).await;
    assert_eq!(
        (code(&refused).as_str(), &refused.json()["errors"][0]["pointer"]),
        ("invalid_request", &json!("/new_password"))
    );
    let right = json!({"current_password": PASSWORD, "new_password": "battery staple"});
    let changed = anna.post("/password", &right.to_string()).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(code(&stage.refresh(&old).await), "invalid_refresh_token");
    assert_eq!(stage.refresh(&refresh_token(&changed)).await.status, 200);
    assert_eq!(code(&stage.login("anna", PASSWORD).await), "wrong_credentials");
    assert_eq!(stage.login("anna", "battery staple").await.status, 200);
}

#[tokio::test]
async fn a_password_replaced_during_its_verification_is_rejected() {
    let stage = Stage::new().await;
    let id = stage.register("anna").await.json()["user"]["id"].as_i64().unwrap();
    let change = json!({"current_password": PASSWORD, "new_password": "battery staple"}).to_string();
    let anna = stage.anonymous().as_user(id);

    let mut replacing = stage.pool.begin().await.unwrap();
    sqlx::query("update users set password_hash = 'another'").execute(&mut *replacing).await.unwrap();
    let commit_later = async {
        eventually(2, async || waiting(&stage.pool).await).await;
        replacing.commit().await.unwrap();
    };
    let (login, change, ()) =
        tokio::join!(stage.login("anna", PASSWORD), anna.post("/password", &change), commit_later);
    assert_eq!((code(&login).as_str(), code(&change).as_str()), ("wrong_credentials", "wrong_credentials"));
}

#[tokio::test]
async fn a_user_blocked_during_sign_in_is_rejected() {
    let stage = Stage::new().await;
    let token = refresh_token(&stage.register("anna").await);
    let mut blocking = stage.pool.begin().await.unwrap();
    sqlx::query("update users set blocked_at = now()").execute(&mut *blocking).await.unwrap();
    let commit_later = async {
        eventually(2, async || waiting(&stage.pool).await).await;
        blocking.commit().await.unwrap();
    };
    let (login, refresh, ()) = tokio::join!(stage.login("anna", PASSWORD), stage.refresh(&token), commit_later);
    assert_eq!((login.status.as_u16(), code(&login).as_str()), (403, "blocked"));
    assert_eq!(code(&refresh), "invalid_refresh_token");
}

#[tokio::test]
async fn a_session_ends_when_it_is_old_or_unused_and_gateways_are_told() {
    let stage = Stage::without_program().await;
    let mut program = stage.prepared().with("SESSION_DAYS", "10").with("SESSION_IDLE_DAYS", "3");
    program.start_again();
    program.ready().await;
    let client = Client::new(&program.url());
    let sign_in = async |path: &str, login: &str| {
        client.post(path, &json!({"login": login, "password": PASSWORD}).to_string()).await
    };
    let refresh = async |session: &TestResponse| {
        client.post("/refresh", &json!({"refresh_token": refresh_token(session)}).to_string()).await
    };
    let age = async |days: i32| {
        for sql in [
            "update families set created_at = created_at - make_interval(days => $1)",
            "update refresh_tokens set expires_at = expires_at - make_interval(days => $1)",
        ] {
            sqlx::query(sql).bind(days).execute(&stage.pool).await.unwrap();
        }
    };
    let unused = sign_in("/register", "anna").await;
    let mut used = sign_in("/login", "anna").await;
    for _ in 0..4 {
        age(2).await;
        used = refresh(&used).await;
        assert_eq!(used.status, 200, "{}", used.text);
    }
    assert_eq!(code(&refresh(&unused).await), "invalid_refresh_token", "unused for 8 days");
    age(2).await;
    assert_eq!(code(&refresh(&used).await), "invalid_refresh_token", "10 days old");
    let id = used.json()["user"]["id"].as_i64().unwrap();
    assert_eq!(client.as_user(id).get("/sessions").await.json()["sessions"], json!([]));
}

#[tokio::test]
async fn gateways_are_told_once_more_which_sessions_have_ended() {
    let stage = Stage::new().await;
    let ended = async |after: &str| stage.anonymous().get(&format!("/internal/ended-sessions{after}")).await.json();
    let (here, there) = (stage.register("anna").await, stage.login("anna", PASSWORD).await);
    let before = ended("").await;
    assert_eq!((&before["sessions"], &before["more"]), (&json!([]), &json!(false)));
    stage.post("/logout", json!({"refresh_token": refresh_token(&here)})).await;
    let cursor = before["cursor"].as_str().unwrap();
    let first = ended(&format!("?after={cursor}")).await;
    assert_eq!(first["sessions"], json!([here.json()["session_id"]]));
    // It overlaps, because a transaction that began earlier may have ended later.
    let again = ended(&format!("?after={}", first["cursor"].as_str().unwrap())).await;
    assert_eq!(again["sessions"], first["sessions"]);
    assert_ne!(there.json()["session_id"], here.json()["session_id"]);
    assert_eq!(stage.anonymous().get("/internal/ended-sessions?after=x").await.status, 422);
}

/// The number of statements waiting for a lock.
async fn waiting(pool: &sqlx::PgPool) -> i64 {
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn the_published_keys_outlive_the_process() {
    let mut stage = Stage::new().await;
    let before = stage.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(before.header("cache-control"), "public, max-age=60");
    let key = &before.json()["keys"][0];
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str(), key["alg"].as_str()),
        (Some("OKP"), Some("Ed25519"), Some("EdDSA"))
    );
    assert!(key.get("d").is_none(), "the private key is published");
    stage.program.kill();
    stage.program.start_again();
    stage.program.ready().await;
    let after = stage.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(before.json(), after.json());
}

#[tokio::test]
async fn neither_passwords_nor_tokens_are_stored() {
    let stage = Stage::new().await;
    let token = refresh_token(&stage.register("anna").await);
    let stored: String = sqlx::query_scalar("select password_hash from users").fetch_one(&stage.pool).await.unwrap();
    assert!(stored.starts_with("$argon2id$") && !stored.contains(PASSWORD));
    let hash: Vec<u8> = sqlx::query_scalar("select hash from refresh_tokens").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(hash.len(), 32);
    assert_ne!(hash, token.as_bytes());
}
