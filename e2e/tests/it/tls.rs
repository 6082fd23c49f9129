//! The system with TLS between all programs and servers.

use crate::binaries::path_of;
use serde_json::json;
use std::net::SocketAddr;
use testkit::{
    Authority, Certificate, HttpsClient, Program, Protocol, Socket, TestBroker, TestDatabase, TlsFront, eventually,
};

/// The servers behind TLS, and the authority of all certificates.
struct Servers {
    authority: Authority,
    database: TestDatabase,
    broker: TestBroker,
    postgres: TlsFront,
    rabbitmq: TlsFront,
}

/// The address of a server in a URL.
fn address(url: &str) -> SocketAddr {
    let authority = url.split("://").nth(1).unwrap().split('/').next().unwrap();
    authority.rsplit('@').next().unwrap().replace("localhost", "127.0.0.1").parse().unwrap()
}

/// The URL with another scheme and another port.
fn moved(url: &str, scheme: &str, to: SocketAddr) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let rest = rest.replacen("127.0.0.1", "localhost", 1);
    let from = address(url).port();
    format!("{scheme}://{}", rest.replacen(&format!("localhost:{from}"), &format!("localhost:{}", to.port()), 1))
}

impl Servers {
    /// Their certificate is `issue`d by the authority that all programs trust.
    async fn start(issue: impl FnOnce(&Authority) -> Certificate) -> Self {
        let authority = Authority::new();
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        for exchange in ["router", "users"] {
            broker.declare_exchange(exchange).await;
        }
        let files = issue(&authority);
        let postgres = TlsFront::start(&files, address(&database.service_url("orders")), Protocol::Postgres).await;
        let rabbitmq = TlsFront::start(&files, address(broker.url()), Protocol::Plain).await;
        Self { authority, database, broker, postgres, rabbitmq }
    }

    /// A service with a certificate; not started yet. Parameters are added to its URLs.
    fn service(&self, name: &str, of_database: &str, of_broker: &str) -> Program {
        let plain = self.database.service_url(name);
        let plain = plain.split('?').next().unwrap();
        let database = moved(plain, "postgres", self.postgres.address) + "?sslmode=verify-full" + of_database;
        let broker = moved(self.broker.url(), "amqps", self.rabbitmq.address) + of_broker;
        let authorities_file = self.authority.file();
        let files = self.authority.certificate(name);
        let (certificate, key) = (files.certificate.display().to_string(), files.key.display().to_string());
        let variables = [
            ("DATABASE_URL", database.as_str()),
            ("AMQP_URL", &broker),
            ("TLS_CERTIFICATE_FILE", &certificate),
            ("TLS_KEY_FILE", &key),
            ("TLS_CA_FILE", &authorities_file),
        ];
        Program::prepare(path_of(&format!("{name}-service")), &variables)
    }

    fn client(&self, port: u16) -> HttpsClient {
        HttpsClient::new(port, &self.authority.file())
    }
}

async fn readiness(client: &HttpsClient) -> u16 {
    client.send("GET", "/readyz", "").await.map_or(0, |(status, _)| status)
}

#[tokio::test]
async fn an_order_is_paid_and_watched_with_tls_on_every_hop() {
    let servers = Servers::start(|authority| authority.certificate("servers")).await;
    let trusted = servers.authority.file();
    let (mut orders, mut payments) = (servers.service("orders", "", ""), servers.service("payments", "", ""));
    let files = servers.authority.certificate("gateway");
    let (certificate, key) = (files.certificate.display().to_string(), files.key.display().to_string());
    let url = |program: &Program| format!("https://localhost:{}", program.port());
    let (orders_url, payments_url) = (url(&orders), url(&payments));
    let variables = [
        ("ORDERS_URL", orders_url.as_str()),
        ("PAYMENTS_URL", &payments_url),
        ("TLS_CERTIFICATE_FILE", &certificate),
        ("TLS_KEY_FILE", &key),
        ("TLS_CA_FILE", &trusted),
    ];
    let mut gateway = Program::prepare_on(&["API_ADDR", "UI_ADDR", "LINKS_ADDR"], path_of("gateway"), &variables);
    for program in [&mut orders, &mut payments, &mut gateway] {
        program.start_again();
    }
    for program in [&orders, &payments, &gateway] {
        let client = servers.client(program.port());
        eventually(200, async || readiness(&client).await).await;
    }
    let api = servers.client(gateway.port());
    assert_eq!(api.send("POST", "/payments/account/topup", r#"{"amount": 500}"#).await.unwrap().0, 200);
    let (status, order) = api.send("POST", "/orders/orders", r#"{"amount": 200}"#).await.unwrap();
    assert_eq!(status, 201, "{order}");
    let path = format!("/ws/orders/{}?user_id=1", order["id"].as_str().unwrap());
    let mut socket = Socket::open_with_tls(&api, &path).await;
    let paid = socket.until(|message| message["status"] != "PENDING").await;
    assert_eq!(paid["status"], json!("PAID"));
    assert!(gateway.stop().await && orders.stop().await && payments.stop().await);
}

/// The parts that a service reports as not ready.
async fn missing(client: &HttpsClient) -> Vec<String> {
    let Ok((503, report)) = client.send("GET", "/readyz", "").await else { return vec![] };
    let checks = report["checks"].as_object().cloned().unwrap_or_default();
    checks.into_iter().filter(|(_, state)| state != "ok").map(|(name, _)| name).collect()
}

#[tokio::test]
async fn a_database_or_broker_of_another_authority_is_not_used() {
    let servers = Servers::start(|authority| authority.certificate("servers")).await;
    let other = Authority::new();
    let database = format!("&sslrootcert={}", other.file());
    let broker = format!("?cacertfile={}", other.file());
    // Without its database it does not connect to the broker either.
    let neither = vec!["broker".to_owned(), "database".to_owned()];
    let cases = [(database.as_str(), "", neither), ("", broker.as_str(), vec!["broker".to_owned()])];
    for (of_database, of_broker, expected) in cases {
        let mut payments = servers.service("payments", of_database, of_broker);
        payments.start_again();
        let client = servers.client(payments.port());
        eventually(expected, async || missing(&client).await).await;
    }
}

#[tokio::test]
async fn a_database_and_a_broker_whose_certificate_has_expired_or_names_another_host_are_not_used() {
    for issue in [Authority::expired, Authority::of_another_host] {
        let servers = Servers::start(issue).await;
        let mut payments = servers.service("payments", "", "");
        payments.start_again();
        let client = servers.client(payments.port());
        eventually(vec!["broker".to_owned(), "database".to_owned()], async || missing(&client).await).await;
    }
}
