//! What the web UI must know about this deployment.

use crate::config::{AuthMode, Config};
use axum::Json;

/// The answer of `GET /gateway/info`.
#[derive(Clone, serde::Serialize)]
pub(crate) struct Info {
    auth_mode: AuthMode,
    currency: String,
    /// What share links begin with.
    share_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_url: Option<String>,
    version: &'static str,
}

impl Info {
    /// What there is to know.
    pub(crate) fn of(config: &Config) -> Json<Self> {
        Json(Self {
            auth_mode: config.auth_mode,
            currency: config.currency.clone(),
            share_url: config.share_base_url.to_string(),
            console_url: config.console_url.clone(),
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}
