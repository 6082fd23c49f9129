//! What an attacker could do with the variables of a compromised service, and with tokens that it has received.

use crate::keys::key;
use crate::signing_in::{Stage, code};
use http::{Method, Uri};
use identity::{GATEWAY_TOKEN_HEADER, Operation, Origin, Principal, Role, SigningKey};
use testkit::{Client, Program, TestResponse};

const PRINCIPALS: [Option<Principal>; 3] =
    [None, Some(Principal { user: 1, role: Role::User }), Some(Principal { user: 1, role: Role::Administrator })];

/// A token as the gateway would sign it with the key of `signer` for this operation of `service`.
fn token(signer: &str, service: &str, method: &Method, path: &str, principal: Option<Principal>) -> String {
    let (key, uri): (SigningKey, Uri) = (key(signer).parse().unwrap(), path.parse().unwrap());
    let operation = Operation { service: &format!("{service}-service"), method, uri: &uri };
    key.gateway_token(operation, Origin { principal, client: None, session: None }).to_str().unwrap().to_owned()
}

async fn send(program: &Program, method: &Method, path: &str, token: &str) -> TestResponse {
    let client = Client::new(&program.url()).with_header(GATEWAY_TOKEN_HEADER.as_str(), token);
    client.send(method.clone(), path, None, "").await
}

fn not_through_the_gateway() -> (u16, String) {
    (401, "not_through_the_gateway".to_owned())
}

#[tokio::test]
async fn a_compromised_service_cannot_act_as_the_gateway_towards_another() {
    let stage = Stage::new().await;
    let victims = [
        ("users", &stage.users, "/me"),
        ("users", &stage.users, "/users"),
        ("orders", stage.service("orders"), "/orders"),
        ("orders", stage.service("orders"), "/operations/messaging"),
        ("payments", stage.service("payments"), "/account/balance"),
        ("payments", stage.service("payments"), "/operations/messaging"),
    ];
    for (name, program, path) in victims {
        // The form of the forged tokens is right: with the victim's own key they are accepted.
        let own = token(name, name, &Method::GET, path, PRINCIPALS[2]);
        assert_ne!(send(program, &Method::GET, path, &own).await.status, 401, "{name} {path}");
        let compromised = ["ocr", "router", "orders", "payments", "users", "ticket"];
        for signer in compromised.into_iter().filter(|signer| *signer != name) {
            for principal in PRINCIPALS {
                for audience in [signer, name] {
                    let forged = token(signer, audience, &Method::GET, path, principal);
                    let answer = send(program, &Method::GET, path, &forged).await;
                    assert_eq!(code(&answer), not_through_the_gateway(), "{signer} at {name} {path} {principal:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn services_check_the_role_for_their_operations_themselves() {
    let stage = Stage::new().await;
    let services =
        [("users", &stage.users), ("orders", stage.service("orders")), ("payments", stage.service("payments"))];
    for (name, program) in services {
        for path in ["/operations/messaging", "/operations/topology", "/operations/dead-letters?limit=5"] {
            let status = async |principal| {
                let signed = token(name, name, &Method::GET, path, principal);
                send(program, &Method::GET, path, &signed).await.status.as_u16()
            };
            let statuses = [status(PRINCIPALS[0]).await, status(PRINCIPALS[1]).await, status(PRINCIPALS[2]).await];
            assert_eq!(statuses, [404, 404, 200], "{name} {path}");
        }
        let path = "/operations/dead-letters/discard-selected";
        let signed = token(name, name, &Method::POST, path, PRINCIPALS[1]);
        assert_eq!(send(program, &Method::POST, path, &signed).await.status, 404, "{name}");
    }
}

#[tokio::test]
async fn a_recorded_token_is_valid_for_its_own_request_only() {
    let stage = Stage::new().await;
    let path = "/operations/dead-letters?limit=5";
    let recorded = token("orders", "orders", &Method::GET, path, PRINCIPALS[2]);
    assert_eq!(send(stage.service("orders"), &Method::GET, path, &recorded).await.status, 200);
    for (program, method, path) in [
        (stage.service("payments"), Method::GET, path),
        (&stage.users, Method::GET, path),
        (stage.service("orders"), Method::GET, "/operations/dead-letters?limit=50"),
        (stage.service("orders"), Method::GET, "/operations/dead-letters"),
        (stage.service("orders"), Method::GET, "/operations/messaging"),
        (stage.service("orders"), Method::GET, "/orders?limit=5"),
        (stage.service("orders"), Method::POST, "/orders?limit=5"),
    ] {
        let answer = send(program, &method, path, &recorded).await;
        assert_eq!(code(&answer), not_through_the_gateway(), "{method} {path}");
    }
}
