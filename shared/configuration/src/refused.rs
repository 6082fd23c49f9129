//! Why a configuration was refused, in one line.

use crate::shown::shown;
use crate::variable::{Unreadable, Variable};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::net::AddrParseError;
use std::num::{IntErrorKind, ParseIntError};

/// Why a configuration was refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A variable, or its argument; the text names it.
    Variable(String),
    /// Anything else on the command line, `--help` included.
    CommandLine(clap::Error),
}

impl From<Unreadable> for Refused {
    fn from(Unreadable(text): Unreadable) -> Self {
        Self::Variable(text)
    }
}

impl Refused {
    /// clap's own text shows values of secrets and does not name variables.
    pub(crate) fn of(failure: clap::Error, variables: &[Variable]) -> Self {
        let text = match failure.kind() {
            ErrorKind::MissingRequiredArgument => missing(&failure, variables),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => wrong(&failure, variables),
            _ => None,
        };
        text.map_or(Self::CommandLine(failure), Self::Variable)
    }
}

fn missing(failure: &clap::Error, variables: &[Variable]) -> Option<String> {
    let written = texts(failure, ContextKind::InvalidArg);
    let names = written.iter().map(|written| Some(find(variables, written)?.origin.clone()));
    let names: Vec<String> = names.collect::<Option<_>>()?;
    match &names[..] {
        [] => None,
        [name] => Some(format!("{name} is not set")),
        [names @ .., last] => Some(format!("{} and {last} are not set", names.join(", "))),
    }
}

fn wrong(failure: &clap::Error, variables: &[Variable]) -> Option<String> {
    let variable = find(variables, texts(failure, ContextKind::InvalidArg).first()?)?;
    let value = texts(failure, ContextKind::InvalidValue).into_iter().next().unwrap_or_default();
    let valid = texts(failure, ContextKind::ValidValue);
    let rule = if valid.is_empty() { rule(failure.source()?) } else { format!("must be {}", valid.join(" or ")) };
    let value = if variable.is_secret {
        format!("it has {} characters", value.chars().count())
    } else {
        format!("it is `{}`", shown(&value))
    };
    Some(format!("{} {rule} ({value})", variable.origin))
}

fn find<'a>(variables: &'a [Variable], written: &str) -> Option<&'a Variable> {
    variables.iter().find(|variable| variable.written == written)
}

fn texts(failure: &clap::Error, kind: ContextKind) -> Vec<String> {
    match failure.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => vec![],
    }
}

/// What a value has to be. Our types say it themselves; those of the standard library do not.
fn rule(failure: &(dyn Error + 'static)) -> String {
    if failure.is::<AddrParseError>() {
        return "must be an address with a port, like 127.0.0.1:8001".to_owned();
    }
    match failure.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::Zero) => "must be a whole number above 0".to_owned(),
        Some(IntErrorKind::PosOverflow) => "must be a smaller number".to_owned(),
        Some(_) => "must be a whole number".to_owned(),
        None => failure.to_string(),
    }
}
