//! Rules for dependencies between crates of the workspace.

use crate::tidy::finding::Finding;
use crate::tidy::manifest::{Dependency, Table, dependencies};
use crate::tidy::sources::Source;

/// The allowed dependencies of a crate within the workspace.
struct Rule {
    folder: &'static str,
    uses: &'static [&'static str],
    /// Additionally allowed in tests.
    in_tests: &'static [&'static str],
    why: &'static str,
}

/// What every service may use, and more.
macro_rules! service_and {
    ($($more:literal),*) => {
        &[
            "configuration",
            "contracts",
            "http-api",
            "http-server",
            "identity",
            "postgres",
            "process",
            "rabbit-outbox",
            "rabbit-outbox-operations",
            "service",
            "telemetry",
            "tls",
            "trace",
            $($more),*
        ]
    };
}

const SERVICE: &[&str] = service_and!();
const LIVE_SERVICE: &[&str] = service_and!("live-sockets");
const OCR_SERVICE: &[&str] = service_and!("reading", "redis-connection");
const ROUTER_SERVICE: &[&str] = service_and!("live-sockets", "redis-connection");
const SERVICE_TESTS: &[&str] = &["testkit", "servers"];
const WHY_UNUSED: &str = "dependencies between crates are decided explicitly";
const WHY_SERVICE: &str = "services communicate only by events";

