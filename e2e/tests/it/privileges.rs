//! What an attacker could do with the database role and the broker user of a compromised service.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::{BrokerUser, TestBroker, TestDatabase, services};

/// The deployed broker users; xtask's tests compare them with those of `cargo xtask up`.
const DEFINITIONS: &str = include_str!("../../../deploy/rabbitmq/definitions.json");

/// SQLSTATE of a missing privilege. Source: PostgreSQL documentation, appendix A.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

async fn refusal(role: &mut PgConnection, statement: &str) -> Option<String> {
    let outcome = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(role).await;
    outcome.err()?.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

#[tokio::test]
async fn no_role_accesses_another_schema_or_creates_objects() {
    let database = TestDatabase::migrated().await;
    let admin = database.admin_pool("public");
    let sql = "select schemaname::text, tablename::text from pg_tables where schemaname = any($1)";
    let schemas: Vec<String> = services().map(str::to_owned).collect();
    let tables: Vec<(String, String)> = sqlx::query_as(sql).bind(&schemas).fetch_all(&admin).await.unwrap();
    assert!(tables.len() > 40, "{tables:?}");
    for service in services() {
        let mut role = PgConnection::connect(&database.service_url(service)).await.unwrap();
        let foreign = tables.iter().filter(|(schema, _)| schema != service);
        let mut statements: Vec<String> = foreign
            .flat_map(|(schema, table)| {
                [format!("select * from {schema}.{table}"), format!("delete from {schema}.{table}")]
            })
            .collect();
        statements.extend([
            format!("create table {service}.mine (id int)"),
            "create table public.mine (id int)".to_owned(),
            "create schema mine".to_owned(),
            "create role mine".to_owned(),
            format!("drop table {service}.inbox"),
            format!("truncate {service}.outbox"),
            "select * from pg_authid".to_owned(),
        ]);
        for statement in statements {
            let refused = refusal(&mut role, &statement).await;
            assert_eq!(refused.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{service}: {statement}");
        }
    }
}

async fn deployed(broker: &TestBroker, service: &str) -> BrokerUser {
    let definitions: Value = serde_json::from_str(DEFINITIONS).unwrap();
    let all = definitions["permissions"].as_array().unwrap();
    let own = all.iter().find(|permission| permission["user"] == service).unwrap();
    let pattern = |name: &str| own[name].as_str().unwrap();
    broker.user(pattern("configure"), pattern("write"), pattern("read")).await
}

#[tokio::test]
async fn no_broker_user_can_publish_to_another_inbox() {
    let broker = TestBroker::new().await;
    for service in services() {
        for exchange in [service.to_owned(), format!("{service}.retry"), format!("{service}.return")] {
            broker.declare_exchange(&exchange).await;
        }
        broker.declare_queue(&format!("{service}.inbox"), json!({ "x-queue-type": "quorum" })).await;
    }
    let message =
        |key: &str| json!({ "properties": {}, "routing_key": key, "payload": "{}", "payload_encoding": "string" });
    for thief in services() {
        let user = deployed(&broker, thief).await;
        // Check that the allowed operations work, so that the refusals below are meaningful.
        let own = format!("/api/exchanges/{{vhost}}/{thief}/publish");
        assert!(user.may("POST", &own, message("x")).await, "{thief} publishes its own events");
        let ladder = json!({ "durable": true, "arguments": { "x-dead-letter-exchange": format!("{thief}.return") } });
        assert!(
            user.may("PUT", &format!("/api/queues/{{vhost}}/{thief}.retry.9s"), ladder).await,
            "{thief}'s own ladder"
        );

        for victim in services().filter(|victim| *victim != thief) {
            let inbox = format!("{victim}.inbox");
            let dead_lettering = |exchange: &str| {
                json!({ "durable": true, "arguments": {
                    "x-message-ttl": 1, "x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": inbox,
                } })
            };
            let everything = json!({ "routing_key": "#" });
            let roads = [
                // Directly, by the default exchange, which routes to every queue.
                ("POST", "/api/exchanges/{vhost}/amq.default/publish".to_owned(), message(&inbox)),
                // Disguised as an event, retry or return of the victim.
                ("POST", format!("/api/exchanges/{{vhost}}/{victim}/publish"), message("x")),
                ("POST", format!("/api/exchanges/{{vhost}}/{victim}.retry/publish"), message("x")),
                ("POST", format!("/api/exchanges/{{vhost}}/{victim}.return/publish"), message(&inbox)),
                // By binding the attacker's exchange to the victim's inbox, or to an exchange that is bound to it.
                ("POST", format!("/api/bindings/{{vhost}}/e/{thief}/q/{inbox}"), everything.clone()),
                ("POST", format!("/api/bindings/{{vhost}}/e/{thief}/e/{victim}"), everything.clone()),
                ("POST", format!("/api/bindings/{{vhost}}/e/{thief}/e/{victim}.return"), everything),
                // By a retry queue of the attacker that dead-letters to the victim's inbox.
                ("PUT", format!("/api/queues/{{vhost}}/{thief}.retry.1ms"), dead_lettering("")),
                (
                    "PUT",
                    format!("/api/queues/{{vhost}}/{thief}.retry.2ms"),
                    dead_lettering(&format!("{victim}.return")),
                ),
                // Reading, purging or replacing the queue.
                (
                    "POST",
                    format!("/api/queues/{{vhost}}/{inbox}/get"),
                    json!({ "count": 1, "ackmode": "ack_requeue_false", "encoding": "auto" }),
                ),
                ("DELETE", format!("/api/queues/{{vhost}}/{inbox}/contents"), Value::Null),
                ("DELETE", format!("/api/queues/{{vhost}}/{inbox}"), Value::Null),
                ("PUT", format!("/api/queues/{{vhost}}/{victim}.mine"), json!({ "durable": true })),
            ];
            for (method, path, body) in roads {
                assert!(!user.may(method, &path, body).await, "{thief} against {victim}: {method} {path}");
            }
        }
    }
    for service in services() {
        assert_eq!(broker.messages(&format!("{service}.inbox")).await, 0, "{service}");
    }
}
