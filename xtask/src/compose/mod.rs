//! Compares compose.yaml and deploy/ with the declarations of the programs, because the tests have no container engine.

mod declared;
mod drift;
mod file;

use std::fs;

use crate::checkout::Checkout;
use crate::compose::declared::Program;
use crate::compose::drift::{broker_drift, drift};
use crate::compose::file::Compose;
use crate::instance::Passwords;
use crate::services::programs as names;

fn read(path: &str) -> String {
    let path = Checkout::of_this_build().path(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What compose.yaml of another checkout says differently about a program than the program itself.
pub(crate) fn drift_of(checkout: &Checkout, name: &str) -> Vec<String> {
    let text = fs::read_to_string(checkout.path("compose.yaml")).expect("compose.yaml can be read");
    let all = programs().into_iter().chain([declared::program(checkout, name)]).collect::<Vec<_>>();
    let found = drift(&Compose::parse(&text), &all);
    found.into_iter().filter(|line| line.starts_with(&format!("{name}:"))).collect()
}

fn programs() -> Vec<Program> {
    let checkout = Checkout::of_this_build();
    names().map(|name| declared::program(&checkout, name)).collect()
}

#[test]
fn compose_agrees_with_the_programs() {
    let compose = Compose::parse(&read("compose.yaml"));
    let found = drift(&compose, &programs());
    assert!(found.is_empty(), "compose.yaml:\n  {}", found.join("\n  "));
}

#[test]
fn exactly_the_variables_with_a_secret_type_are_hidden() {
    let programs = programs();
    for program in &programs {
        for variable in &program.variables {
            let (secret, hidden) = (variable.is_secret, variable.is_hidden);
            assert_eq!(secret, hidden, "{}: {}: type and hide_env_values", program.name, variable.name);
            let sounds_secret =
                ["_SECRET", "_PASSWORD", "_KEY", "_KEYS"].iter().any(|end| variable.name.ends_with(end));
            assert!(secret || !sounds_secret, "{}: {} has no secret type", program.name, variable.name);
        }
    }
    assert!(programs.iter().any(|program| program.variables.iter().any(|variable| variable.is_secret)));
}

#[test]
fn the_brokers_users_have_the_same_permissions_as_under_up() {
    let users = Passwords::default().broker_users();
    let found = broker_drift(&read("deploy/rabbitmq/definitions.json"), &users);
    assert!(found.is_empty(), "definitions.json:\n  {}", found.join("\n  "));
}

#[test]
fn the_image_is_built_from_every_program() {
    let dockerfile = read("deploy/Dockerfile");
    assert!(dockerfile.contains("ARG BIN") && dockerfile.contains("/out/${BIN}"));
    for name in names() {
        assert!(dockerfile.contains(&format!("-p {name}")), "{name} is not built");
        let binary = format!("target/release/{name}");
        assert!(dockerfile.contains(&binary), "{name} is not copied");
    }
    let worker = "COPY --from=build /out/ocr-worker /ocr-worker";
    assert!(dockerfile.contains(worker), "the worker must be in the same folder as /program");
    let ignored = read(".dockerignore");
    let first = ignored.lines().find(|line| !line.starts_with('#'));
    assert_eq!(first, Some("*"), ".dockerignore hides everything that it does not list");
    for hidden in ["!.git", "!.local", "!.env"] {
        assert!(!ignored.lines().any(|line| line == hidden), "{hidden} has no place in an image");
    }
    let manifest = read("Cargo.toml");
    let members = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .map(|member| member.split('/').next().unwrap_or(member));
    for folder in members {
        let line = format!("!{folder}");
        assert!(
            ignored.lines().any(|other| other == line),
            ".dockerignore hides {folder}, without which cargo refuses the workspace"
        );
    }
}

#[test]
fn each_kind_of_drift_is_found() {
    let real = read("compose.yaml");
    let programs = programs();
    let found = |from: &str, to: &str| {
        assert!(real.contains(from), "compose.yaml has no `{from}`");
        drift(&Compose::parse(&real.replace(from, to)), &programs).join("\n")
    };
    let cases = [
        ("ORDERS_URL:", "ORDER_URL:", "gateway: ORDER_URL is not a variable"),
        ("      AMQP_URL:", "      # ", "needs AMQP_URL"),
        ("orders-service:8001", "orders-service:9001", "nothing listens there"),
        ("0.0.0.0:8001", "0.0.0.0:9001", "its program says 8001"),
        ("BIN: payments-service", "BIN: payment", "BIN is `payment`"),
        ("127.0.0.1:8080:8080", "8080:8080", "127.0.0.1"),
        ("      migrations:\n        condition: service_completed_successfully\n", "", "migrations"),
        ("[\"CMD\", \"/program\", \"healthcheck\"]", "[\"CMD\", \"true\"]", "health check"),
        ("@rabbitmq:", "@broker:", "no service `broker`"),
        ("      ORDERS_KEY: ${O", "      ORDERS_KEY: ${OTHER_O", "orders-service: GATEWAY_KEYS is not ORDERS_KEY"),
        ("      USERS_KEY: ${USERS", "      USERS_KEY: ${ORDERS", "gateway: USERS_KEY is also the value of ORDERS_KEY"),
        (
            "      TICKET_KEYS: ${TICKET",
            "      TICKET_KEYS: ${OCR",
            "gateway: TICKET_KEYS is also the value of OCR_KEY",
        ),
        ("redis://:${REDIS_PASSWORD:?run deploy/compose-secrets.sh}@", "redis://", "REDIS_URL is a secret in the file"),
        (
            "POSTGRES_PASSWORD: ${POSTGRES",
            "POSTGRES_PASSWORD: postgres # ${",
            "POSTGRES_PASSWORD is a secret in the file",
        ),
        ("    read_only: true\n", "", "redis: is not read_only"),
        ("    cap_drop: [ALL]\n", "", "rabbitmq: cap_drop is not [ALL]"),
        ("    security_opt: [no-new-privileges:true]\n", "", "postgres: has no no-new-privileges"),
        ("    mem_limit: 512m\n", "", "users-service: has no mem_limit"),
        ("    pids_limit: 256\n", "", "gateway: has no pids_limit"),
        (
            "networks: [ocr, ocr-data]",
            "networks: [ocr, orders-data]",
            "network orders-data: orders-service and ocr-service",
        ),
        ("      - cache\n      - orders\n", "      - orders-data\n      - orders\n", "gateway: reaches postgres"),
        ("  cache:\n    internal: true\n", "  cache: {}\n", "network cache: is not internal"),
    ];
    for (from, to, expected) in cases {
        let found = found(from, to);
        assert!(found.contains(expected), "`{from}` -> `{to}` found: {found}");
    }
}
