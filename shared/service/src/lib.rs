//! What all services share: their configuration, their wiring, and their life.
//!
//! A service declares what is special about it; the rest is here: logs, metrics and spans, connections to PostgreSQL and
//! RabbitMQ, the relay and the consumer, readiness, the HTTP server, and the end on SIGTERM.
//!
//! ```no_run
//! use axum::Router;
//! use rabbit_outbox::{ConsumerOptions, Subscriptions};
//! use service::{Service, ServiceConfig};
//!
//! /// Parcels and where they are.
//! #[derive(clap::Parser)]
//! struct Config {
//!     /// Address to listen on.
//!     #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8006")]
//!     listen_addr: std::net::SocketAddr,
//!
//!     /// What all services share.
//!     #[command(flatten)]
//!     service: ServiceConfig,
//! }
//!
//! async fn run(config: Config) -> Result<process::Shutdown, Box<dyn std::error::Error>> {
//!     let service = Service::new("parcels", config.listen_addr, &config.service)?
//!         .consume(Subscriptions::default(), ConsumerOptions::default())
//!         .ready_with_broker()
//!         .with_idempotency_keys();
//!     Ok(service.serve(Router::new()).await?)
//! }
//! ```

mod app;
mod broker_url;
mod builder;
mod config;
mod start_error;

pub use app::with_common_routes;
pub use broker_url::BrokerUrl;
pub use builder::Service;
pub use config::ServiceConfig;
pub use start_error::StartError;
