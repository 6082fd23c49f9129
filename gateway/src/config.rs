//! The configuration of the gateway.

use crate::origins::Origins;
use crate::upstream::BaseUrl;
use configuration::{Currency, HttpUrl, Origin, RedisUrl, Whole};
use identity::{RetiredSecret, SigningKey, SigningKeys};
use process::config::{Command, ProcessConfig};
use std::net::SocketAddr;
use tls::{ConnectTls, ListenTls};

/// The one public API of Chipin: routes, authenticates, tunnels sockets, serves the web UI.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "gateway", version)]
pub struct Config {
    /// Address of the API.
    #[arg(long, env = "API_ADDR", default_value = "127.0.0.1:8000")]
    pub api_addr: SocketAddr,

    /// Address of the web UI. It also serves the API, so the page needs no other origin.
    #[arg(long, env = "UI_ADDR", default_value = "127.0.0.1:8080")]
    pub ui_addr: SocketAddr,

    /// Address of share links. It also serves the page and the API.
    #[arg(long, env = "LINKS_ADDR", default_value = "127.0.0.1:8090")]
    pub links_addr: SocketAddr,

    /// Address of `/metrics`, `/healthz` and `/readyz`, which only your monitoring should be able to reach; without it there
    /// is no `/metrics`.
    #[arg(long, env = "METRICS_ADDR")]
    pub metrics_addr: Option<SocketAddr>,

    /// Public base URL of share links; set the same value for ocr-service and router-service. Its pages may call the
    /// API.
    #[arg(long, env = "SHARE_BASE_URL", default_value = "http://localhost:8090")]
    pub share_base_url: Origin,

    /// URL of orders-service.
    #[arg(long, env = "ORDERS_URL", default_value = "http://127.0.0.1:8001")]
    pub orders_url: BaseUrl,

    /// Key that signs gateway tokens for orders-service, which has it in `GATEWAY_KEYS`: at least 32 characters.
    #[arg(long, env = "ORDERS_KEY", hide_env_values = true)]
    pub orders_key: Option<SigningKey>,

    /// URL of payments-service.
    #[arg(long, env = "PAYMENTS_URL", default_value = "http://127.0.0.1:8002")]
    pub payments_url: BaseUrl,

    /// Key that signs gateway tokens for payments-service, which has it in `GATEWAY_KEYS`: at least 32 characters.
    #[arg(long, env = "PAYMENTS_KEY", hide_env_values = true)]
    pub payments_key: Option<SigningKey>,

    /// URL of ocr-service.
    #[arg(long, env = "OCR_URL", default_value = "http://127.0.0.1:8003")]
    pub ocr_url: BaseUrl,

    /// Key that signs gateway tokens for ocr-service, which has it in `GATEWAY_KEYS`: at least 32 characters.
    #[arg(long, env = "OCR_KEY", hide_env_values = true)]
    pub ocr_key: Option<SigningKey>,

    /// URL of router-service.
    #[arg(long, env = "ROUTER_URL", default_value = "http://127.0.0.1:8005")]
    pub router_url: BaseUrl,

    /// Key that signs gateway tokens for router-service, which has it in `GATEWAY_KEYS`: at least 32 characters.
    #[arg(long, env = "ROUTER_KEY", hide_env_values = true)]
    pub router_key: Option<SigningKey>,

    /// URL of users-service.
    #[arg(long, env = "USERS_URL", default_value = "http://127.0.0.1:8004")]
    pub users_url: BaseUrl,

    /// Key that signs gateway tokens for users-service, which has it in `GATEWAY_KEYS`: at least 32 characters.
    #[arg(long, env = "USERS_KEY", hide_env_values = true)]
    pub users_key: Option<SigningKey>,

    /// How requests are authenticated. Default: `header` if every address is loopback, else `jwt`.
    #[arg(long, env = "AUTH_MODE", value_enum)]
    pub auth_mode: Option<AuthMode>,

    /// Keys of the gateways for tickets, at least 32 characters each. The first one signs; all verify.
    #[arg(long, env = "TICKET_KEYS", hide_env_values = true)]
    pub ticket_keys: Option<SigningKeys>,

    /// Replaced by `TICKET_KEYS` and a key for each service.
    #[arg(long, env = "GATEWAY_SECRET", hide_env_values = true, hide = true)]
    pub gateway_secret: Option<RetiredSecret>,

