//! Programs with a wrong configuration: each stops with one line that names the variable, and shows no secret.

use crate::binaries::path_of;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use testkit::unique;

const GATEWAY: &[&str] = &["gateway"];
const SERVICES: &[&str] = &["users-service", "orders-service", "payments-service", "ocr-service", "router-service"];
const SERVERS: &[&str] =
    &["gateway", "users-service", "orders-service", "payments-service", "ocr-service", "router-service"];
const OCR: &[&str] = &["ocr-service"];
const USERS: &[&str] = &["users-service"];
const OF_LINKS: &[&str] = &["gateway", "ocr-service", "router-service"];
const WITH_SOCKETS: &[&str] = &["orders-service", "router-service"];
const MIGRATIONS: &[&str] = &["migrations"];
const WITH_DATABASE: &[&str] =
    &["users-service", "orders-service", "payments-service", "ocr-service", "router-service", "migrations"];

/// The variables of the gateway with keys, and that of a service.
const GATEWAY_KEYS: &[&str] = &["ORDERS_KEY", "PAYMENTS_KEY", "OCR_KEY", "ROUTER_KEY", "USERS_KEY", "TICKET_KEYS"];
const SERVICE_KEYS: &[&str] = &["GATEWAY_KEYS"];

/// In every secret, and in no report.
const SECRET: &str = "sesame";
/// A program that runs longer accepts its configuration.
const START_TIME_MAX: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How a program ended, without what it wrote to the log before.
struct Ended {
    report: String,
    log: String,
}

/// A configuration that is right, whose servers do not exist, and a folder for what the program writes.
struct Setup {
    variables: BTreeMap<String, OsString>,
    folder: PathBuf,
}

impl Setup {
    fn of(program: &str) -> Self {
        let folder = std::env::temp_dir().join(unique("chipin_starting"));
        let inside = |name: &str| folder.join(name).display().to_string();
        let here = "http://127.0.0.1:1".to_owned();
        let database = ("DATABASE_URL", format!("postgres://role:{SECRET}@127.0.0.1:1/none"));
        let redis = ("REDIS_URL", format!("redis://:{SECRET}@127.0.0.1:1"));
        let urls = ["ORDERS_URL", "PAYMENTS_URL", "OCR_URL", "ROUTER_URL", "USERS_URL"];
        let mut all: Vec<(&str, String)> = match program {
            "gateway" => urls.map(|name| (name, here.clone())).to_vec(),
            "migrations" => {
                let passwords = ["ORDERS", "PAYMENTS", "OCR", "ROUTER", "USERS"];
                let named = passwords.map(|service| (format!("{service}_DB_PASSWORD"), OsString::from(SECRET)));
                let variables = named.into_iter().chain([(database.0.to_owned(), database.1.into())]).collect();
                return Self { variables, folder };
            }
            _ => vec![database, ("AMQP_URL", format!("amqp://user:{SECRET}@127.0.0.1:1"))],
        };
        let addresses =
            if program == "gateway" { &["API_ADDR", "UI_ADDR", "LINKS_ADDR"][..] } else { &["LISTEN_ADDR"] };
        all.extend(addresses.iter().map(|name| (*name, "127.0.0.1:0".to_owned())));
        let key = |name: &str| format!("{name}-{SECRET}-{SECRET}-{SECRET}-{SECRET}-{SECRET}");
        let keys = if program == "gateway" { GATEWAY_KEYS } else { SERVICE_KEYS };
        all.extend(keys.iter().map(|name| (*name, key(name))));
        match program {
            "users-service" => all.push(("KEYS_DIR", inside("keys"))),
            "ocr-service" => all.extend([("PHOTOS_DIR", inside("photos")), redis]),
            "router-service" | "gateway" => all.push(redis),
            _ => {}
        }
        Self { variables: all.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(), folder }
    }

    fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    fn spawn(&self, program: &str) -> Child {
        let mut command = Command::new(path_of(program));
        // No variable of the person who runs the tests.
        command.env_clear().envs(&self.variables).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the program, which has to end by itself with a failure.
    fn end(&self, program: &str) -> Ended {
        let mut child = self.spawn(program);
        let started = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > START_TIME_MAX => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    panic!("{program} started with {:?}", self.variables);
                }
                None => std::thread::sleep(POLL_INTERVAL),
            }
        };
        let (mut report, mut log) = (String::new(), String::new());
        child.stderr.take().unwrap().read_to_string(&mut report).unwrap();
        child.stdout.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(!status.success(), "{program}: {report}");
        Ended { report, log }
    }

    /// The message of the one line that reports the failure.
    fn refused(&self, program: &str) -> String {
        let Ended { report, log } = self.end(program);
        assert_eq!(report.lines().count(), 1, "{program}: {report}");
        assert!(!format!("{report}{log}").contains(SECRET), "{program} shows a secret: {report}{log}");
        let line: Value = serde_json::from_str(&report).unwrap_or_else(|_| panic!("{program}: not JSON: {report}"));
        assert_eq!(line["level"], "ERROR", "{program}: {report}");
        line["message"].as_str().unwrap().to_owned()
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Asserts that programs refuse a value, and name its variable.
fn refuse(programs: &[&str], variable: &str, value: impl AsRef<OsStr>) {
    for program in programs {
        let setup = Setup::of(program).with(variable, value.as_ref());
        let message = setup.refused(program);
        let begins = format!("can't start: {variable} must ");
        assert!(message.starts_with(&begins), "{program} with {}: {message}", value.as_ref().display());
        let has_value = message.contains(" (it is ") || message.contains(" (it has ");
        assert!(has_value || message.ends_with("must be UTF-8"), "{program}: {message}");
        assert!(!setup.folder.exists(), "{program} has written something, although {message}");
    }
}

#[test]
fn secrets_are_not_in_reports() {
    for variable in GATEWAY_KEYS {
        refuse(GATEWAY, variable, SECRET);
    }
    refuse(SERVICES, "GATEWAY_KEYS", SECRET);
    refuse(SERVICES, "GATEWAY_KEYS", format!("{SECRET}-{SECRET}-{SECRET}-{SECRET}-{SECRET},{SECRET}"));
    refuse(SERVERS, "GATEWAY_SECRET", format!("{SECRET}-{SECRET}-{SECRET}-{SECRET}-{SECRET}"));
    for variable in ["ORDERS_URL", "PAYMENTS_URL", "OCR_URL", "ROUTER_URL", "USERS_URL", "CONSOLE_URL"] {
        refuse(GATEWAY, variable, format!("http://user:{SECRET}@host"));
    }
    refuse(SERVERS, "OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://user:{SECRET}@host:1"));
    refuse(OF_LINKS, "SHARE_BASE_URL", format!("http://user:{SECRET}@host"));
    // sqlx logs the value of a parameter that it does not know.
    refuse(WITH_DATABASE, "DATABASE_URL", format!("postgres://role@127.0.0.1:1/none?passwort={SECRET}"));
    refuse(SERVICES, "DATABASE_READ_URL", format!("postgres://role@127.0.0.1:1/none?passwort={SECRET}"));
}

#[test]
fn urls_that_no_client_can_use_stop_the_start() {
    for url in ["mysql://h/d", "http://h/d", "role:sesame@h/d", "postgres://h:99999/d", "postgres://h/d?sslmode=maybe"]
    {
        refuse(WITH_DATABASE, "DATABASE_URL", url);
    }
    for url in ["http://h", "user:sesame@h", "amqp://h:99999", "amqp://guest:sesame@rabbitmq"] {
        refuse(SERVICES, "AMQP_URL", url);
    }
    for url in ["http://h", "h:1", "redis://h:99999", "redis://h/name"] {
        refuse(OF_LINKS, "REDIS_URL", url);
    }
    for url in ["banana", "http://h:99999", "javascript:alert(1)"] {
        refuse(OF_LINKS, "SHARE_BASE_URL", url);
    }
    for url in ["http://h:99999", "ftp://h", "https://h/path", "banana"] {
        refuse(GATEWAY, "ORDERS_URL", url);
    }
    for url in ["http://h:99999", "https://h", "banana"] {
        refuse(SERVERS, "OTEL_EXPORTER_OTLP_ENDPOINT", url);
    }
    refuse(GATEWAY, "CONSOLE_URL", "javascript:alert(1)");
}

