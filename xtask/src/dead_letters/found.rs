//! A dead letter that a service returned.

use std::collections::HashMap;

use tinyjson::JsonValue;

use crate::services::Service;

/// A dead letter and its service.
pub(super) struct Found {
    pub(super) service: Service,
    pub(super) letter: HashMap<String, JsonValue>,
}
