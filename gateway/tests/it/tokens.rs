//! Which credentials the gateway accepts in `jwt` mode.

use crate::client::{TestResponse, anonymous, fetch};
use crate::service::{ReceivedRequests, Service};
use crate::stage::{Plan, Stage, before};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::request::Builder;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_tungstenite::connect_async;
use uuid::Uuid;

/// The session of all tokens.
pub(crate) const SESSION: Uuid = Uuid::from_u128(7);

/// A key pair like those of users-service.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    name: &'static str,
}

impl Signer {
    pub(crate) fn new(name: &'static str) -> Self {
        let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { pair: Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap(), name }
    }

    fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    pub(crate) fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.name, "x": self.x()})
    }

    fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "JWT", "kid": self.name})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    pub(crate) fn token(&self, user: i64, role: &str) -> String {
        self.sign(&self.header(), &claims(user, role))
    }

    /// The same in another session.
    pub(crate) fn token_of_session(&self, user: i64, session: Uuid) -> String {
        let mut claims = claims(user, "user");
        claims["sid"] = json!(session);
        self.sign(&self.header(), &claims)
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims(user: i64, role: &str) -> Value {
    let now = now();
    json!({
        "iss": "chipin-users", "aud": "chipin", "sub": user.to_string(), "role": role, "sid": SESSION,
        "iat": now, "nbf": now, "exp": now + 600,
    })
}

/// A gateway in `jwt` mode, and the key whose tokens it accepts once it has fetched it.
async fn signing_in() -> (Stage, Service, Signer) {
    signing_in_to(Router::new().fallback(|| async { "served" }), |plan| plan).await
}

/// The same, with these routes of the service and a change of the gateway.
pub(crate) async fn signing_in_to(router: Router, change: impl FnOnce(Plan) -> Plan) -> (Stage, Service, Signer) {
    let signer = Signer::new("first");
    let document = json!({"keys": [
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "symmetric"},
        signer.jwk(),
    ]});
    let service = Service::start(|_| {
        router
            .route("/.well-known/jwks.json", get(move || async move { Json(document) }))
            .route("/internal/ended-sessions", get(|| async { Json(none_ended()) }))
            .route("/orders", get(|| async { "served" }))
    })
    .await;
    let plan = before(service.address).with("--auth-mode=jwt").with_keys();
    let stage = change(plan).start().await;
    for _ in 0..100 {
        let request = bearer(anonymous("GET", stage.api, "/orders/orders"), &signer.token(1, "user"));
        if fetch(request).await.status == StatusCode::OK {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.received.clear();
    (stage, service, signer)
}

/// The response of users-service while no session has ended.
fn none_ended() -> Value {
    json!({"sessions": [], "cursor": "1.0", "more": false})
}

fn bearer(request: Builder, token: &str) -> Builder {
    request.header("Authorization", format!("Bearer {token}"))
}

fn refused(answer: &TestResponse, name: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {answer:?}");
    assert_eq!(answer.problem(), "unauthenticated", "{name}");
    assert_eq!(answer.headers["www-authenticate"], "Bearer", "{name}");
}

/// The heads of the requests that reached the service, without those of the gateway itself.
fn reached(received: &ReceivedRequests) -> Vec<crate::service::Head> {
    let is_of_gateway = |line: &str| ["jwks", "ended-sessions", "refusals"].iter().any(|page| line.contains(page));
    received.heads().into_iter().filter(|head| !is_of_gateway(&head.line)).collect()
}

#[tokio::test]
async fn a_signed_in_user_is_forwarded_to_the_service() {
    let (stage, service, signer) = signing_in().await;
    let request = bearer(anonymous("GET", stage.api, "/orders/orders"), &signer.token(42, "user"));
    assert_eq!(fetch(request).await.status, StatusCode::OK);
    let heads = reached(&service.received);
    let headers = &heads[0].headers;
    assert_eq!(headers["x-user-id"], "42");
    assert!(headers["x-chipin-pass"].to_str().unwrap().starts_with("3;42;user;"));
    assert!(!headers.contains_key("authorization"), "the token is not forwarded");
}

#[tokio::test]
async fn without_a_token_every_private_call_is_401() {
    let (stage, service, _) = signing_in().await;
    for (method, path) in [
        ("GET", "/orders/orders"),
        ("POST", "/orders/orders"),
        ("GET", "/payments/account/balance"),
        ("POST", "/ocr/load-image"),
        ("GET", "/users/me"),
        ("GET", "/users/users"),
        ("POST", "/users/password"),
        ("POST", "/users/second-factor/turn-off"),
        ("POST", "/tickets"),
        ("GET", "/ws/orders"),
        ("GET", "/orders/operations/messaging"),
    ] {
        refused(&fetch(anonymous(method, stage.api, path)).await, path);
        let claimed = anonymous(method, stage.api, path).header("X-User-ID", "1");
        refused(&fetch(claimed).await, path);
    }
    assert!(reached(&service.received).is_empty());
    for path in
        ["/users/login", "/login", "/users/login/second-factor", "/users/register", "/users/refresh", "/users/logout"]
    {
        assert_eq!(fetch(sign_in(&stage, path)).await.status, StatusCode::OK, "{path}");
    }
}

/// Tokens whose header refers to another key or algorithm.
fn misleading(signer: &Signer, service: &Service) -> Vec<(&'static str, String)> {
    let other = Signer::new("first");
    let valid = claims(1, "user");
    let with = |name: &str, value: Value| {
        let mut header = signer.header();
        header[name] = value;
        signer.sign(&header, &valid)
    };
    let mut embedded = other.header();
    embedded["jwk"] = other.jwk();
    let symmetric = json!({"alg": "HS256", "typ": "JWT", "kid": "symmetric"});
    let none = json!({"alg": "none", "typ": "JWT", "kid": "first"});
    vec![
        ("algorithm none", format!("{}.{}.", part(&none), part(&valid))),
        ("algorithm None", with("alg", json!("None"))),
        ("another algorithm", with("alg", json!("HS256"))),
        ("a symmetric key from the same document", signer.sign(&symmetric, &valid)),
        ("another key of the same name", other.token(1, "user")),
        ("an unpublished key", Signer::new("second").token(1, "user")),
        ("no name of a key", signer.sign(&json!({"alg": "EdDSA", "typ": "JWT"}), &valid)),
        ("a name of a key that leads elsewhere", with("kid", json!("../first"))),
        ("an address of keys", with("jku", json!(format!("http://{}/.well-known/jwks.json", service.address)))),
        ("an address of a certificate", with("x5u", json!("http://127.0.0.1/x"))),
        ("a certificate", with("x5c", json!(["AAAA"]))),
        ("an embedded key", other.sign(&embedded, &valid)),
        ("a critical extension", with("crit", json!(["exp"]))),
        ("another type", with("typ", json!("at+jwt"))),
        ("too long", with("x", json!("x".repeat(4000)))),
    ]
}

/// Tokens with a valid signature and wrong or missing claims.
fn overreaching(signer: &Signer) -> Vec<(&'static str, String)> {
    let with = |name: &str, value: Value| {
        let mut claims = claims(1, "user");
        claims[name] = value;
        signer.sign(&signer.header(), &claims)
    };
    let without = |name: &str| {
        let mut claims = claims(1, "user");
        claims.as_object_mut().unwrap().remove(name);
        signer.sign(&signer.header(), &claims)
    };
    vec![
        ("expired", with("exp", json!(now() - 60))),
        ("not yet", with("nbf", json!(now() + 60))),
        ("issued in the future", with("iat", json!(now() + 3600))),
        ("another issuer", with("iss", json!("somebody"))),
        ("another audience", with("aud", json!("somebody"))),
        ("no end", without("exp")),
        ("no issuer", without("iss")),
        ("no audience", without("aud")),
        ("no subject", without("sub")),
        ("no role", without("role")),
        ("no session", without("sid")),
        ("a session that is no id", with("sid", json!("1"))),
        ("a role of fancy", with("role", json!("root"))),
        ("a subject that is no user", with("sub", json!("0"))),
        ("a number as subject", with("sub", json!(1))),
    ]
}

/// Tokens that were modified.
fn broken(signer: &Signer) -> Vec<(&'static str, String)> {
    let token = signer.token(1, "user");
    let (text, signature) = token.rsplit_once('.').unwrap();
    let (head, _) = text.split_once('.').unwrap();
    vec![
        ("no signature", format!("{text}.")),
        ("two parts", text.to_owned()),
        ("a changed user", format!("{head}.{}.{signature}", part(&claims(2, "user")))),
        ("a changed signature", format!("{text}.{}", "A".repeat(signature.len()))),
        ("nonsense", "nonsense".to_owned()),
        ("nothing", String::new()),
    ]
}

#[tokio::test]
async fn forged_tokens_are_401_and_reach_no_service() {
    let (stage, service, signer) = signing_in().await;
    for (name, token) in [misleading(&signer, &service), overreaching(&signer), broken(&signer)].concat() {
        refused(&fetch(bearer(anonymous("GET", stage.api, "/orders/orders"), &token)).await, name);
        let guest = bearer(anonymous("GET", stage.api, "/small-router/abc"), &token);
        refused(&fetch(guest).await, name);
    }
    let token = signer.token(1, "user");
    for value in [format!("Basic {token}"), token.clone(), format!("Bearer  {token}"), format!("Bearer {token}, x")] {
        let request = anonymous("GET", stage.api, "/orders/orders").header("Authorization", &value);
        refused(&fetch(request).await, &value);
    }
    let twice = bearer(bearer(anonymous("GET", stage.api, "/orders/orders"), &token), &token);
    refused(&fetch(twice).await, "twice");
    assert!(reached(&service.received).is_empty());
}

#[tokio::test]
async fn clients_cannot_set_the_user_or_the_internal_token() {
    // Long enough that no random id, signature or port in the same head contains it by chance.
    const FORGED: &str = "666000666000666";
    let (stage, service, signer) = signing_in().await;
    let forged = ["X-User-ID", "x-user-id", "X-USER-ID", "X-User-Role", "x-chipin-pass", "X-Chipin-Pass"];
    for name in forged {
        let request =
            bearer(anonymous("GET", stage.api, "/orders/orders"), &signer.token(7, "user")).header(name, FORGED);
        assert_eq!(fetch(request).await.status, StatusCode::OK, "{name}");
        let public = anonymous("GET", stage.api, "/orders/openapi.json").header(name, FORGED);
        assert_eq!(fetch(public).await.status, StatusCode::OK, "{name}");
        let guest = anonymous("GET", stage.api, "/small-router/abc").header(name, FORGED).header("Connection", name);
        assert_eq!(fetch(guest).await.status, StatusCode::OK, "{name}");
    }
    for name in ["X_User_ID", "x_chipin_pass", "X-User_ID"] {
        let request =
            bearer(anonymous("GET", stage.api, "/orders/orders"), &signer.token(7, "user")).header(name, FORGED);
        assert_eq!(fetch(request).await.status, StatusCode::BAD_REQUEST, "{name}");
    }
    let heads = reached(&service.received);
    assert_eq!(heads.len(), 3 * forged.len());
    for head in heads {
        assert!(!format!("{head:?}").contains(FORGED), "{head:?}");
        assert_eq!(head.headers.contains_key("x-user-id"), head.line.ends_with("/orders"));
    }
}

#[tokio::test]
async fn operations_pages_are_for_administrators() {
    let (stage, _service, signer) = signing_in().await;
    let fetch_as = |role: &str| {
        fetch(bearer(anonymous("GET", stage.api, "/orders/operations/dead-letters"), &signer.token(7, role)))
    };
    assert_eq!(fetch_as("admin").await.status, StatusCode::OK);
    assert_eq!(fetch_as("user").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_browser_opens_one_socket_with_a_ticket() {
    let (stage, service, signer) = signing_in().await;
    let answer = fetch(bearer(anonymous("POST", stage.api, "/tickets"), &signer.token(7, "user"))).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    let ticket = document["ticket"].as_str().unwrap();
    assert_eq!(document["expires_in"], 30);
    // The service of this test does not upgrade; only the user that it receives matters.
    for _ in 0..2 {
        let outcome = connect_async(format!("ws://{}/ws/orders?ticket={ticket}&a=b", stage.api)).await;
        assert!(outcome.is_err());
    }
    for forged in ["", "x", "7.user.99999999999.x.00"] {
        assert!(connect_async(format!("ws://{}/ws/orders?ticket={forged}", stage.api)).await.is_err());
    }
    assert!(connect_async(format!("ws://{}/ws/orders?user_id=7", stage.api)).await.is_err());
    let heads = reached(&service.received);
    assert_eq!(heads.len(), 1, "a ticket is valid once: {heads:?}");
    assert_eq!(heads[0].line, "GET /ws/orders?a=b");
    assert_eq!(heads[0].headers["x-user-id"], "7");
}

#[tokio::test]
async fn while_the_keys_are_unknown_requests_may_be_retried() {
    let service = Service::start(|_| Router::new().fallback(|| async { StatusCode::NOT_FOUND })).await;
    let plan = before(service.address).with("--auth-mode=jwt").with_keys();
    let stage = plan.start().await;
    let token = Signer::new("first").token(1, "user");
    let answer = fetch(bearer(anonymous("GET", stage.api, "/orders/orders"), &token)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert_eq!(answer.headers["retry-after"], "1");
}

fn sign_in(stage: &Stage, path: &str) -> Builder {
    anonymous("POST", stage.api, path).header("Content-Type", "application/json")
}

#[tokio::test]
async fn a_foreign_page_does_not_use_up_the_password_attempts_of_its_visitor() {
    let (stage, service, _) = signing_in().await;
    let foreign = [
        ("text/plain", "Origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("application/json", "Origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("application/json", "Origin", "null", StatusCode::FORBIDDEN),
        ("application/json", "Sec-Fetch-Site", "cross-site", StatusCode::FORBIDDEN),
        ("text/plain", "Sec-Fetch-Site", "same-origin", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/x-www-form-urlencoded", "X-Other", "x", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ];
    for (media_type, name, value, expected) in foreign {
        for path in ["/login", "/users/login", "/users/login/second-factor", "/users/register"] {
            let request = anonymous("POST", stage.api, path).header("Content-Type", media_type).header(name, value);
            assert_eq!(fetch(request).await.status, expected, "{media_type} {name}: {value}");
        }
    }
    assert!(reached(&service.received).is_empty());
    let own = sign_in(&stage, "/login").header("Origin", crate::stage::ORIGIN);
    assert_eq!(fetch(own.header("Sec-Fetch-Site", "cross-site")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn five_password_attempts_a_minute_are_allowed_and_other_requests_go_on() {
    let (stage, _service, signer) = signing_in().await;
    let tries = ["/login", "/users/login", "/users/register", "/login", "/users/login/second-factor"];
    for path in tries {
        assert_eq!(fetch(sign_in(&stage, path)).await.status, StatusCode::OK, "{path}");
    }
    let answer = fetch(sign_in(&stage, "/login")).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    let seconds: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=12).contains(&seconds), "{seconds}");
    let request = bearer(anonymous("GET", stage.api, "/orders/orders"), &signer.token(1, "user"));
    assert_eq!(fetch(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_rate_limit_of_a_user_does_not_affect_another() {
    let (stage, _service, signer) = signing_in().await;
    let call = |user: i64| fetch(bearer(anonymous("GET", stage.api, "/orders/orders"), &signer.token(user, "user")));
    let mut refused = None;
    for _ in 0..400 {
        let answer = call(9).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    assert!(refused.is_some_and(|answer| answer.headers.contains_key("retry-after")));
    assert_eq!(call(10).await.status, StatusCode::OK);
}

#[tokio::test]
async fn refused_tokens_and_pages_of_administrators_are_reported_for_the_audit_trail() {
    let reports: Arc<Mutex<Vec<Value>>> = Arc::default();
    let keep = {
        let reports = Arc::clone(&reports);
        move |Json(report): Json<Value>| {
            reports.lock().unwrap().extend(report["refusals"].as_array().unwrap().clone());
            async { StatusCode::NO_CONTENT }
        }
    };
    let routes = Router::new().route("/internal/refusals", post(keep)).fallback(|| async { "served" });
    let (stage, _service, signer) = signing_in_to(routes, |plan| plan).await;
    let call =
        async |path: &str, token: &str| fetch(bearer(anonymous("GET", stage.api, path), token)).await.status.as_u16();
    for _ in 0..3 {
        assert_eq!(call("/orders/orders", "nonsense").await, 401);
    }
    assert_eq!(call("/orders/operations/messaging", &signer.token(42, "user")).await, 404);
    assert_eq!(call("/orders/operations/messaging", &signer.token(1, "admin")).await, 200);
    let total = |reason: &str| -> i64 {
        let reports = reports.lock().unwrap();
        reports.iter().filter(|one| one["reason"] == reason).map(|one| one["count"].as_i64().unwrap()).sum()
    };
    for _ in 0..100 {
        if total("administration") == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((total("administration"), total("invalid_token")), (1, 3));
    let reports = reports.lock().unwrap();
    let refused = reports.iter().find(|one| one["reason"] == "administration").unwrap();
    assert_eq!((&refused["user"], &refused["address"]), (&json!(42), &json!("127.0.0.1")));
    assert_eq!(refused["request_id"].as_str().map(str::len), Some(36));
}
