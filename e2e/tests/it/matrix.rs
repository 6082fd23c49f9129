//! Authorization: every operation of every OpenAPI document, for every kind of caller.

use crate::signing_in::{Stage, code, refused};
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::{Client, TestResponse};

/// The callers who may use an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Everyone.
    Anyone,
    /// Everyone who has the link of the cheque.
    Guest,
    /// Every signed-in user, for their own data.
    User,
    /// The owner of the resource; others get 404.
    Owner,
    /// Administrators; others get 404.
    Administrator,
}

use Who::{Administrator, Anyone, Guest, Owner, User};

const EMPTY: &str = "{}";
const EXPENSE: &str = r#"{"title": "Food", "date": "2026-11-20", "amount": 1, "paid_by": {"1": 1}, "members": [1]}"#;
const EXPENSE_EDITED: &str =
    r#"{"title": "Tea", "date": "2026-11-20", "amount": 1, "paid_by": {"1": 1}, "members": [1], "revision": 1}"#;

/// Service, method, path, allowed callers, and a valid body.
const OPERATIONS: &[(&str, &str, &str, Who, &str)] = &[
    ("/orders", "get", "/orders", User, EMPTY),
    ("/orders", "post", "/orders", User, EMPTY),
    ("/orders", "get", "/orders/{id}", Owner, EMPTY),
    ("/orders", "get", "/ws/orders", User, EMPTY),
    ("/orders", "get", "/ws/orders/{id}", User, EMPTY),
    ("/payments", "post", "/account", User, EMPTY),
    ("/payments", "post", "/account/topup", User, EMPTY),
    ("/payments", "get", "/account/balance", User, EMPTY),
    ("/payments", "get", "/account/transactions", User, EMPTY),
    ("/ocr", "post", "/load-image", User, EMPTY),
    ("/ocr", "get", "/cheques/{hash}", Owner, EMPTY),
    ("/ocr", "get", "/cheques/{hash}/photo", Anyone, EMPTY),
    ("/ocr", "get", "/readings/{reading}", Anyone, EMPTY),
    ("/small-router", "get", "/cheques", Guest, EMPTY),
    ("/small-router", "post", "/cheques", User, r#"{"total_account": 1}"#),
    ("/small-router", "get", "/{hash}", Guest, EMPTY),
    ("/small-router", "delete", "/{hash}", Owner, EMPTY),
    ("/small-router", "patch", "/{hash}/cheque", Owner, EMPTY),
    ("/small-router", "put", "/{hash}/method", Owner, r#"{"method": "equal"}"#),
    ("/small-router", "put", "/{hash}/joining", Owner, r#"{"open": true}"#),
    ("/small-router", "post", "/{hash}/renew", Owner, EMPTY),
    ("/small-router", "put", "/{hash}/rate", Owner, r#"{"rate": null}"#),
    ("/small-router", "put", "/{hash}/title", Owner, r#"{"merchant": "Luna"}"#),
    ("/small-router", "put", "/{hash}/lines/{line}/negative", Owner, r#"{"applies": "proportion"}"#),
    ("/small-router", "post", "/{hash}/participants/{id}/cash", Owner, EMPTY),
    ("/small-router", "delete", "/{hash}/participants/{id}/cash", Owner, EMPTY),
    ("/small-router", "post", "/{hash}/participants/{id}/refund", Owner, r#"{"amount": 1, "means": "cash"}"#),
    ("/small-router", "delete", "/{hash}/participants/{id}", Guest, EMPTY),
    ("/small-router", "post", "/{hash}/people", Owner, r#"{"name": "Anna"}"#),
    ("/small-router", "put", "/{hash}/advances", Owner, r#"{"version": 1, "advances": {}}"#),
    ("/small-router", "put", "/{hash}/participants/{id}/claims/{line}", Owner, r#"{"numerator": 1, "denominator": 1}"#),
    ("/small-router", "delete", "/{hash}/participants/{id}/claims/{line}", Owner, EMPTY),
    ("/small-router", "post", "/{hash}/participants/{id}/reported", Guest, EMPTY),
    ("/small-router", "delete", "/{hash}/participants/{id}/reported", Guest, EMPTY),
    ("/small-router", "post", "/{hash}/participants/{id}/reported/confirmation", Owner, EMPTY),
    ("/small-router", "post", "/{hash}/participants/{id}/reminders", Owner, EMPTY),
    ("/small-router", "put", "/{hash}/claims/{line}", Guest, EMPTY),
    ("/small-router", "delete", "/{hash}/claims/{line}", Guest, EMPTY),
    ("/small-router", "get", "/{hash}/activity", Guest, EMPTY),
    ("/small-router", "get", "/{hash}/dues", Guest, EMPTY),
    ("/small-router", "get", "/{hash}/preview", Guest, EMPTY),
    ("/small-router", "post", "/{hash}/participants", Guest, EMPTY),
    ("/small-router", "post", "/{hash}/settle", Guest, EMPTY),
    ("/small-router", "get", "/{hash}/ws", Guest, EMPTY),
    ("/small-router", "get", "/groups", User, EMPTY),
    ("/small-router", "post", "/groups", User, r#"{"name": "Flat", "your_name": "Anna"}"#),
    ("/small-router", "get", "/groups/{key}", Owner, EMPTY),
    ("/small-router", "put", "/groups/{key}", Owner, r#"{"name": "House"}"#),
    ("/small-router", "post", "/groups/{key}/members", User, r#"{"name": "Boris"}"#),
    ("/small-router", "delete", "/groups/{key}/members/{id}", Owner, EMPTY),
    ("/small-router", "post", "/groups/{key}/expenses", Owner, EXPENSE),
    ("/small-router", "put", "/groups/{key}/expenses/{id}", Owner, EXPENSE_EDITED),
    ("/small-router", "delete", "/groups/{key}/expenses/{id}", Owner, EMPTY),
    ("/small-router", "get", "/groups/{key}/expenses/{id}/history", Owner, EMPTY),
    ("/small-router", "put", "/groups/{key}/cheques/{hash}", Owner, EMPTY),
    ("/small-router", "delete", "/groups/{key}/cheques/{hash}", Owner, EMPTY),
    ("/small-router", "post", "/groups/{key}/settlements", Owner, r#"{"to": 1, "amount": 1, "means": "cash"}"#),
    ("/small-router", "delete", "/groups/{key}/settlements/{id}", Owner, EMPTY),
    ("/small-router", "get", "/groups/{key}/export.csv", Owner, EMPTY),
    ("/users", "get", "/me", User, EMPTY),
    ("/users", "post", "/password", User, EMPTY),
    ("/users", "get", "/sessions", User, EMPTY),
    ("/users", "delete", "/sessions/{id}", User, EMPTY),
    ("/users", "get", "/users", Administrator, EMPTY),
    ("/users", "post", "/users/{id}/sign-out", Administrator, EMPTY),
    ("/users", "put", "/users/{id}/role", Administrator, EMPTY),
    ("/users", "post", "/users/{id}/password-reset", Administrator, EMPTY),
    ("/users", "post", "/password-reset", Anyone, EMPTY),
    ("/users", "post", "/users/{id}/block", Administrator, EMPTY),
    ("/users", "post", "/users/{id}/unblock", Administrator, EMPTY),
    ("/users", "get", "/audit-events", Administrator, EMPTY),
    ("/users", "post", "/refresh", Anyone, EMPTY),
    ("/users", "post", "/logout", Anyone, EMPTY),
    ("/users", "get", "/.well-known/jwks.json", Anyone, EMPTY),
    ("/users", "post", "/register", Anyone, EMPTY),
    ("/users", "post", "/login", Anyone, EMPTY),
    ("/users", "post", "/login/second-factor", Anyone, EMPTY),
    ("/users", "get", "/second-factor", User, EMPTY),
    ("/users", "post", "/second-factor/set-up", User, EMPTY),
    ("/users", "post", "/second-factor/turn-on", User, EMPTY),
    ("/users", "post", "/second-factor/recovery-codes", User, EMPTY),
    ("/users", "post", "/second-factor/turn-off", User, EMPTY),
    ("/users", "delete", "/users/{id}/second-factor", Administrator, EMPTY),
];

/// The operators' endpoints of every service.
const OF_OPERATORS: &[(&str, &str)] = &[
    ("get", "/operations/messaging"),
    ("get", "/operations/topology"),
    ("get", "/operations/dead-letter-actions"),
    ("get", "/operations/dead-letters"),
    ("get", "/operations/dead-letters/{direction}/{event_id}"),
    ("post", "/operations/dead-letters/{direction}/{event_id}/replay"),
    ("post", "/operations/dead-letters/{direction}/{event_id}/discard"),
    ("delete", "/operations/dead-letters/{direction}/{event_id}"),
    ("post", "/operations/dead-letters/{direction}/{event_id}/replace"),
    ("post", "/operations/dead-letters/replay-selected"),
    ("post", "/operations/dead-letters/discard-selected"),
    ("post", "/operations/dead-letters/replay"),
    ("post", "/operations/dead-letters/discard"),
];

/// The services whose documents the gateway shows.
async fn services(gateway: &Client) -> Vec<String> {
    let settings = gateway.get("/docs/swagger-initializer.js").await.text;
    let documents = settings.split("\"../").skip(1).filter_map(|rest| rest.split_once("/openapi.json\""));
    let services: Vec<String> = documents.map(|(name, _)| format!("/{name}")).collect();
    assert!(services.iter().any(|service| service == "/orders"), "{settings}");
    services
}

/// One operation of the matrix.
struct Operation {
    service: String,
    method: &'static str,
    path: &'static str,
    who: Who,
    body: &'static str,
}

fn operations(services: &[String]) -> Vec<Operation> {
    let own = OPERATIONS.iter().map(|&(service, method, path, who, body)| {
        let service = service.to_owned();
        Operation { service, method, path, who, body }
    });
    let of_operators = services.iter().flat_map(|service| {
        OF_OPERATORS.iter().map(|&(method, path)| {
            let service = service.clone();
            Operation { service, method, path, who: Administrator, body: EMPTY }
        })
    });
    own.chain(of_operators).collect()
}

/// The operations listed in a document.
fn documented(service: &str, document: &Value) -> Vec<String> {
    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        METHODS
            .iter()
            .filter(|method| item.get(**method).is_some())
            .map(move |method| format!("{service} {method} {path}"))
    });
    operations.collect()
}

/// Resources of the owner that other callers try to access.
struct Resources {
    order: String,
    cheque: String,
    /// A group that is closed for others.
    group: String,
}

impl Resources {
    fn path(&self, operation: &Operation) -> String {
        let path = format!("{}{}", operation.service, operation.path);
        let id = match operation.service.as_str() {
            "/orders" => self.order.as_str(),
            _ => "1",
        };
        path.replace("{id}", id)
            .replace("{hash}", &self.cheque)
            .replace("{key}", &self.group)
            .replace("{line}", "1")
            .replace("{reading}", "01900000-0000-7000-8000-000000000001")
            .replace("{direction}", "incoming")
            .replace("{event_id}", "01900000-0000-7000-8000-000000000001")
    }

    async fn ask(&self, client: &Client, operation: &Operation) -> TestResponse {
        let path = self.path(operation);
        match operation.method {
            "get" => client.get(&path).await,
            "put" => client.put(&path, operation.body).await,
            "patch" => client.patch(&path, operation.body).await,
            "delete" => client.delete(&path).await,
            _ => client.post(&path, operation.body).await,
        }
    }
}

async fn resources_of(owner: &Client) -> Resources {
    let placed = owner.post("/orders/orders", r#"{"amount": 200}"#).await;
    let photo = testkit::picture::jpeg(&testkit::picture::slip(&crate::table::SLIP));
    let read = owner.upload("/ocr/load-image", "cheque.jpg", "image/jpeg", &photo).await;
    assert_eq!((placed.status.as_u16(), read.status.as_u16()), (201, 201), "{} {}", placed.text, read.text);
    let cheque = read.json()["hash"].as_str().unwrap().to_owned();
    let shared = format!("/small-router/{cheque}");
    testkit::eventually(200, async || owner.get(&shared).await.status.as_u16()).await;
    let created = owner.post("/groups", r#"{"name": "Flat", "your_name": "Anna"}"#).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let group = created.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(owner.put(&format!("/groups/{group}"), r#"{"joining_open": false}"#).await.status, 200);
    Resources { order: placed.json()["id"].as_str().unwrap().to_owned(), cheque, group }
}

/// Whether the caller was authorised, even if the request was invalid.
fn is_authorised(answer: &TestResponse) -> bool {
    answer.status.as_u16() < 500 && code(answer) != refused() && code(answer) != (404, "not_found".to_owned())
}

#[tokio::test]
async fn every_operation_is_authorised_as_listed() {
    let stage = Stage::with_cheques().await;
    let root = stage.bearer(&stage.administrator("root").await);
    let owner = stage.bearer(&stage.register("anna").await);
    let other = stage.bearer(&stage.register("boris").await);
    let anonymous = stage.anonymous();
    let forged = stage.anonymous().with_header("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.x");

    let services = services(&anonymous).await;
    let mut in_documents = BTreeSet::new();
    for service in &services {
        in_documents.extend(documented(service, &anonymous.get(&format!("{service}/openapi.json")).await.json()));
    }
    let in_matrix: BTreeSet<String> =
        operations(&services).iter().map(|one| format!("{} {} {}", one.service, one.method, one.path)).collect();
    assert_eq!(in_documents, in_matrix, "the matrix and the documents have the same operations");

    let resources = resources_of(&owner).await;
    for operation in operations(&services) {
        let name = format!("{} {}", operation.method, resources.path(&operation));
        // Attempts at passwords and codes are limited to a few per minute; tested elsewhere. A refused caller makes none.
        let is_limited = matches!(operation.path, "/register" | "/login" | "/password" | "/password-reset")
            || operation.path.contains("/second-factor") && operation.method == "post";
        if is_limited && operation.who == Anyone {
            continue;
        }
        let (anonymous_answer, forged_answer) =
            (resources.ask(&anonymous, &operation).await, resources.ask(&forged, &operation).await);
        match operation.who {
            Anyone => assert!(
                is_authorised(&anonymous_answer) && is_authorised(&forged_answer),
                "{name}: {} {}",
                anonymous_answer.text,
                forged_answer.text
            ),
            Guest => {
                assert!(anonymous_answer.status.as_u16() < 500, "{name}: {}", anonymous_answer.text);
                assert_eq!(code(&forged_answer), refused(), "{name}");
            }
            // The request could come from the owner's guest, so the service decides, and reveals nothing.
            Owner if operation.service == "/small-router" => {
                assert!(matches!(anonymous_answer.status.as_u16(), 401 | 404), "{name}: {}", anonymous_answer.text);
                assert_eq!(code(&forged_answer), refused(), "{name}");
            }
            User | Owner | Administrator => {
                assert_eq!((code(&anonymous_answer), code(&forged_answer)), (refused(), refused()), "{name}");
            }
        }
        if is_limited {
            continue;
        }
        let answer = resources.ask(&other, &operation).await;
        match operation.who {
            Owner | Administrator => assert_eq!(answer.status, 404, "{name} as another user: {}", answer.text),
            Anyone | Guest | User => assert!(is_authorised(&answer), "{name} as another user: {}", answer.text),
        }
        if operation.who == Administrator && operation.method == "get" {
            let answer = resources.ask(&root, &operation).await;
            assert!(is_authorised(&answer), "{name} as administrator: {}", answer.text);
        }
    }

    // Afterwards the resources still exist and belong to the owner.
    assert_eq!(owner.get(&format!("/orders/orders/{}", resources.order)).await.status, 200);
    assert_eq!(owner.get(&format!("/ocr/cheques/{}", resources.cheque)).await.status, 200);
    assert_eq!(code(&anonymous.get("/small-router/cheques").await), (401, "unauthenticated".to_owned()));
    let path = format!("/ws/orders/{}", resources.order);
    assert_eq!(stage.socket_status(&other, &path).await, Some(404), "the socket of another's order");
    assert_eq!(stage.socket_status(&owner, &path).await, None);
}

#[tokio::test]
async fn every_operation_refuses_a_parameter_that_it_does_not_have() {
    let stage = Stage::with_cheques().await;
    let root = stage.bearer(&stage.administrator("root").await);
    let resources = resources_of(&root).await;
    let mut refused = BTreeSet::new();
    for operation in operations(&services(&stage.anonymous()).await) {
        // A user per few calls would have to sign in: calls with passwords are limited to a few per minute. The check is the
        // same for all operations of a service.
        if operation.path.contains("/second-factor")
            || operation.path.contains("password")
            || operation.path == "/login"
        {
            continue;
        }
        let path = format!("{}?no_such_parameter=1", resources.path(&operation));
        let answer = match operation.method {
            "get" => root.get(&path).await,
            "put" => root.put(&path, operation.body).await,
            "patch" => root.patch(&path, operation.body).await,
            "delete" => root.delete(&path).await,
            _ => root.post(&path, operation.body).await,
        };
        let name = format!("{} {path}", operation.method);
        assert_eq!(code(&answer), (422, "invalid_request".to_owned()), "{name}: {}", answer.text);
        assert!(answer.text.contains("`no_such_parameter` is not a parameter"), "{name}: {}", answer.text);
        refused.insert(operation.service);
    }
    assert_eq!(refused.len(), 5, "{refused:?}");
    // Nothing was changed or deleted, and the page's own addresses take what others add to them.
    assert_eq!(root.get(&format!("/small-router/{}", resources.cheque)).await.status, 200);
    let page = root.clone().with_header("accept", "text/html");
    let link = page.get(&format!("/small-router/{}?utm_source=chat", resources.cheque)).await;
    assert!(!link.text.contains("invalid_request"), "{}", link.text);
    for path in ["/gateway/info?x=1", "/orders/operations/messaging?x=1"] {
        assert_eq!(root.get(path).await.status, 422, "{path}");
    }
    assert_eq!(root.post("/tickets?x=1", "").await.status, 422);
    assert_eq!(root.get("/gateway/info").await.status, 200);
}