    /// Redis, where gateways share used tickets and rate limits; without it each gateway counts alone.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<RedisUrl>,

    /// Shows the names and the password of the demo users of users-service on the page.
    #[arg(long, env = "DEMO_USERS", default_value_t = false, action = clap::ArgAction::Set)]
    pub demo_users: bool,

    /// Origins of web pages that may call the API and open WebSockets, separated by commas. The origins of the UI and
    /// of share links are added automatically when they listen on loopback.
    #[arg(
        long,
        env = "ALLOWED_ORIGINS",
        default_value = "http://localhost:8080,http://127.0.0.1:8080,http://localhost:8090,http://127.0.0.1:8090"
    )]
    pub allowed_origins: Origins,

    /// Trust incoming X-Forwarded-* headers. Enable only behind a proxy of yours that sets them.
    #[arg(
        long,
        env = "TRUST_FORWARDED",
        default_value_t = false,
        action = clap::ArgAction::Set
    )]
    pub trust_forwarded: bool,

    /// Largest number of WebSockets that a user has open at this gateway, if users sign in.
    #[arg(long, env = "SOCKETS_PER_USER", default_value = "64")]
    pub sockets_per_user: Whole<1, 10_000>,

    /// Largest number of WebSockets from one address, guests included, if users sign in. People in one office share an
    /// address. An IPv6 address is a /64 here; a /56 has twice as many, and a /48 four times.
    #[arg(long, env = "SOCKETS_PER_ADDRESS", default_value = "256")]
    pub sockets_per_address: Whole<1, 10_000>,

    /// Largest number of connections from one address, WebSockets not included, unless a trusted proxy is in front, and if users sign
    /// in.
    #[arg(long, env = "CONNECTIONS_PER_ADDRESS", default_value = "1000")]
    pub connections_per_address: Whole<1, 20_000>,

    /// The currency that the web UI shows: a code of ISO 4217 whose amounts have two decimals.
    #[arg(long, env = "CURRENCY", default_value = "RUB")]
    pub currency: Currency,

    /// URL of the RabbitMQ console, linked from the page; without it there is no link.
    #[arg(long, env = "CONSOLE_URL")]
    pub console_url: Option<HttpUrl>,

    /// The certificate.
    #[command(flatten)]
    pub listen_tls: ListenTls,

    /// The authorities, for services and Redis.
    #[command(flatten)]
    pub connect_tls: ConnectTls,

    /// Logging and shutdown.
    #[command(flatten)]
    pub process: ProcessConfig,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How requests are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// Not at all: a request with `X-User-ID: 1` is a request of user 1. For development.
    Header,
    /// With an access token of users-service.
    Jwt,
}

impl Config {
    /// The addresses of all listeners, with their variables.
    pub(crate) fn addresses(&self) -> [(&'static str, SocketAddr); 3] {
        [("API_ADDR", self.api_addr), ("UI_ADDR", self.ui_addr), ("LINKS_ADDR", self.links_addr)]
    }

    /// The URLs of all services, with their variables.
    pub(crate) fn service_urls(&self) -> Vec<(&'static str, &BaseUrl)> {
        vec![
            ("ORDERS_URL", &self.orders_url),
            ("PAYMENTS_URL", &self.payments_url),
            ("OCR_URL", &self.ocr_url),
            ("ROUTER_URL", &self.router_url),
            ("USERS_URL", &self.users_url),
        ]
    }

    /// The keys of all services, with their variables.
    pub(crate) fn service_keys(&self) -> Vec<(&'static str, Option<&SigningKey>)> {
        vec![
            ("ORDERS_KEY", self.orders_key.as_ref()),
            ("PAYMENTS_KEY", self.payments_key.as_ref()),
            ("OCR_KEY", self.ocr_key.as_ref()),
            ("ROUTER_KEY", self.router_key.as_ref()),
            ("USERS_KEY", self.users_key.as_ref()),
        ]
    }

    /// The authentication mode: as configured, or the default for the addresses.
    pub(crate) fn mode(&self) -> AuthMode {
        let is_private = self.addresses().iter().all(|(_, address)| address.ip().is_loopback());
        self.auth_mode.unwrap_or(if is_private { AuthMode::Header } else { AuthMode::Jwt })
    }
}
