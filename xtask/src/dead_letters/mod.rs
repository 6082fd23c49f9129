//! `dead-letters`: shows, replays and discards dead letters through the gateway.

mod found;
mod print;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use tinyjson::JsonValue;

use crate::call::{Response, Server, percent_encoded};
use crate::checkout::Checkout;
use crate::cli::{DeadLetterId, DeadLettersAction, DeadLettersOptions, GatewayOptions, Selection};
use crate::console::say;
use crate::dead_letters::found::Found;
use crate::failure::Failure;
use crate::instance::State;
use crate::services::{SERVICES, Service};

const DIRECTIONS: [&str; 2] = ["incoming", "outgoing"];

/// Runs the command.
///
/// # Errors
/// Fails if the gateway cannot be reached, a service refuses, or the dead letter does not exist.
pub(crate) fn settle(checkout: &Checkout, options: &DeadLettersOptions) -> Result<ExitCode, Failure> {
    let gateway = gateway(checkout, &options.gateway)?;
    let text = match &options.action {
        DeadLettersAction::List(selection) => print::list(&list(&gateway, selection)?, options.json),
        DeadLettersAction::Show(letter) => print::letter(&find(&gateway, letter)?, options.json),
        DeadLettersAction::Replay(letter) => print::letter(&settle_one(&gateway, letter, "replay")?, options.json),
        DeadLettersAction::Discard(letter) => print::letter(&settle_one(&gateway, letter, "discard")?, options.json),
        DeadLettersAction::ReplayAll(selection) => {
            print::settled(&settle_all(&gateway, selection, "replay")?, options.json)
        }
        DeadLettersAction::DiscardAll(selection) => {
            print::settled(&settle_all(&gateway, selection, "discard")?, options.json)
        }
    };
    say!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// The gateway of these options.
///
/// # Errors
/// Fails if the URL is not one.
pub(crate) fn gateway(checkout: &Checkout, options: &GatewayOptions) -> Result<Server, Failure> {
    let address = address(checkout, options.gateway.as_deref());
    Server::gateway(&address, options.token.as_deref(), authorities(checkout, options))
}

/// The given file of authorities, else that of `up --tls` for the running system.
pub(crate) fn authorities(checkout: &Checkout, options: &GatewayOptions) -> Option<PathBuf> {
    let of_running =
        || Some(checkout.local().join("tls/ca.pem")).filter(|file| options.gateway.is_none() && file.exists());
    options.ca_file.clone().or_else(of_running)
}

/// The given gateway, else that of the running system, else the default address.
fn address(checkout: &Checkout, given: Option<&str>) -> String {
    let running = || {
        let addresses = State::read(&checkout.local())?.addresses;
        addresses.into_iter().find(|(label, _)| label == "API").map(|(_, url)| url)
    };
    given.map(str::to_owned).or_else(running).unwrap_or_else(|| "http://localhost:8000".to_owned())
}

fn chosen(service: Option<Service>) -> Vec<Service> {
    service.map_or_else(|| SERVICES.to_vec(), |one| vec![one])
}

fn list(gateway: &Server, selection: &Selection) -> Result<Vec<Found>, Failure> {
    let mut found = vec![];
    for service in chosen(selection.service) {
        let fields = fields(selection).into_iter().map(|(name, value)| format!("&{name}={}", percent_encoded(&value)));
        let mut page =
            Some(format!("{}/operations/dead-letters?limit=100{}", service.prefix, fields.collect::<String>()));
        while let Some(path) = page {
            let response = gateway.get(&path)?.or_failure()?;
            let letters: Vec<JsonValue> = response.json()?.try_into().unwrap_or_default();
            found.extend(letters.into_iter().filter_map(|letter| Some(Found { service, letter: object(letter)? })));
            page = response.next_page();
        }
    }
    Ok(found)
}

fn find(gateway: &Server, letter: &DeadLetterId) -> Result<Found, Failure> {
    let (service, _, response) = locate(gateway, letter)?;
    found(service, &response)
}

/// Searches all services and both directions for a dead letter.
fn locate(gateway: &Server, letter: &DeadLetterId) -> Result<(Service, String, Response), Failure> {
    for service in chosen(letter.service) {
        for direction in DIRECTIONS {
            let id = percent_encoded(&letter.event_id);
            let path = format!("{}/operations/dead-letters/{direction}/{id}", service.prefix);
            let response = gateway.get(&path)?;
            if response.status != 404 {
                return Ok((service, path, response.or_failure()?));
            }
        }
    }
    Err(Failure::new(format!("no service has a dead letter {}", letter.event_id)))
}

fn settle_one(gateway: &Server, letter: &DeadLetterId, action: &str) -> Result<Found, Failure> {
    let (service, path, _) = locate(gateway, letter)?;
    found(service, &gateway.post(&format!("{path}/{action}"), "")?.or_failure()?)
}

/// Replays or discards all matching dead letters; returns their number per service.
fn settle_all(gateway: &Server, selection: &Selection, action: &str) -> Result<Vec<(Service, f64)>, Failure> {
    let filter: HashMap<String, JsonValue> =
        fields(selection).into_iter().map(|(name, value)| (name.to_owned(), JsonValue::String(value))).collect();
    let body = JsonValue::Object(filter).stringify().map_err(|error| Failure::new(error.to_string()))?;
    let mut settled = vec![];
    for service in chosen(selection.service) {
        let path = format!("{}/operations/dead-letters/{action}", service.prefix);
        let response = object(gateway.post(&path, &body)?.or_failure()?.json()?).unwrap_or_default();
        let count = response.get("settled").and_then(|count| count.get::<f64>()).copied();
        settled.push((service, count.unwrap_or_default()));
    }
    Ok(settled)
}

/// The selection as query parameters of the API.
fn fields(selection: &Selection) -> Vec<(&'static str, String)> {
    let optional =
        [("type", &selection.event_type), ("reason", &selection.reason), ("direction", &selection.direction)];
    let given = optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
    given.chain([("state", selection.state.clone())]).collect()
}

fn found(service: Service, response: &Response) -> Result<Found, Failure> {
    let letter = object(response.json()?).ok_or_else(|| Failure::new("the response is not a dead letter"))?;
    Ok(Found { service, letter })
}

fn object(value: JsonValue) -> Option<HashMap<String, JsonValue>> {
    value.try_into().ok()
}
