//! Parses the compared parts of compose.yaml.

use std::collections::BTreeMap;

use yaml_rust2::{Yaml, YamlLoader};

/// The file.
#[derive(Debug)]
pub(super) struct Compose {
    pub(super) services: BTreeMap<String, Service>,
    /// Whether a network has no connections to others.
    pub(super) networks: BTreeMap<String, bool>,
}

/// One service of the file.
#[derive(Debug)]
pub(super) struct Service {
    /// The build argument `BIN`, if the service is built here.
    pub(super) bin: Option<String>,
    pub(super) builds: bool,
    pub(super) image: Option<String>,
    pub(super) environment: BTreeMap<String, String>,
    /// `127.0.0.1:8000:8000`
    pub(super) ports: Vec<String>,
    /// Name and condition.
    pub(super) depends_on: BTreeMap<String, String>,
    pub(super) health_check: Vec<String>,
    pub(super) networks: Vec<String>,
    /// The values of the environment as they are written, before variables are filled in.
    pub(super) written: BTreeMap<String, String>,
    pub(super) limits: Limits,
}

/// What a container may not do.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) read_only: bool,
    pub(super) cap_drop: Vec<String>,
    pub(super) security_opt: Vec<String>,
    pub(super) mem_limit: Option<String>,
    pub(super) pids_limit: Option<i64>,
}

impl Compose {
    /// Parses the text of the file.
    pub(super) fn parse(text: &str) -> Self {
        let documents = YamlLoader::load_from_str(text).expect("compose.yaml is YAML");
        let services = documents[0]["services"].as_hash().expect("services");
        Self {
            services: services.iter().map(|(name, service)| (scalar(name), Service::parse(service))).collect(),
            networks: pairs(&documents[0]["networks"], |network| network["internal"].as_bool() == Some(true)),
        }
    }
}

impl Service {
    fn parse(yaml: &Yaml) -> Self {
        Self {
            bin: yaml["build"]["args"]["BIN"].as_str().map(str::to_owned),
            builds: !yaml["build"].is_badvalue(),
            image: yaml["image"].as_str().map(str::to_owned),
            environment: pairs(&yaml["environment"], |value| filled(&scalar(value))),
            written: pairs(&yaml["environment"], scalar),
            limits: Limits {
                read_only: yaml["read_only"].as_bool() == Some(true),
                cap_drop: list(&yaml["cap_drop"]),
                security_opt: list(&yaml["security_opt"]),
                mem_limit: yaml["mem_limit"].as_str().map(str::to_owned),
                pids_limit: yaml["pids_limit"].as_i64(),
            },
            ports: list(&yaml["ports"]),
            depends_on: pairs(&yaml["depends_on"], |value| scalar(&value["condition"])),
            health_check: list(&yaml["healthcheck"]["test"]),
            networks: list(&yaml["networks"]),
        }
    }
}

fn scalar(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(value) => value.to_string(),
        _ => String::new(),
    }
}

fn list(yaml: &Yaml) -> Vec<String> {
    yaml.as_vec().map(|items| items.iter().map(scalar).collect()).unwrap_or_default()
}

/// A value after interpolation: `${NAME:?message}` becomes `<NAME>`, and `${NAME:-default}` the default.
fn filled(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (variable, after) = rest.split_once('}').unwrap_or((rest, ""));
    let value = match (variable.split_once(":?"), variable.split_once(":-")) {
        (Some((name, _)), _) => format!("<{name}>"),
        (None, Some((_, default))) => default.to_owned(),
        (None, None) => String::new(),
    };
    format!("{before}{value}{}", filled(after))
}

fn pairs<T>(yaml: &Yaml, value_of: impl Fn(&Yaml) -> T) -> BTreeMap<String, T> {
    yaml.as_hash()
        .map(|entries| entries.iter().map(|(key, value)| (scalar(key), value_of(value))).collect())
        .unwrap_or_default()
}
