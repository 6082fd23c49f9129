//! Configurations with which the gateway refuses to start.

use crate::stage::{before, key};
use gateway::program::StartError;
use std::net::SocketAddr;

const SERVICE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

#[tokio::test]
async fn header_mode_requires_loopback() {
    for argument in ["--api-addr=0.0.0.0:0", "--ui-addr=0.0.0.0:0", "--ui-addr=[::]:0"] {
        let refused = before(SERVICE).with("--auth-mode=header").with(argument).try_start().await;
        assert!(matches!(refused, Err(StartError::Auth(_))), "{argument}");
        // Without AUTH_MODE the default is `jwt`, for which the keys are missing.
        let refused = before(SERVICE).with(argument).try_start().await;
        assert!(matches!(refused, Err(StartError::Auth(_))), "{argument}");
    }
}

#[tokio::test]
async fn demo_users_require_loopback() {
    let jwt = || before(SERVICE).with("--auth-mode=jwt").with_keys().with("--demo-users=true");
    for argument in ["--api-addr=0.0.0.0:0", "--ui-addr=0.0.0.0:0", "--links-addr=0.0.0.0:0"] {
        let Err(StartError::Auth(refused)) = jwt().with(argument).try_start().await else {
            panic!("{argument} started")
        };
        assert!(refused.to_string().starts_with("DEMO_USERS=true"), "{refused}");
    }
    assert!(jwt().try_start().await.is_ok());
}

#[tokio::test]
async fn jwt_mode_requires_a_different_key_for_each_service_and_for_tickets() {
    let refusal = async |argument: &str, absent: &str| {
        let plan = before(SERVICE).with("--auth-mode=jwt").with_keys().with(argument).without(absent);
        plan.try_start().await.err().map(|error| error.to_string()).unwrap_or_default()
    };
    for (argument, variable) in
        [("--orders-key", "ORDERS_KEY"), ("--users-key", "USERS_KEY"), ("--ticket-keys", "TICKET_KEYS")]
    {
        let refused = refusal("--auth-mode=jwt", argument).await;
        assert!(refused.starts_with(&format!("{variable} is not set")), "{refused}");
    }
    let (of_orders, new, old) = (key("orders"), key("new"), key("old"));
    for (argument, both) in [
        (format!("--users-key={of_orders}"), "ORDERS_KEY and USERS_KEY"),
        (format!("--ticket-keys={new},{of_orders}"), "ORDERS_KEY and TICKET_KEYS"),
    ] {
        let refused = refusal(&argument, "nothing").await;
        assert!(refused.starts_with(&format!("{both} are the same key")), "{refused}");
    }
    assert_eq!(refusal(&format!("--ticket-keys={new},{old}"), "nothing").await, "");
}

#[tokio::test]
async fn an_address_in_use_is_reported() {
    let first = before(SERVICE).start().await;
    let second = before(SERVICE).with(&format!("--api-addr={}", first.api)).try_start().await;
    match second {
        Err(StartError::Listen { address, .. }) => assert_eq!(address, first.api),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("started twice"),
    }
}

#[tokio::test]
#[should_panic(expected = "users_url is not given")]
async fn a_test_cannot_reach_the_default_address_of_a_service() {
    drop(before(SERVICE).without("--users-url").try_start().await);
}
