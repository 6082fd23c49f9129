//! Starts, stops and restarts the real servers.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use servers::{
    BrokerUser, Durability, Postgres, PostgresOptions, Programs, RabbitMq, RabbitMqOptions, Redis, RedisOptions,
    Stopped, TlsFiles, postgres_folder, probe,
};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chipin-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn run_psql(url: &str, sql: &str) -> Output {
    let programs = postgres_folder().expect("PostgreSQL is installed");
    Command::new(programs.join("psql")).args([url, "-tAc", sql]).output().expect("psql runs")
}

/// Whether a server completes a handshake with a certificate of this authority.
fn has_tls(port: u16, files: &TlsFiles) -> bool {
    let status = Command::new("openssl")
        .args(["s_client", "-verify_return_error", "-verify_hostname", "localhost"])
        .args(["-connect", &format!("127.0.0.1:{port}"), "-CAfile"])
        .arg(&files.authority)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("openssl runs").success()
}

fn psql(url: &str, sql: &str) -> String {
    let output = run_psql(url, sql);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn postgres_keeps_its_data_and_its_port_over_a_restart() {
    let folder = folder("postgres");
    let mut server =
        Postgres::start(PostgresOptions { durability: Durability::None, ..PostgresOptions::new(&folder) }).unwrap();
    let url = server.url("postgres");
    psql(&url, "create table kept as select 42 as answer");
    assert_eq!(server.stop(), Stopped::Gracefully);
    assert!(!probe::accepts(server.port()));
    server.start_again().unwrap();
    assert_eq!(psql(&url, "select answer from kept"), "42");
    assert_eq!(psql(&url, "show data_checksums"), "on");
    let version = psql(&url, "show server_version");
    let version = format!("PostgreSQL {}", version.split(' ').next().unwrap());
    let installed = Programs::from_environment().versions();
    assert!(installed.contains(&version), "{version} runs, of {installed:?}");
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn servers_with_a_certificate_accept_tls_only() {
    let folder = folder("tls");
    let files = TlsFiles::make(&folder.join("files")).unwrap();
    let authority = std::fs::read(&files.authority).unwrap();
    assert_eq!(TlsFiles::make(&folder.join("files")).unwrap(), files);
    assert_eq!(std::fs::read(&files.authority).unwrap(), authority, "an authority that people trust stays");
    let tls = Some(files.clone());

    let (durability, own) = (Durability::None, PostgresOptions::new(folder.join("postgres")));
    let mut postgres = Postgres::start(PostgresOptions { durability, tls: tls.clone(), ..own }).unwrap();
    let url = postgres.url("postgres");
    assert_eq!(psql(&url, "select ssl from pg_stat_ssl where pid = pg_backend_pid()"), "t");
    let (plain, _) = url.split_once('?').unwrap();
    assert!(!run_psql(&format!("{plain}?sslmode=disable"), "select 1").status.success());
    postgres.stop();

    let own = RedisOptions::new(folder.join("redis"));
    let mut redis = Redis::start(RedisOptions { tls: tls.clone(), ..own }).unwrap();
    assert!(redis.url().starts_with("rediss://") && has_tls(redis.port(), &files));
    assert!(probe::http_status(redis.port(), "/").is_err());
    redis.stop();

    let own = RabbitMqOptions::new(folder.join("rabbitmq"));
    let mut rabbitmq = RabbitMq::start(RabbitMqOptions { tls, ..own }).unwrap();
    assert!(rabbitmq.url().starts_with("amqps://") && has_tls(rabbitmq.port(), &files));
    assert_eq!(rabbitmq.stop(), Stopped::Gracefully);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn rabbitmq_comes_back_after_a_stop_and_after_a_crash() {
    let folder = folder("rabbitmq");
    let mut broker = RabbitMq::start(RabbitMqOptions {
        users: vec![BrokerUser {
            name: "orders".to_owned(),
            password: "secret".to_owned(),
            configure: r"^orders(\..*)?$".to_owned(),
            administrator: false,
            ..BrokerUser::guest()
        }],
        ..RabbitMqOptions::new(&folder)
    })
    .unwrap();
    let (url, port) = (broker.url(), broker.port());
    assert_eq!(probe::http_status(broker.console_port(), "/").unwrap(), 200);
    assert_eq!(broker.stop(), Stopped::Gracefully);
    assert!(!probe::accepts(port));
    broker.start_again().unwrap();
    broker.kill();
    assert!(!broker.is_running());
    broker.start_again().unwrap();
    assert_eq!(broker.url(), url);
    drop(broker);
    assert!(!probe::accepts(port));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn redis_starts_and_stops() {
    let folder = folder("redis");
    let mut server = Redis::start(RedisOptions::new(&folder)).unwrap();
    assert!(server.is_running() && server.url().starts_with("redis://:"));
    assert_eq!(server.stop(), Stopped::Gracefully);
    server.start_again().unwrap();
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}
