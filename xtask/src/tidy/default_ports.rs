//! Tests reach no default port: on a machine where the product runs, they would talk to it instead of to their own
//! services.

use crate::instance::plan::{API, PAGES, SERVERS};
use crate::services::SERVICES;
use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

/// Ports of installed servers: PostgreSQL, AMQP, RabbitMQ's console, Redis.
const INSTALLED: [u16; 4] = [5432, 5672, 15_672, 6379];
/// Ports that the next services get.
const FREE_FOR_SERVICES: u16 = 20;
/// Addresses of this machine. `http://localhost:8080` is also an origin, which tests send in headers and never connect
/// to, so a page's port is only refused with one of these.
const HOSTS: [&str; 4] = ["127.0.0.1", "[::1]", "Ipv4Addr", "Ipv6Addr"];
/// The one file of a crate's tests that may build a configuration, so that it can check that no address is a default.
const HELPER: &str = "/tests/it/stage.rs";
const WHY: &str = "a test must not reach the product that runs on the same machine";

/// Checks one file of tests.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let is_test = source.path.contains("/tests/") || source.path.starts_with("shared/testkit/");
    if !source.is("rs") || !is_test {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, line) in source.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        if let Some(port) = default_port(line) {
            let text = format!("the default port {port} in a test: use that of a server that the test started");
            findings.push(Finding::error(&source.path, at + 1, text, WHY));
        }
        if line.contains("::parse_from(") && !source.path.ends_with(HELPER) {
            let text = format!("a configuration with defaults in a test: build it in {}", &HELPER[1..]);
            findings.push(Finding::error(&source.path, at + 1, text, WHY));
        }
    }
    findings
}

/// The first default port in a line, however the address is written: `127.0.0.1:8006`, `("127.0.0.1", 8_006)`.
fn default_port(line: &str) -> Option<u16> {
    let names_host = HOSTS.iter().any(|host| line.contains(host));
    // Words, with what joins hexadecimal digits of an id and parts of a version.
    let words = line.split(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)));
    words.filter_map(|word| word.replace('_', "").parse().ok()).find(|port| {
        let is_page = names_host && PAGES.contains(port);
        is_page || SERVERS.contains(port) || INSTALLED.contains(port) || is_of_service(*port)
    })
}

/// Whether a service has this port, or will.
fn is_of_service(port: u16) -> bool {
    SERVICES.iter().any(|service| service.port == port) || (API..API + FREE_FOR_SERVICES).contains(&port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<usize> {
        let found = check(&Source { path: path.to_owned(), text: text.to_owned() });
        found.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_default_address_in_a_test_is_found() {
        let test = "gateway/tests/it/links.rs";
        assert_eq!(findings(test, "\nget(\"http://127.0.0.1:8001/orders\");\n\"redis://localhost:6379\""), [2, 3]);
        assert_eq!(findings(test, "get(\"http://127.0.0.1:8080/\")"), [1]);
        for text in [
            "\"amqp://guest@127.0.0.1:15673\"",
            "\"postgres://db.example:15432/chipin\"",
            "connect((\"127.0.0.1\", 16_379))",
            "SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))",
            "format!(\"{host}:8006\")",
            "let port = 8001;",
        ] {
            assert_eq!(findings(test, text), [1], "{text}");
        }
        assert_eq!(findings("gateway/src/config.rs", "\"http://127.0.0.1:8001\""), [0; 0]);
    }

    #[test]
    fn origins_free_ports_and_comments_are_not_found() {
        let text = "origin(\"http://localhost:8080\");\n\"127.0.0.1:0\";\n\"127.0.0.1:54321\";\n/// `127.0.0.1:8000`\n\
                    uuid!(\"01900000-0000-7000-8000-000000000001\");";
        assert_eq!(findings("gateway/tests/it/cors.rs", text), [0; 0]);
    }

    #[test]
    fn only_the_helper_builds_a_configuration() {
        let text = "let config = Config::parse_from([\"gateway\"]);";
        assert_eq!(findings("gateway/tests/it/starting.rs", text), [1]);
        assert_eq!(findings("gateway/tests/it/stage.rs", text), [0; 0]);
    }
}