#[test]
fn beyond_loopback_each_connection_needs_tls() {
    const VERIFY: &str = "have the parameter sslmode=verify-full";
    let refuse = |programs: &[&str], variable: &str, value: &str, rule: &str, host: &str| {
        for program in programs {
            let message = Setup::of(program).with(variable, value).refused(program);
            let rule = format!("can't start: {variable} must {rule}, because {host} is not loopback; or list {host}");
            assert!(message.starts_with(&rule), "{program} with {value}: {message}");
        }
    };
    for mode in ["", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"] {
        let url = format!("postgres://role:{SECRET}@db.example/chipin{mode}");
        refuse(WITH_DATABASE, "DATABASE_URL", &url, VERIFY, "db.example");
    }
    refuse(SERVICES, "DATABASE_READ_URL", "postgres://role@10.0.0.1/chipin", VERIFY, "10.0.0.1");
    let broker = format!("amqp://orders:{SECRET}@rabbitmq");
    refuse(SERVICES, "AMQP_URL", &broker, "begin with amqps://", "rabbitmq");
    let redis = format!("redis://:{SECRET}@redis");
    refuse(&["ocr-service", "router-service"], "REDIS_URL", &redis, "begin with rediss://", "redis");
    refuse(GATEWAY, "PAYMENTS_URL", "http://payments-service:1", "begin with https://", "payments-service");
}

#[test]
fn beyond_loopback_a_program_listens_only_with_a_certificate_or_behind_a_named_proxy() {
    for program in SERVICES {
        let message = Setup::of(program).with("LISTEN_ADDR", "0.0.0.0:0").refused(program);
        assert!(message.starts_with("can't start: LISTEN_ADDR must be a loopback address"), "{program}: {message}");
    }
    let public = Setup::of("gateway").with("AUTH_MODE", "jwt").with("LINKS_ADDR", "[::]:0").refused("gateway");
    assert!(public.starts_with("can't start: LINKS_ADDR must be a loopback address"), "{public}");
    for program in SERVERS {
        let half = Setup::of(program).with("TLS_CERTIFICATE_FILE", "/nowhere").refused(program);
        assert!(half.starts_with("can't start: TLS_KEY_FILE must be set"), "{program}: {half}");
        let missing = Setup::of(program).with("TLS_CERTIFICATE_FILE", "/nowhere").with("TLS_KEY_FILE", "/nowhere");
        let missing = missing.refused(program);
        assert!(
            missing.starts_with("can't start: TLS_CERTIFICATE_FILE must be a readable file"),
            "{program}: {missing}"
        );
        let authorities = Setup::of(program).with("TLS_CA_FILE", "/nowhere").refused(program);
        assert!(
            authorities.starts_with("can't start: TLS_CA_FILE must be a readable file"),
            "{program}: {authorities}"
        );
    }
}

