//! Connections to Redis with and without TLS.

#![expect(clippy::unwrap_used, reason = "a failing test should fail")]

use configuration::RedisUrl;
use redis_connection::connect_lazily;
use std::time::Duration;
use testkit::{Authority, Protocol, TestRedis, TlsFront};
use tls::ConnectTls;

const TIMEOUT: Duration = Duration::from_secs(5);

fn trusting(authority: &Authority) -> ConnectTls {
    ConnectTls { tls_ca_file: Some(authority.file().into()), plaintext_to: None }
}

async fn answers(url: &str, tls: &ConnectTls) -> bool {
    let url: RedisUrl = url.parse().unwrap();
    let mut connection = connect_lazily(&url, tls, TIMEOUT).unwrap();
    redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
}

#[tokio::test]
async fn a_redis_with_tls_is_used_only_if_its_certificate_is_right() {
    let (authority, other) = (Authority::new(), Authority::new());
    let redis = TestRedis::numbered(0);
    let (credentials, server) = redis.url().split_once("://").unwrap().1.split_once('@').unwrap_or(("", redis.url()));
    let server = server.rsplit("://").next().unwrap().split('/').next().unwrap();
    let server = server.replace("localhost", "127.0.0.1").parse().unwrap();
    for (certificate, trusted, expected) in [
        (authority.certificate("redis"), &authority, true),
        (authority.certificate("redis"), &other, false),
        (authority.expired(), &authority, false),
        (authority.of_another_host(), &authority, false),
    ] {
        let front = TlsFront::start(&certificate, server, Protocol::Plain).await;
        let separator = if credentials.is_empty() { "" } else { "@" };
        let url = format!("rediss://{credentials}{separator}localhost:{}", front.address.port());
        assert_eq!(answers(&url, &trusting(trusted)).await, expected, "{certificate:?}");
    }
    assert!(answers(redis.url(), &ConnectTls::default()).await, "without TLS on loopback");
}

#[tokio::test]
async fn beyond_loopback_redis_needs_tls_unless_its_host_is_listed() {
    let url: RedisUrl = "redis://redis:9".parse().unwrap();
    let refused = connect_lazily(&url, &ConnectTls::default(), TIMEOUT).err().unwrap().to_string();
    assert!(refused.starts_with("REDIS_URL must begin with rediss://"), "{refused}");
    let listed = ConnectTls { plaintext_to: Some("redis".parse().unwrap()), ..ConnectTls::default() };
    assert!(connect_lazily(&url, &listed, TIMEOUT).is_ok());
}