const RULES: &[Rule] = &[
    Rule {
        folder: "shared/event",
        uses: &[],
        in_tests: &[],
        why: "every event depends on it, so it depends on nothing",
    },
    Rule {
        folder: "shared/contracts",
        uses: &["rabbit-outbox-event"],
        in_tests: &[],
        why: "every service depends on the contracts, so they depend only on the event trait",
    },
    Rule {
        folder: "shared/trace",
        uses: &["rabbit-outbox"],
        in_tests: &[],
        why: "telemetry uses it without its messaging feature, and messaging does not depend on it",
    },
    Rule {
        folder: "shared/messaging",
        uses: &["rabbit-outbox-event"],
        in_tests: &["testkit", "servers", "rabbit-outbox", "rabbit-outbox-testing", "trace"],
        why: "messaging depends on events, not on HTTP or services",
    },
    Rule {
        folder: "shared/messaging/testing",
        uses: &["rabbit-outbox-event", "rabbit-outbox"],
        in_tests: &[],
        why: "it is published: it depends on messaging, but on nothing of the product",
    },
    Rule {
        folder: "shared/configuration",
        uses: &[],
        in_tests: &[],
        why: "every program depends on it, and migrations do not depend on more",
    },
    Rule {
        folder: "shared/tls",
        uses: &["configuration"],
        in_tests: &[],
        why: "every program depends on it, and migrations do not depend on more",
    },
    Rule {
        folder: "shared/redis-connection",
        uses: &["configuration", "tls"],
        in_tests: &["testkit"],
        why: "the gateway uses it: no database, no messages",
    },
    Rule {
        folder: "shared/telemetry",
        uses: &["configuration", "trace"],
        in_tests: &[],
        why: "every program depends on it, so it depends only on configuration and traces",
    },
    Rule {
        folder: "shared/process",
        uses: &["configuration", "telemetry"],
        in_tests: &[],
        why: "a program has logs and an end, but not always HTTP or a database",
    },
    Rule {
        folder: "shared/http-api",
        uses: &["telemetry", "trace"],
        in_tests: &[],
        why: "it has the conventions of an API, and knows neither users nor messages",
    },
    Rule {
        folder: "shared/http-server",
        uses: &["http-api", "telemetry", "tls", "trace"],
        in_tests: &[],
        why: "it serves requests, and does not know what they mean",
    },
    Rule {
        folder: "shared/identity",
        uses: &["contracts", "http-api", "process"],
        in_tests: &[],
        why: "the gateway uses it: no database, no messages",
    },
    Rule {
        folder: "shared/postgres",
        uses: &["configuration", "http-api", "rabbit-outbox", "telemetry"],
        in_tests: &[],
        why: "its errors become problems and retries; it knows neither users nor events",
    },
    Rule {
        folder: "shared/service",
        uses: &[
            "configuration",
            "http-api",
            "http-server",
            "identity",
            "postgres",
            "process",
            "rabbit-outbox",
            "telemetry",
            "tls",
            "trace",
        ],
        in_tests: &[],
        why: "it wires what all services share, and knows none of them",
    },
    Rule {
        folder: "shared/live-sockets",
        uses: &["http-api", "telemetry", "trace"],
        in_tests: &["testkit"],
        why: "it knows neither events nor what a service sends",
    },
    Rule {
        folder: "fuzz",
        uses: &["contracts", "rabbit-outbox", "gateway", "reading"],
        in_tests: &[],
        why: "it tests parsers, not services",
    },
    Rule {
        folder: "shared/operations",
        uses: &["rabbit-outbox"],
        in_tests: &["rabbit-outbox-testing"],
        why: "it is published: it depends on messaging, but on nothing of the product",
    },
    Rule { folder: "shared/servers", uses: &[], in_tests: &[], why: "it is compiled first" },
    Rule {
        folder: "shared/testkit",
        uses: &["contracts", "migrations", "servers", "tls"],
        in_tests: &[],
        why: "the testkit is used by every service, so it depends on none",
    },
    Rule {
        folder: "migrations",
        uses: &["configuration", "tls"],
        in_tests: &["testkit"],
        why: "migrations run before any service",
    },
    Rule {
        folder: "gateway",
        uses: &[
            "configuration",
            "http-api",
            "http-server",
            "identity",
            "process",
            "redis-connection",
            "telemetry",
            "tls",
            "trace",
        ],
        in_tests: &["servers", "testkit"],
        why: "the gateway only forwards requests; it has no events",
    },
    Rule { folder: "orders-service", uses: LIVE_SERVICE, in_tests: SERVICE_TESTS, why: WHY_SERVICE },
    Rule { folder: "payments-service", uses: SERVICE, in_tests: SERVICE_TESTS, why: WHY_SERVICE },
    Rule { folder: "ocr-service", uses: OCR_SERVICE, in_tests: SERVICE_TESTS, why: WHY_SERVICE },
    Rule {
        folder: "ocr-service/reading",
        uses: &["contracts"],
        in_tests: &[],
        why: "reading is pure computation in an isolated process",
    },
    Rule { folder: "router-service", uses: ROUTER_SERVICE, in_tests: SERVICE_TESTS, why: WHY_SERVICE },
    Rule { folder: "users-service", uses: SERVICE, in_tests: SERVICE_TESTS, why: WHY_SERVICE },
    Rule {
        folder: "e2e",
        uses: &[],
        in_tests: &["identity", "testkit"],
        why: "end-to-end tests use only the public interfaces",
    },
    Rule {
        folder: "e2e/bench",
        uses: &["e2e", "rabbit-outbox", "servers"],
        in_tests: &[],
        why: "benchmarks use only public interfaces and published crates",
    },
    Rule { folder: "xtask", uses: &["servers"], in_tests: &[], why: "it is compiled first" },
];

/// Checks one Cargo.toml.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let Some(folder) = source.path.strip_suffix("/Cargo.toml") else {
        return Vec::new();
    };
    let Some(rule) = RULES.iter().find(|rule| rule.folder == folder) else {
        return vec![Finding::error(
            &source.path,
            1,
            "no rule lists the allowed dependencies of this crate: add one to xtask/src/tidy/imports.rs",
            "dependencies between crates are decided explicitly",
        )];
    };
    dependencies(&source.text)
        .into_iter()
        .filter(|(_, table, name)| {
            is_ours(name) && !rule.uses.contains(name) && !(*table == Table::Dev && rule.in_tests.contains(name))
        })
        .map(|(line, _, name)| {
            let text = format!("`{folder}` must not depend on `{name}`");
            Finding::error(&source.path, line, text, rule.why)
        })
        .collect()
}

