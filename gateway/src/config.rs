//! What the gateway is told from outside.

use crate::origins::{Origin, Origins};
use crate::upstream::BaseUrl;
use chassis::config::{Command, ProcessConfig};
use chassis::passage::GatewaySecret;
use std::net::SocketAddr;

/// The one public API of Chipin: routes, authenticates, tunnels sockets, serves the web UI.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "gateway", version)]
pub struct Config {
    /// Where the API listens.
    #[arg(long, env = "API_ADDR", default_value = "127.0.0.1:8000")]
    pub api_addr: SocketAddr,

    /// Where the web UI listens; it answers the API as well, so that the page needs no other origin.
    #[arg(long, env = "UI_ADDR", default_value = "127.0.0.1:8080")]
    pub ui_addr: SocketAddr,

    /// Where share links lead: the page and the API again, on an address of their own.
    #[arg(long, env = "LINKS_ADDR", default_value = "127.0.0.1:8090")]
    pub links_addr: SocketAddr,

    /// What share links begin with, for people outside; ocr-service and router-service are told the same. Its pages may
    /// call the API.
    #[arg(long, env = "SHARE_BASE_URL", default_value = "http://localhost:8090")]
    pub share_base_url: Origin,

    /// Where orders-service listens.
    #[arg(long, env = "ORDERS_URL", default_value = "http://127.0.0.1:8001")]
    pub orders_url: BaseUrl,

    /// Where payments-service listens.
    #[arg(long, env = "PAYMENTS_URL", default_value = "http://127.0.0.1:8002")]
    pub payments_url: BaseUrl,

    /// Where ocr-service listens.
    #[arg(long, env = "OCR_URL", default_value = "http://127.0.0.1:8003")]
    pub ocr_url: BaseUrl,

    /// Where router-service listens.
    #[arg(long, env = "ROUTER_URL", default_value = "http://127.0.0.1:8005")]
    pub router_url: BaseUrl,

    /// Where users-service listens.
    #[arg(long, env = "USERS_URL", default_value = "http://127.0.0.1:8004")]
    pub users_url: BaseUrl,

    /// How callers prove who they are; `header` where every address is loopback, `jwt` otherwise.
    #[arg(long, env = "AUTH_MODE", value_enum)]
    pub auth_mode: Option<AuthMode>,

    /// What services are told is signed with this: at least 32 characters, the same for all.
    #[arg(long, env = "GATEWAY_SECRET", hide_env_values = true)]
    pub gateway_secret: Option<GatewaySecret>,

    /// Where gateways remember together which tickets were used; without it each remembers alone.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,

    /// Names the users that users-service made for trying it out, and their password, on the page.
    #[arg(long, env = "DEMO_USERS", default_value_t = false, action = clap::ArgAction::Set)]
    pub demo_users: bool,

    /// Origins of web pages that may call the API and open sockets, separated by commas; the UI's own and that of share
    /// links need not be named when they listen on loopback.
    #[arg(
        long,
        env = "ALLOWED_ORIGINS",
        default_value = "http://localhost:8080,http://127.0.0.1:8080,http://localhost:8090,http://127.0.0.1:8090"
    )]
    pub allowed_origins: Origins,

    /// Believes the X-Forwarded-* that arrive: only behind a proxy of yours that sets them.
    #[arg(
        long,
        env = "TRUST_FORWARDED",
        default_value_t = false,
        action = clap::ArgAction::Set
    )]
    pub trust_forwarded: bool,

    /// The currency that the web UI shows. Source: ISO 4217.
    #[arg(long, env = "CURRENCY", default_value = "RUB")]
    pub currency: String,

    /// The RabbitMQ console, for the page to link to; without it there is no link.
    #[arg(long, env = "CONSOLE_URL")]
    pub console_url: Option<String>,

    /// Logging and shutdown.
    #[command(flatten)]
    pub process: ProcessConfig,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How callers prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// They don't: whoever sends `X-User-ID: 1` is user 1. For development.
    Header,
    /// With an access token of users-service.
    Jwt,
}

impl Config {
    /// Where the gateway listens.
    pub(crate) fn addresses(&self) -> [SocketAddr; 3] {
        [self.api_addr, self.ui_addr, self.links_addr]
    }

    /// How callers prove who they are.
    pub(crate) fn mode(&self) -> AuthMode {
        let is_private = self.addresses().iter().all(|address| address.ip().is_loopback());
        self.auth_mode.unwrap_or(if is_private { AuthMode::Header } else { AuthMode::Jwt })
    }
}
