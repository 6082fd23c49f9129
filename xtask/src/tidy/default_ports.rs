//! Tests reach no default port: on a machine where the product runs, they would talk to it instead of to their own
//! services.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

/// Ports on which `cargo xtask up` and installed servers listen.
const SERVERS: [&str; 10] = ["8000", "8001", "8002", "8003", "8004", "8005", "5432", "5672", "6379", "15672"];
/// Ports of web pages. `http://localhost:8080` is also an origin, which tests send in headers and never connect to.
const PAGES: [&str; 2] = ["8080", "8090"];
const HOSTS: [&str; 3] = ["127.0.0.1:", "localhost:", "[::1]:"];
const NAME: &str = "localhost:";
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
        if let Some(address) = default_address(line) {
            let text = format!("the default address `{address}` in a test: use that of a server that the test started");
            findings.push(Finding::error(&source.path, at + 1, text, WHY));
        }
        if line.contains("::parse_from(") && !source.path.ends_with(HELPER) {
            let text = format!("a configuration with defaults in a test: build it in {}", &HELPER[1..]);
            findings.push(Finding::error(&source.path, at + 1, text, WHY));
        }
    }
    findings
}

/// The first address with a default port in a line.
fn default_address(line: &str) -> Option<String> {
    HOSTS.iter().find_map(|host| {
        line.match_indices(host).find_map(|(at, _)| {
            let port: String = line[at + host.len()..].chars().take_while(char::is_ascii_digit).collect();
            let is_page = PAGES.contains(&port.as_str()) && *host != NAME;
            (is_page || SERVERS.contains(&port.as_str())).then(|| format!("{host}{port}"))
        })
    })
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
        assert_eq!(findings("gateway/src/config.rs", "\"http://127.0.0.1:8001\""), [0; 0]);
    }

    #[test]
    fn origins_free_ports_and_comments_are_not_found() {
        let text = "origin(\"http://localhost:8080\");\n\"127.0.0.1:0\";\n\"127.0.0.1:54321\";\n/// `127.0.0.1:8000`";
        assert_eq!(findings("gateway/tests/it/cors.rs", text), [0; 0]);
    }

    #[test]
    fn only_the_helper_builds_a_configuration() {
        let text = "let config = Config::parse_from([\"gateway\"]);";
        assert_eq!(findings("gateway/tests/it/starting.rs", text), [1]);
        assert_eq!(findings("gateway/tests/it/stage.rs", text), [0; 0]);
    }
}