/// Allowances that no crate uses: they would permit what was never decided.
pub(super) fn unused(sources: &[Source]) -> Vec<Finding> {
    let manifests: Vec<(&Rule, Vec<Dependency<'_>>)> = sources
        .iter()
        .filter_map(|source| {
            let folder = source.path.strip_suffix("/Cargo.toml")?;
            Some((RULES.iter().find(|rule| rule.folder == folder)?, dependencies(&source.text)))
        })
        .collect();
    let is_service = |rule: &Rule| rule.folder.ends_with("-service");
    let mut findings = Vec::new();
    for (rule, _) in &manifests {
        for (list, is_of_tests) in [(rule.uses, false), (rule.in_tests, true)] {
            // Services have a list in common.
            let allowed = |other: &Rule| rule.folder == other.folder || (is_service(rule) && is_service(other));
            for name in list {
                let is_used = manifests.iter().filter(|(other, _)| allowed(other)).any(|(_, dependencies)| {
                    dependencies.iter().any(|(_, table, used)| used == name && (*table == Table::Dev) == is_of_tests)
                });
                if !is_used {
                    let text = format!("`{}` may use `{name}`, and does not: remove it from its rule", rule.folder);
                    findings.push(Finding::error("xtask/src/tidy/imports.rs", 1, text, WHY_UNUSED));
                }
            }
        }
    }
    findings
}

/// A crate is named like its folder, or has the prefix of the published family.
fn is_ours(name: &str) -> bool {
    name.starts_with("rabbit-outbox") || RULES.iter().any(|rule| rule.folder.rsplit('/').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&Source { path: path.to_owned(), text: text.to_owned() })
    }

    #[test]
    fn a_service_does_not_depend_on_another() {
        let text = "[dependencies]\nrabbit-outbox.workspace = true\npayments-service.workspace = true\n";
        let found = findings("orders-service/Cargo.toml", text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 3);
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let manifest = |table| format!("[{table}]\ntestkit.workspace = true\n");
        let path = "orders-service/Cargo.toml";
        assert!(findings(path, &manifest("dev-dependencies")).is_empty());
        assert_eq!(findings(path, &manifest("dependencies")).len(), 1);
    }

    #[test]
    fn a_crate_of_the_published_family_is_known_by_its_prefix() {
        let text = "[dependencies]\nrabbit-outbox-testing.workspace = true\n";
        assert_eq!(findings("orders-service/Cargo.toml", text).len(), 1);
    }

    #[test]
    fn only_services_with_sockets_may_use_them() {
        let text = "[dependencies]\nlive-sockets.workspace = true\n";
        assert_eq!(findings("payments-service/Cargo.toml", text).len(), 1);
        assert_eq!(findings("orders-service/Cargo.toml", text).len(), 0);
    }

    #[test]
    fn an_allowance_that_no_crate_uses_is_found() {
        let identity = |text: &str| {
            let source = Source { path: "shared/identity/Cargo.toml".to_owned(), text: text.to_owned() };
            unused(&[source]).into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
        };
        let all = "[dependencies]\ncontracts.workspace = true\nhttp-api.workspace = true\nprocess.workspace = true\n";
        assert_eq!(identity(all), [""; 0]);
        let rest = all.replace("contracts.workspace = true\n", "");
        assert_eq!(identity(&rest), ["`shared/identity` may use `contracts`, and does not: remove it from its rule"]);
    }

    #[test]
    fn a_crate_without_a_rule_is_found() {
        assert_eq!(findings("new-service/Cargo.toml", "").len(), 1);
        assert!(findings("xtask/Cargo.toml", "[dependencies]\nclap = \"4\"\n").is_empty());
    }
}
