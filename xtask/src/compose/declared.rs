//! The variables that a program declares: parsed from `#[arg(env = ...)]` in its sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::checkout::Checkout;
use crate::services::{SERVICES, Service};

/// An environment variable of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    /// Whether the program does not start without it.
    pub(super) required: bool,
    pub(super) default: Option<String>,
    /// Whether its type is one of the [secret ones](SECRETS).
    pub(super) is_secret: bool,
    /// Whether it has `hide_env_values`, so that no report shows its value and it may be in a file.
    pub(super) is_hidden: bool,
}

/// Types of values that are never printed.
const SECRETS: [&str; 7] =
    ["BrokerUrl", "DatabaseUrl", "Password", "RedisUrl", "RetiredSecret", "SigningKey", "SigningKeys"];

/// A program with its variables.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) variables: Vec<Variable>,
}

impl Program {
    /// The variable with this name.
    pub(super) fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }
}

/// A configuration struct: its own variables, and the structs flattened into it.
#[derive(Debug, Default)]
struct Group {
    variables: Vec<Variable>,
    flattened: Vec<String>,
}

/// Parses the declarations of the package `name`: its own structs, and the flattened structs of shared crates.
pub(super) fn program(checkout: &Checkout, name: &str) -> Program {
    let mut shared = BTreeMap::new();
    for library in ["configuration", "identity", "messaging", "postgres", "process", "service", "telemetry", "tls"] {
        read_folder(&checkout.path(&format!("shared/{library}/src")), &mut shared);
    }
    let mut own = BTreeMap::new();
    read_folder(&checkout.path(&format!("{name}/src")), &mut own);
    let mut variables = Vec::new();
    let mut wanted: Vec<String> = Vec::new();
    for group in own.into_values() {
        variables.extend(group.variables);
        wanted.extend(group.flattened);
    }
    while let Some(name) = wanted.pop() {
        if let Some(group) = shared.remove(&name) {
            variables.extend(group.variables);
            wanted.extend(group.flattened);
        }
    }
    if name == "migrations" {
        // One for each schema, not declared one by one.
        let passwords = SERVICES.iter().map(Service::password_variable);
        variables.extend(passwords.map(|name| Variable {
            name,
            required: true,
            default: None,
            is_secret: true,
            is_hidden: true,
        }));
    }
    Program { name: name.to_owned(), variables }
}

fn read_folder(folder: &Path, groups: &mut BTreeMap<String, Group>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_folder(&path, groups);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && let Ok(text) = fs::read_to_string(&path)
        {
            read_text(&text, groups);
        }
    }
}

/// Parses structs line by line. An attribute may span lines, and belongs to the next field.
fn read_text(text: &str, groups: &mut BTreeMap<String, Group>) {
    let mut current: Option<String> = None;
    let mut attribute = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = struct_name(line) {
            current = Some(name);
            attribute.clear();
        } else if line == "}" {
            current = None;
        } else if line.starts_with("///") {
            // Skip comments, which may contain any text.
        } else if let Some(name) = &current {
            if is_open(&attribute) || line.starts_with("#[") {
                attribute.push_str(line);
            } else if let Some((_, kind)) = line.trim_end_matches(',').split_once(": ") {
                let group = groups.entry(name.clone()).or_default();
                if attribute.contains("command(flatten)") {
                    let kind = kind.rsplit("::").next().unwrap_or(kind);
                    group.flattened.push(kind.to_owned());
                }
                group.variables.extend(variable(&attribute, kind));
                attribute.clear();
            }
        }
    }
}

fn struct_name(line: &str) -> Option<String> {
    let (_, after) = line.split_once("struct ")?;
    let name = after.strip_suffix(" {")?;
    line.starts_with(['p', 's']).then(|| name.split('<').next().unwrap_or(name).to_owned())
}

fn is_open(attribute: &str) -> bool {
    !attribute.is_empty() && !attribute.ends_with(']')
}

fn variable(attribute: &str, kind: &str) -> Option<Variable> {
    let name = quoted_after(attribute, "env = ")?;
    let has_default = attribute.contains("default_value");
    let is_optional = ["Option<", "Vec<", "bool"].iter().any(|start| kind.starts_with(start));
    Some(Variable {
        name,
        required: !has_default && !is_optional,
        default: quoted_after(attribute, "default_value = "),
        is_secret: SECRETS.iter().any(|secret| kind.contains(secret)),
        is_hidden: attribute.contains("hide_env_values = true"),
    })
}

fn quoted_after(text: &str, key: &str) -> Option<String> {
    let (_, after) = text.split_once(key)?;
    let (value, _) = after.strip_prefix('"')?.split_once('"')?;
    Some(value.to_owned())
}

#[test]
fn declarations_include_flattened_structs() {
    let text = "
pub struct Config {
    /// Where: it listens.
    #[arg(long, env = \"LISTEN_ADDR\", default_value = \"127.0.0.1:8001\")]
    pub listen_addr: SocketAddr,
    #[arg(
        long,
        env = \"AMQP_URL\",
    )]
    pub amqp_url: String,
    #[arg(long, env = \"MAYBE\")]
    maybe: Option<String>,
    #[command(flatten)]
    pub process: process::config::ProcessConfig,
}
";
    let mut groups = BTreeMap::new();
    read_text(text, &mut groups);
    let group = &groups["Config"];
    assert_eq!(group.flattened, ["ProcessConfig"]);
    let read: Vec<(&str, bool, Option<&str>)> =
        group.variables.iter().map(|v| (v.name.as_str(), v.required, v.default.as_deref())).collect();
    assert_eq!(
        read,
        [("LISTEN_ADDR", false, Some("127.0.0.1:8001")), ("AMQP_URL", true, None), ("MAYBE", false, None),]
    );
}
