//! What the gateway is told from outside.

use crate::origins::{Origin, Origins};
use crate::upstream::BaseUrl;
use chassis::config::{Command, ProcessConfig};
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

    /// How callers prove who they are.
    #[arg(long, env = "AUTH_MODE", value_enum, default_value = "header")]
    pub auth_mode: AuthMode,

    /// Allows `AUTH_MODE=header` on addresses that are not loopback: only where something else keeps strangers out.
    #[arg(
        long,
        env = "ALLOW_HEADER_AUTH_OFF_LOOPBACK",
        default_value_t = false,
        action = clap::ArgAction::Set
    )]
    pub allow_header_auth_off_loopback: bool,

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
}
