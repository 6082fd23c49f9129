//! Sessions that have ended, as users-service reports them.

use crate::client::{anonymous, fetch};
use crate::service::Service;
use crate::stage::{Stage, before};
use crate::tokens::{SESSION, Signer};
use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

/// How soon an end is effective.
const SOON: Duration = Duration::from_secs(3);

/// What users-service knows: `None` while it fails.
type Ended = Arc<Mutex<Option<Vec<Uuid>>>>;

/// A users-service, which is also the service with sockets.
async fn users(ended: Ended, signer: &Signer) -> Service {
    let keys = json!({"keys": [signer.jwk()]});
    let routes = Router::new()
        .route("/.well-known/jwks.json", get(move || async move { Json(keys) }))
        .route("/internal/ended-sessions", get(list))
        .route("/ws/orders", any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(greet) }))
        .fallback(|| async { "served" })
        .with_state(ended);
    Service::start(|_| routes).await
}

async fn list(State(ended): State<Ended>) -> Response {
    match ended.lock().unwrap().clone() {
        Some(sessions) => Json(json!({"sessions": sessions, "cursor": "1.0", "more": false})).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn greet(mut socket: WebSocket) {
    let _ = socket.send("hello".into()).await;
    while socket.recv().await.is_some() {}
}

async fn gateway(users: &Service) -> Stage {
    before(users.address).with("--auth-mode=jwt").with_keys().start().await
}

async fn status(stage: &Stage, token: &str) -> StatusCode {
    fetch(anonymous("GET", stage.api, "/orders/orders").header("Authorization", format!("Bearer {token}"))).await.status
}

/// Waits until a call is answered with this status; returns how long it took.
async fn until(stage: &Stage, token: &str, expected: StatusCode) -> Duration {
    let started = Instant::now();
    while status(stage, token).await != expected {
        assert!(started.elapsed() < Duration::from_secs(10), "not {expected} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}

async fn ticket(stage: &Stage, token: &str) -> String {
    let request = anonymous("POST", stage.api, "/tickets").header("Authorization", format!("Bearer {token}"));
    let issued: Value = serde_json::from_str(fetch(request).await.text()).unwrap();
    issued["ticket"].as_str().unwrap().to_owned()
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// An open socket that has received its first message.
async fn socket(stage: &Stage, credentials: Result<&str, &str>) -> Socket {
    let query = credentials.err().map_or_else(String::new, |ticket| format!("?ticket={ticket}"));
    let mut request = format!("ws://{}/ws/orders{query}", stage.api).into_client_request().unwrap();
    if let Ok(token) = credentials {
        request
            .headers_mut()
            .extend(HeaderMap::from_iter([(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]));
    }
    let (mut socket, _) = connect_async(request).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
    socket
}

/// The close code that the client receives soon.
async fn close_code(socket: &mut Socket) -> Option<u16> {
    match tokio::time::timeout(SOON, socket.next()).await.expect("the socket closes soon") {
        Some(Ok(Message::Close(frame))) => frame.map(|frame| frame.code.into()),
        other => panic!("not closed: {other:?}"),
    }
}

#[tokio::test]
async fn the_end_of_a_session_closes_its_sockets_and_refuses_its_tokens_at_every_gateway() {
    let (ended, signer) = (Ended::new(Mutex::new(Some(vec![]))), Signer::new("first"));
    let users = users(Arc::clone(&ended), &signer).await;
    let (one, other) = (gateway(&users).await, gateway(&users).await);
    let (token, elsewhere) = (signer.token(1, "user"), signer.token_of_session(1, Uuid::from_u128(8)));
    for stage in [&one, &other] {
        until(stage, &token, StatusCode::OK).await;
    }
    let with_ticket = ticket(&one, &token).await;
    let mut sockets =
        [socket(&one, Ok(&token)).await, socket(&one, Err(&with_ticket)).await, socket(&other, Ok(&token)).await];
    let unused = ticket(&one, &token).await;
    let mut untouched = socket(&one, Ok(&elsewhere)).await;

    *ended.lock().unwrap() = Some(vec![SESSION]);
    for socket in &mut sockets {
        assert_eq!(close_code(socket).await, Some(1008));
    }
    for stage in [&one, &other] {
        assert!(until(stage, &token, StatusCode::UNAUTHORIZED).await < SOON);
    }
    assert!(connect_async(format!("ws://{}/ws/orders?ticket={unused}", one.api)).await.is_err());
    // Another session of the same user goes on.
    assert_eq!(status(&one, &elsewhere).await, StatusCode::OK);
    assert!(tokio::time::timeout(Duration::from_millis(100), untouched.next()).await.is_err(), "it was closed");
    // A gateway that starts later knows it too.
    let third = gateway(&users).await;
    until(&third, &elsewhere, StatusCode::OK).await;
    assert_eq!(status(&third, &token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_that_ended_while_users_service_was_away_is_refused_when_it_is_back() {
    let (ended, signer) = (Ended::default(), Signer::new("first"));
    let users = users(Arc::clone(&ended), &signer).await;
    let stage = gateway(&users).await;
    let token = signer.token(1, "user");
    // Until users-service has answered once, no user is admitted.
    until(&stage, &token, StatusCode::SERVICE_UNAVAILABLE).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(status(&stage, &token).await, StatusCode::SERVICE_UNAVAILABLE);
    *ended.lock().unwrap() = Some(vec![]);
    until(&stage, &token, StatusCode::OK).await;
    let mut open = socket(&stage, Ok(&token)).await;
    *ended.lock().unwrap() = None;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(status(&stage, &token).await, StatusCode::OK, "what is known stays valid");
    *ended.lock().unwrap() = Some(vec![SESSION]);
    assert_eq!(close_code(&mut open).await, Some(1008));
    assert!(until(&stage, &token, StatusCode::UNAUTHORIZED).await < SOON);
}

#[tokio::test]
async fn an_administrator_whose_session_has_just_ended_reaches_no_operations() {
    let (ended, signer) = (Ended::new(Mutex::new(Some(vec![]))), Signer::new("first"));
    let users = users(Arc::clone(&ended), &signer).await;
    let stage = gateway(&users).await;
    let token = signer.token(1, "admin");
    until(&stage, &token, StatusCode::OK).await;
    let operate = async |method: &str, path: &str| {
        let request = anonymous(method, stage.api, path).header("Authorization", format!("Bearer {token}"));
        fetch(request).await.status
    };
    let paths = ["/orders/operations/messaging", "/payments/%6fperations/dead-letters", "/small-router/operations"];
    for path in paths {
        assert_eq!(operate("GET", path).await, StatusCode::OK, "{path}");
    }
    // Operators can work while users-service is away.
    *ended.lock().unwrap() = None;
    assert_eq!(operate("GET", paths[0]).await, StatusCode::OK);
    *ended.lock().unwrap() = Some(vec![SESSION]);
    let reached = users.received.heads().len();
    for path in paths {
        assert_eq!(operate("POST", path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    let later = &users.received.heads()[reached..];
    assert!(later.iter().all(|head| head.line.contains("/internal/ended-sessions")), "{later:?}");
}

#[tokio::test]
async fn clients_can_not_ask_which_sessions_have_ended() {
    let signer = Signer::new("first");
    let users = users(Ended::new(Mutex::new(Some(vec![]))), &signer).await;
    let stage = gateway(&users).await;
    until(&stage, &signer.token(1, "user"), StatusCode::OK).await;
    for path in ["/users/internal/ended-sessions", "/users/%69nternal/ended-sessions", "/users/Internal/ended-sessions"]
    {
        let token = signer.token(1, "admin");
        let request = anonymous("GET", stage.api, path).header("Authorization", format!("Bearer {token}"));
        assert_eq!(fetch(request).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
