//! A dead letter that a service returned.

use std::collections::HashMap;

use tinyjson::JsonValue;

use crate::cli::ServiceName;

/// A dead letter and its service.
pub(super) struct Found {
    pub(super) service: ServiceName,
    pub(super) letter: HashMap<String, JsonValue>,
}