#[test]
fn values_out_of_range_stop_the_start() {
    for seconds in ["18446744073709551615", "99999999999", "-1", "soon"] {
        refuse(SERVERS, "SHUTDOWN_SECS", seconds);
        refuse(&["orders-service"], "ORDER_PATIENCE_SECS", seconds);
        refuse(&["router-service"], "TRANSFER_PATIENCE_SECS", seconds);
        refuse(OCR, "CHEQUE_TTL_SECS", seconds);
        refuse(OCR, "OCR_PICTURE_SECS", seconds);
    }
    for count in ["0", "4294967295", "many"] {
        refuse(SERVICES, "DATABASE_CONNECTIONS_MAX", count);
        refuse(OCR, "OCR_WORKERS", count);
        refuse(OCR, "OCR_QUEUE", count);
        refuse(OCR, "OCR_QUEUE_PER_USER", count);
        refuse(OCR, "OCR_PICTURES_PER_DAY", count);
        refuse(OCR, "OCR_MEGABYTES_PER_DAY", count);
        refuse(GATEWAY, "SOCKETS_PER_USER", count);
        refuse(GATEWAY, "SOCKETS_PER_ADDRESS", count);
        refuse(GATEWAY, "CONNECTIONS_PER_ADDRESS", count);
        refuse(USERS, "KEY_ROTATION_DAYS", count);
    }
    for limit in ["0", "4294967296", "many"] {
        refuse(WITH_SOCKETS, "LIVE_SOCKETS_PER_USER", limit);
        refuse(&["router-service"], "LIVE_SOCKETS_PER_CHEQUE", limit);
    }
    for currency in [" ", "rub", "RUBLE", "JPY", "XXX"] {
        refuse(GATEWAY, "CURRENCY", currency);
    }
    for filter in ["info,=", "=", "info,", "sqlx=loud"] {
        refuse(SERVERS, "RUST_LOG", filter);
    }
    for folder in ["/nowhere", "/tmp"] {
        refuse(OCR, "TESSDATA_DIR", folder);
    }
    refuse(USERS, "ADMIN_LOGINS", "root,Grüße");
    refuse(GATEWAY, "AUTH_MODE", "none");
    refuse(GATEWAY, "API_ADDR", "here");
    refuse(SERVICES, "LISTEN_ADDR", "here");
    let not_utf_8 = || OsString::from_vec(vec![b'h', 0xff]);
    refuse(SERVERS, "LOG_FORMAT", not_utf_8());
    refuse(SERVICES, "AMQP_URL", not_utf_8());
    refuse(USERS, "KEYS_DIR", not_utf_8());
}

#[test]
fn a_missing_variable_is_named_and_an_empty_one_is_missing() {
    for program in WITH_DATABASE {
        let missing = Setup::of(program).without("DATABASE_URL").refused(program);
        assert_eq!(missing, "can't start: DATABASE_URL is not set", "{program}");
        assert_eq!(Setup::of(program).with("DATABASE_URL", "").refused(program), missing, "{program}");
    }
    let two = Setup::of("orders-service").without("DATABASE_URL").with("AMQP_URL", "").refused("orders-service");
    assert!(two.contains("DATABASE_URL") && two.contains(" and ") && two.ends_with(" are not set"), "{two}");
    for variable in GATEWAY_KEYS {
        let gateway = Setup::of("gateway").with("AUTH_MODE", "jwt").with(variable, "").refused("gateway");
        assert!(gateway.starts_with(&format!("can't start: {variable} is not set")), "{gateway}");
    }
    let gateway = Setup::of("gateway").with("AUTH_MODE", "header").with("UI_ADDR", "0.0.0.0:0").refused("gateway");
    assert!(gateway.contains("AUTH_MODE=header") && gateway.contains("UI_ADDR=0.0.0.0:0"), "{gateway}");
}

#[test]
fn the_secret_of_earlier_releases_stops_the_start_and_says_what_to_set_now() {
    for program in SERVERS {
        let old = format!("{SECRET}-{SECRET}-{SECRET}-{SECRET}-{SECRET}");
        let message = Setup::of(program).with("GATEWAY_SECRET", old).refused(program);
        for variable in ["can't start: GATEWAY_SECRET must not be set any more", "GATEWAY_KEYS", "TICKET_KEYS"] {
            assert!(message.contains(variable), "{program}: {message}");
        }
    }
}

