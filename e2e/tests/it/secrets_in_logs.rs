//! No log of a whole run contains a secret, a name, an amount, or the content of an event, at the level `debug`.

use crate::signing_in::Stage;
use crate::table::SLIP;
use serde_json::{Value, json};
use testkit::{Client, Socket, TestResponse, eventually, picture, unique};

/// Logs everything that the project's own programs say, and the warnings of the libraries; and once everything of all.
const FILTERS: [&str; 2] = [
    "info,gateway=debug,orders_service=debug,payments_service=debug,ocr_service=debug,router_service=debug,\
     users_service=debug,rabbit_outbox=debug,rabbit_outbox_operations=debug,http_api=debug,http_server=debug,\
     identity=debug,live_sockets=debug,postgres=debug,process=debug,service=debug,telemetry=debug",
    "trace",
];

const PASSWORD: &str = "hush-password-5e7f";
const NEW_PASSWORD: &str = "hush-another-5e7f";
const LOGIN: &str = "hush-login-5e7f";
const GUEST: &str = "Hush Guest 5e7f";
const DESCRIPTION: &str = "hush description 5e7f";
const IDEMPOTENCY_KEY: &str = "hush-idempotency-key-5e7f";
const CARD: &str = "4000005E7F001234";
/// As text, and as the same in minor units.
const AMOUNTS: [&str; 2] = ["918273.45", "91827345"];

/// What must not be in any log, with what it is.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: &Value) {
        let text = secret.as_str().unwrap_or_else(|| panic!("{what} is {secret}"));
        assert!(text.len() > 8, "{what} is too short to be found: {text}");
        self.0.push((what, text.to_owned()));
    }

    fn of_session(&mut self, session: &Value) {
        self.add("an access token", &session["access_token"]);
        self.add("a refresh token", &session["refresh_token"]);
        // The signature alone would identify it too.
        let signature = session["access_token"].as_str().unwrap().rsplit('.').next().unwrap();
        self.0.push(("the signature of an access token", signature.to_owned()));
    }
}

