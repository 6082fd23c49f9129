//! One running Chipin: its folder, ports, servers and services. `up` has one instance; `test` uses others.

mod backing;
mod build;
mod given;
mod leftovers;
mod listeners;
mod lock;
mod migrate;
mod passwords;
pub(crate) mod plan;
mod product;
mod services;
mod state;
mod supervise;

pub(crate) use backing::Backing;
pub(crate) use build::{build_services, cargo as cargo_build};
pub(crate) use leftovers::stop_leftovers;
pub(crate) use lock::Lock;
pub(crate) use migrate::{create_database, drop_schema, run_migrations as migrate_database};
#[cfg(test)]
pub(crate) use passwords::Passwords;
pub(crate) use plan::Plan;
pub(crate) use product::Product;
pub(crate) use state::{Part, Phase, State};