#[test]
fn a_program_starts_with_empty_variables_that_it_does_not_need() {
    let optional =
        ["CURRENCY", "CONSOLE_URL", "SHARE_BASE_URL", "RUST_LOG", "LOG_FORMAT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let empty = optional.iter().fold(Setup::of("gateway"), |setup, name| setup.with(name, ""));
    let mut child = empty.with("SHUTDOWN_SECS", "").with("AUTH_MODE", "header").spawn("gateway");
    let mut log = String::new();
    let mut output = child.stdout.take().unwrap();
    while !log.contains("listening: API on") {
        let mut some = [0; 1024];
        let bytes = output.read(&mut some).unwrap();
        assert!(bytes > 0, "{log}");
        log.push_str(&String::from_utf8_lossy(&some[..bytes]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn every_program_reads_secrets_from_files() {
    let folder = std::env::temp_dir().join(unique("chipin_secrets"));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |content: &str| {
        let path = folder.join(unique("secret"));
        std::fs::write(&path, content).unwrap();
        path
    };
    for program in SERVERS {
        let variable = if *program == "gateway" { "ORDERS_KEY" } else { "GATEWAY_KEYS" };
        let of_file = format!("{variable}_FILE");
        let message = Setup::of(program).without(variable).with(&of_file, file(SECRET)).refused(program);
        let begins = format!("can't start: {of_file} must have at least 32");
        assert!(message.starts_with(&begins), "{program}: {message}");
        let both = Setup::of(program).with(&of_file, file(SECRET)).refused(program);
        assert_eq!(both, format!("can't start: {variable} and {of_file} are both set: set only one"));
    }
    let missing = Setup::of("migrations").without("DATABASE_URL").with("DATABASE_URL_FILE", folder.join("no"));
    let message = missing.refused("migrations");
    assert!(message.starts_with("can't start: DATABASE_URL_FILE must name a readable file"), "{message}");
    // With a right configuration from files, only the server is missing.
    let mut setup = Setup::of("migrations");
    for name in setup.variables.keys().cloned().collect::<Vec<_>>() {
        let value = setup.variables.remove(&name).unwrap();
        let path = file(&format!("{}\n", value.to_str().unwrap()));
        setup = setup.with(&format!("{name}_FILE"), path);
    }
    let message = setup.refused("migrations");
    assert!(message.starts_with("migrations: connect to the database (DATABASE_URL): "), "{message}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn folders_that_cannot_be_written_are_named() {
    for (program, variable) in [("users-service", "KEYS_DIR"), ("ocr-service", "PHOTOS_DIR")] {
        // A file is no folder, not even for root.
        let message = Setup::of(program).with(variable, "/dev/null/folder").refused(program);
        assert!(message.starts_with(&format!("can't start: {variable} must be a folder")), "{message}");
        assert!(message.contains("/dev/null/folder"), "{message}");
    }
}

#[test]
fn nothing_is_written_before_the_whole_configuration_is_known_to_be_right() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (variable, value) in [("LISTEN_ADDR", address.as_str()), ("GATEWAY_KEYS", "")] {
        for program in ["users-service", "ocr-service"] {
            let mut setup = Setup::of(program).with(variable, value);
            if value.is_empty() {
                setup = setup.with("LISTEN_ADDR", "0.0.0.0:0");
            }
            let message = setup.refused(program);
            assert!(message.contains(variable), "{message}");
            assert!(!setup.folder.exists(), "{program} has written {:?}", written(&setup.folder));
        }
    }
}

fn written(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[test]
fn a_report_has_the_format_of_the_log() {
    for program in SERVERS.iter().chain(MIGRATIONS) {
        let wrong = if *program == "gateway" { "API_ADDR" } else { "DATABASE_URL" };
        let report = Setup::of(program).with("LOG_FORMAT", "text").with(wrong, "here").end(program).report;
        assert!(report.contains(&format!(" ERROR start: can't start: {wrong} must ")), "{program}: {report}");
        assert_eq!(report.lines().count(), 1, "{program}: {report}");
    }
}
