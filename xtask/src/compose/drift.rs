//! Finds differences between compose.yaml and the programs.

use servers::BrokerUser;
use yaml_rust2::YamlLoader;

use crate::compose::declared::Program;
use crate::compose::file::{Compose, Service};

/// Runs once and exits, so it has no health check, and others wait for its success.
const ONE_SHOT: &str = "migrations";
const PUBLISHED: [&str; 2] = ["gateway", "rabbitmq"];
/// Ports of third-party images.
const KNOWN_PORTS: [(&str, &str); 3] = [("postgres", "5432"), ("rabbitmq", "5672"), ("redis", "6379")];

/// Descriptions of all differences.
pub(super) fn drift(compose: &Compose, programs: &[Program]) -> Vec<String> {
    let mut found = Vec::new();
    for program in programs {
        match compose.services.get(&program.name) {
            None => found.push(format!("no service `{}`", program.name)),
            Some(service) => found.extend(program_drift(compose, program, service)),
        }
    }
    for (name, service) in &compose.services {
        found.extend(service_drift(name, service, programs));
    }
    found.extend(key_drift(compose, programs));
    found.extend(network_drift(compose, programs));
    found
}

/// Checks that two programs share a network only if one of them is the gateway, that a network with connections to others
/// has one member, whose ports are published, and that the gateway reaches only the servers that it uses.
fn network_drift(compose: &Compose, programs: &[Program]) -> Vec<String> {
    let mut found = Vec::new();
    for (network, is_internal) in &compose.networks {
        let on_it = |name: &str| compose.services.get(name).is_some_and(|service| service.networks.contains(network));
        let names =
            programs.iter().map(|program| program.name.as_str()).filter(|name| on_it(name) && *name != "gateway");
        let names: Vec<&str> = names.collect();
        if names.len() > 1 {
            found.push(format!("network {network}: {} reach each other", names.join(" and ")));
        }
        let members: Vec<&String> = compose.services.keys().filter(|name| on_it(name)).collect();
        if !is_internal && !matches!(members[..], [one] if PUBLISHED.contains(&one.as_str())) {
            found.push(format!("network {network}: is not internal"));
        }
    }
    let gateway = compose.services.get("gateway").map(|gateway| gateway.networks.as_slice()).unwrap_or_default();
    for server in ["postgres", "rabbitmq"] {
        let Some(service) = compose.services.get(server) else { continue };
        if service.networks.iter().any(|network| gateway.contains(network)) {
            found.push(format!("gateway: reaches {server}, which it does not use"));
        }
    }
    found
}

/// Checks what a container may not do, and that its passwords and keys are not written in the file.
fn limit_drift(name: &str, service: &Service, programs: &[Program]) -> Vec<String> {
    let limits = &service.limits;
    let mut found = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            found.push(format!("{name}: {what}"));
        }
    };
    require(limits.read_only, "is not read_only");
    require(limits.cap_drop == ["ALL"], "cap_drop is not [ALL]");
    require(limits.security_opt.iter().any(|option| option == "no-new-privileges:true"), "has no no-new-privileges");
    require(limits.mem_limit.is_some(), "has no mem_limit");
    require(limits.pids_limit.is_some_and(|limit| limit > 0), "has no pids_limit");
    let program = programs.iter().find(|program| program.name == name);
    for (variable, value) in &service.written {
        let is_secret = program.and_then(|program| program.variable(variable)).is_some_and(|known| known.is_secret);
        let sounds_secret = variable.contains("PASSWORD") || variable.ends_with("AUTH");
        require(
            !(is_secret || sounds_secret) || value.contains(":?run deploy/compose-secrets.sh}"),
            &format!("{variable} is a secret in the file"),
        );
    }
    found
}

fn program_drift(compose: &Compose, program: &Program, service: &Service) -> Vec<String> {
    let name = &program.name;
    let mut found = Vec::new();
    if service.bin.as_deref() != Some(name) {
        let bin = service.bin.as_deref().unwrap_or("missing");
        found.push(format!("{name}: BIN is `{bin}`"));
    }
    for variable in service.environment.keys() {
        if program.variable(variable).is_none() {
            found.push(format!("{name}: {variable} is not a variable of the program"));
        }
    }
    for variable in program.variables.iter().filter(|variable| variable.required) {
        if !service.environment.contains_key(&variable.name) {
            found.push(format!("{name}: the program needs {}", variable.name));
        }
    }
    let is_healthy = service.health_check.last().is_some_and(|last| last == "healthcheck");
    if name != ONE_SHOT && !is_healthy {
        found.push(format!("{name}: no health check by the program itself"));
    }
    for (variable, value) in &service.environment {
        if variable.ends_with("_ADDR") {
            found.extend(address_drift(program, service, variable, value));
        } else if variable.ends_with("_URL") {
            found.extend(url_drift(compose, name, service, variable, value));
        }
    }
    found
}