#[tokio::test]
async fn no_log_of_a_whole_run_contains_a_secret_a_name_or_an_amount() {
    let mut leaks: Vec<String> = vec![];
    for filter in FILTERS {
        let file = std::env::temp_dir().join(format!("{}.log", unique("secrets")));
        let mut stage = Stage::logging_to(&file, filter).await;
        let mut secrets = Secrets(vec![]);
        let known = [
            ("a password", PASSWORD),
            ("a new password", NEW_PASSWORD),
            ("a login", LOGIN),
            ("a guest's name", GUEST),
            ("the description of an order", DESCRIPTION),
            ("an idempotency key", IDEMPOTENCY_KEY),
            ("a card", CARD),
            ("the name of a line", "Cappuccino"),
            ("an amount", AMOUNTS[0]),
            ("an amount in minor units", AMOUNTS[1]),
            ("a gateway token", ";user;"),
            ("a gateway token of an administrator", ";admin;"),
        ];
        secrets.0.extend(known.map(|(what, text)| (what, text.to_owned())));
        live_through_everything(&mut stage, &mut secrets).await;
        stage.stop().await;
        let log = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(log.contains("goes to the dead letters"), "there was a dead letter");
        assert!(log.contains("was not delivered"), "a message was returned");
        for (what, secret) in &secrets.0 {
            let lines = log.lines().filter(|line| line.contains(secret.as_str()));
            leaks.extend(lines.take(2).map(|line| format!("{what} ({secret}), RUST_LOG={filter:.9}: {line:.1000}")));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

async fn live_through_everything(stage: &mut Stage, secrets: &mut Secrets) {
    let anna = sign_in_in_every_way(stage, secrets).await;
    orders(stage, &anna, secrets).await;
    a_cheque(stage, &anna, secrets).await;
    unreadable_events(stage).await;
    unroutable_events(stage, &anna).await;
    for path in ["/orders/operations/dead-letters", "/payments/operations/dead-letters", "/nowhere/hush-login-5e7f"] {
        anna.get(path).await;
    }
}

async fn sign_in_in_every_way(stage: &Stage, secrets: &mut Secrets) -> Client {
    let addresses = std::cell::Cell::new(0);
    let somebody = || {
        addresses.set(addresses.get() + 1);
        stage.anonymous().with_header("x-forwarded-for", &format!("192.0.2.{}", addresses.get()))
    };
    let post = async |path: &str, body: Value| somebody().post(path, &body.to_string()).await;
    let registered = ok(&post("/users/register", json!({"login": LOGIN, "password": PASSWORD})).await);
    secrets.of_session(&registered);
    let client = stage.bearer(&registered);
    eventually(200, async || client.get("/users/me").await.status.as_u16()).await;
    // Twice the same login; a wrong password; bodies that are not read; fields that are none.
    post("/users/register", json!({"login": LOGIN, "password": PASSWORD})).await;
    post("/login", json!({"login": LOGIN, "password": format!("{PASSWORD} wrong")})).await;
    post("/login", json!({"login": LOGIN, "password": 5, "hush-login-5e7f": 1})).await;
    somebody().post("/login", &format!(r#"{{"login": "{LOGIN}", "password": "{PASSWORD}""#)).await;
    let signed_in = ok(&post("/login", json!({"login": LOGIN, "password": PASSWORD})).await);
    secrets.of_session(&signed_in);
    let refreshed = ok(&post("/users/refresh", json!({"refresh_token": signed_in["refresh_token"]})).await);
    secrets.of_session(&refreshed);
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD}).to_string();
    let changed = stage.bearer(&refreshed).post("/users/password", &body).await;
    assert!(changed.status.is_success(), "{}", changed.text);
    let last = ok(&post("/login", json!({"login": LOGIN, "password": NEW_PASSWORD})).await);
    secrets.of_session(&last);
    let reset = json!({"token": refreshed["refresh_token"], "new_password": NEW_PASSWORD});
    post("/users/password-reset", reset).await;
    let client = stage.bearer(&last);
    eventually(200, async || client.get("/users/me").await.status.as_u16()).await;
    client
}

async fn orders(stage: &Stage, anna: &Client, secrets: &mut Secrets) {
    let amount = AMOUNTS[0];
    ok(&anna.post("/payments/account/topup", &format!(r#"{{"amount": {amount}}}"#)).await);
    // A field that does not exist here: a client may believe so.
    anna.post("/payments/account/topup", &json!({"amount": 1, "card": CARD}).to_string()).await;
    let keyed = anna.with_header("idempotency-key", IDEMPOTENCY_KEY);
    let body = format!(r#"{{"amount": {amount}, "description": "{DESCRIPTION}"}}"#);
    let placed = ok(&keyed.post("/orders/orders", &body).await);
    keyed.post("/orders/orders", r#"{"amount": 1}"#).await;
    let page = format!("/orders/orders/{}", placed["id"].as_str().unwrap());
    eventually(json!("PAID"), async || anna.get(&page).await.json()["status"].clone()).await;
    let ticket = ok(&anna.post("/tickets", "").await)["ticket"].clone();
    secrets.add("a ticket", &ticket);
    let url = format!("{}/ws/orders?ticket={}", stage.sockets()[0], ticket.as_str().unwrap());
    Socket::open(&url, &[]).await.unwrap().next().await;
    assert!(Socket::open(&url, &[]).await.is_err());
}

async fn a_cheque(stage: &Stage, anna: &Client, secrets: &mut Secrets) {
    let photo = picture::jpeg(&picture::slip(&SLIP));
    let read = anna.upload("/ocr/load-image", "hush-login-5e7f.jpg", "image/jpeg", &photo).await;
    let read = ok(&read);
    secrets.add("the key of a share link", &read["hash"]);
    let hash = read["hash"].as_str().unwrap();
    let at = |tail: &str| format!("/small-router/{hash}{tail}");
    let guest = stage.anonymous();
    let joined = ok(&guest.post(&at("/participants"), &json!({"name": GUEST}).to_string()).await);
    secrets.add("the token of a guest", &joined["participant_token"]);
    let guest = guest.with_header("x-participant-token", joined["participant_token"].as_str().unwrap());
    ok(&guest.put(&at("/claims/1"), r#"{"numerator": 1, "denominator": 1}"#).await);
    guest.put(&at("/claims/99"), r#"{"numerator": 1, "denominator": 1}"#).await;
    guest.put(&at("/method"), r#"{"method": "equal"}"#).await;
    stage.links().with_header("accept", "text/html").get(&at("")).await;
    stage.links().get(&at("/photo")).await;
    anna.get(&format!("/ocr/{hash}/photo")).await;
    let mut socket = Socket::open(&format!("{}{}", stage.sockets()[1], at("/ws")), &[]).await.unwrap();
    socket.next().await;
    let paid =
        json!({"total_account": 918_273.45, "products": [{"name": GUEST, "numberServings": 1, "total": 918_273.45}]});
    anna.patch(&at("/cheque"), &paid.to_string()).await;
    guest.post(&at("/settle"), "{}").await;
    // A link that does not exist.
    stage.anonymous().get("/small-router/0123456789012345678901").await;
}

/// Messages whose contents do not fit become dead letters, whose reason is logged.
async fn unreadable_events(stage: &Stage) {
    let id = || uuid::Uuid::now_v7().to_string();
    let envelope = |data: Value| {
        json!({
            "specversion": "1.0", "id": id(), "source": "/orders", "type": "orders.OrderCreated.v1", "subject": "x",
            "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": "1", "partitionkey": "x",
            "correlationid": id(), "data": data,
        })
    };
    let broken = [
        envelope(json!({"order_id": DESCRIPTION, "user_id": LOGIN, "amount": AMOUNTS[0]})),
        envelope(json!(CARD)),
        envelope(json!({"order_id": id(), "user_id": 7, "amount": CARD})),
        json!({"specversion": DESCRIPTION, "id": CARD, "time": LOGIN}),
        json!(CARD),
    ];
    for message in &broken {
        stage.broker.publish("orders", "orders.OrderCreated.v1", &message.to_string()).await;
    }
    let count = i64::try_from(broken.len()).unwrap();
    eventually(count, async || stage.count("payments.dead_letters").await).await;
}

/// The broker returns messages for which no queue is bound, with their contents.
async fn unroutable_events(stage: &mut Stage, anna: &Client) {
    stage.service_mut("payments").stop().await;
    stage.broker.delete_queue("payments.inbox").await;
    let body = format!(r#"{{"amount": {}, "description": "{DESCRIPTION}"}}"#, AMOUNTS[0]);
    ok(&anna.post("/orders/orders", &body).await);
    eventually(1, async || stage.count("orders.outbox where attempts > 0").await).await;
    let payments = stage.service_mut("payments");
    payments.start_again();
    payments.ready().await;
}

fn ok(answer: &TestResponse) -> Value {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
    answer.json()
}
