//! What the web UI needs to know about this deployment.

use crate::config::{AuthMode, Config};
use axum::Json;
use configuration::HttpUrl;

/// The response of `GET /gateway/info`.
#[derive(Clone, serde::Serialize)]
pub(crate) struct Info {
    auth_mode: AuthMode,
    #[serde(flatten)]
    demo: Option<Demo>,
    currency: &'static str,
    /// Base URL of share links.
    share_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_url: Option<String>,
    version: &'static str,
}

/// Demo users. Source: users-service, which creates them.
#[derive(Clone, serde::Serialize)]
struct Demo {
    demo_users: [&'static str; 4],
    demo_password: &'static str,
}

const DEMO: Demo = Demo { demo_users: ["anna", "boris", "vera", "admin"], demo_password: "chipin-demo" };

impl Info {
    /// Builds it from the configuration.
    pub(crate) fn of(config: &Config) -> Json<Self> {
        Json(Self {
            auth_mode: config.mode(),
            demo: config.demo_users.then_some(DEMO),
            currency: config.currency.as_str(),
            share_url: config.share_base_url.to_string(),
            console_url: config.console_url.as_ref().map(HttpUrl::to_string),
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}