/// Checks that the gateway and each service have the same key, and no other service has it.
fn key_drift(compose: &Compose, programs: &[Program]) -> Vec<String> {
    let value = |service: &str, variable: &str| compose.services.get(service)?.environment.get(variable);
    let mut found = Vec::new();
    let mut earlier: Vec<(String, &String)> = Vec::new();
    let services = programs.iter().filter_map(|program| program.name.strip_suffix("-service"));
    let variables = services.map(|name| (Some(name), format!("{}_KEY", name.to_uppercase())));
    for (service, variable) in variables.chain([(None, "TICKET_KEYS".to_owned())]) {
        let Some(key) = value("gateway", &variable) else {
            found.push(format!("gateway: the program needs {variable}"));
            continue;
        };
        if let Some(name) = service
            && value(&format!("{name}-service"), "GATEWAY_KEYS") != Some(key)
        {
            found.push(format!("{name}-service: GATEWAY_KEYS is not {variable} of the gateway"));
        }
        if let Some((other, _)) = earlier.iter().find(|(_, other)| *other == key) {
            found.push(format!("gateway: {variable} is also the value of {other}"));
        }
        earlier.push((variable, key));
    }
    found
}

/// Checks a listen address: all interfaces of the container, the documented port, published if it is the gateway's.
fn address_drift(program: &Program, service: &Service, variable: &str, value: &str) -> Vec<String> {
    let name = &program.name;
    let mut found = Vec::new();
    let port = port_of(value);
    if !value.starts_with("0.0.0.0:") {
        found.push(format!("{name}: {variable} is not reachable from other containers"));
    }
    let default = program.variable(variable).and_then(|v| v.default.as_deref());
    if let Some(default) = default.map(port_of)
        && default != port
    {
        found.push(format!("{name}: {variable} has port {port}, its program says {default}"));
    }
    if PUBLISHED.contains(&name.as_str()) && !service.ports.iter().any(|p| port_of(p) == port) {
        found.push(format!("{name}: port {port} is not published"));
    }
    found
}

/// Checks a URL: it names a service of the file and a port where that service listens, and waits for the service. Or it
/// is for a browser on the same machine, and a service publishes the port.
fn url_drift(compose: &Compose, name: &str, service: &Service, variable: &str, url: &str) -> Vec<String> {
    let (host, port) = host_and_port(url);
    if host == "localhost" {
        let is_published = compose.services.values().any(|service| service.ports.iter().any(|p| port_of(p) == port));
        return if is_published {
            vec![]
        } else {
            vec![format!("{name}: {variable}: no service publishes port {port}")]
        };
    }
    let Some(target) = compose.services.get(host) else {
        return vec![format!("{name}: {variable}: there is no service `{host}`")];
    };
    let mut found = Vec::new();
    let known = KNOWN_PORTS.contains(&(host, port));
    let own = target.environment.iter().any(|(key, value)| key.ends_with("_ADDR") && port_of(value) == port);
    if !known && !own {
        found.push(format!("{name}: {variable} has port {port} of {host}, nothing listens there"));
    }
    if service.depends_on.get(host).map(String::as_str) != Some("service_healthy") {
        found.push(format!("{name}: does not wait for {host} to be healthy"));
    }
    let needs_tables = host == "postgres" && name != ONE_SHOT;
    let waits = service.depends_on.get(ONE_SHOT).map(String::as_str);
    if needs_tables && waits != Some("service_completed_successfully") {
        found.push(format!("{name}: does not wait for the success of {ONE_SHOT}"));
    }
    if !service.networks.iter().any(|network| target.networks.contains(network)) {
        found.push(format!("{name}: shares no network with {host}"));
    }
    found
}

fn service_drift(name: &str, service: &Service, programs: &[Program]) -> Vec<String> {
    let mut found = limit_drift(name, service, programs);
    if service.builds && !programs.iter().any(|program| program.name == name) {
        found.push(format!("{name}: there is no such program"));
    }
    if !service.builds && service.image.is_none() {
        found.push(format!("{name}: neither an image nor a build"));
    }
    if name != ONE_SHOT && service.health_check.is_empty() {
        found.push(format!("{name}: no health check"));
    }
    if !service.ports.is_empty() && !PUBLISHED.contains(&name) {
        found.push(format!("{name}: publishes ports, but is not for the public"));
    }
    for port in &service.ports {
        if !port.starts_with("127.0.0.1:") {
            found.push(format!("{name}: {port} is published beyond 127.0.0.1"));
        }
    }
    found
}

/// Finds differences between the users of definitions.json and those that `up` creates.
pub(super) fn broker_drift(definitions: &str, users: &[BrokerUser]) -> Vec<String> {
    // JSON is YAML.
    let documents = YamlLoader::load_from_str(definitions).expect("definitions.json is JSON");
    let permissions = documents[0]["permissions"].as_vec().expect("permissions");
    let mut found = Vec::new();
    for user in users {
        let Some(permission) = permissions.iter().find(|permission| permission["user"].as_str() == Some(&user.name))
        else {
            found.push(format!("no permissions for {}", user.name));
            continue;
        };
        for (verb, pattern) in [("configure", &user.configure), ("write", &user.write), ("read", &user.read)] {
            if permission[verb].as_str() != Some(pattern) {
                found.push(format!("{}: {verb} is not {pattern}", user.name));
            }
        }
    }
    found
}

fn port_of(address: &str) -> &str {
    address.rsplit(':').next().unwrap_or(address)
}

/// `amqp://user:password@rabbitmq:5672/%2f` -> `rabbitmq`, `5672`.
fn host_and_port(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    address.split_once(':').unwrap_or((address, ""))
}
