//! Parses the compared parts of compose.yaml.

use std::collections::BTreeMap;

use yaml_rust2::{Yaml, YamlLoader};

/// The file.
#[derive(Debug)]
pub(super) struct Compose {
    pub(super) services: BTreeMap<String, Service>,
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
}

impl Compose {
    /// Parses the text of the file.
    pub(super) fn parse(text: &str) -> Self {
        let documents = YamlLoader::load_from_str(text).expect("compose.yaml is YAML");
        let services = documents[0]["services"].as_hash().expect("services");
        Self { services: services.iter().map(|(name, service)| (scalar(name), Service::parse(service))).collect() }
    }
}

impl Service {
    fn parse(yaml: &Yaml) -> Self {
        Self {
            bin: yaml["build"]["args"]["BIN"].as_str().map(str::to_owned),
            builds: !yaml["build"].is_badvalue(),
            image: yaml["image"].as_str().map(str::to_owned),
            environment: pairs(&yaml["environment"], scalar),
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

fn pairs(yaml: &Yaml, value_of: impl Fn(&Yaml) -> String) -> BTreeMap<String, String> {
    yaml.as_hash()
        .map(|entries| entries.iter().map(|(key, value)| (scalar(key), value_of(value))).collect())
        .unwrap_or_default()
}
