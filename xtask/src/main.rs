//! The project's commands; `cargo xtask --help` lists them.

mod cli;

mod call;
mod checkout;
mod console;
mod failure;
mod https;
mod interrupt;
mod run;
mod services;

mod install;
mod instance;

mod bench;
mod dead_letters;
mod down;
mod logs;
mod new;
mod receipts;
mod reset;
mod status;
mod topology;
mod up;

#[cfg(test)]
mod compose;
mod generate;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

use crate::checkout::Checkout;
use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let checkout = Checkout::of_this_build();
    let outcome = match Cli::parse().command {
        Command::Up(options) => up::up(&checkout, &options),
        Command::Down => down::down(&checkout),
        Command::Status => status::status(&checkout),
        Command::Logs(options) => logs::logs(&checkout, &options),
        Command::Reset(options) => reset::reset(&checkout, &options),
        Command::Install => install::everything(),
        Command::Test(options) => test::test(&checkout, &options),
        Command::Receipts(options) => receipts::measure(&checkout, &options),
        Command::Bench(options) => bench::bench(&checkout, &options),
        Command::DeadLetters(options) => dead_letters::settle(&checkout, &options),
        Command::Topology(options) => topology::topology(&checkout, &options),
        Command::New(options) => new::new(&checkout, &options),
        Command::Tidy => tidy::tidy(&checkout),
        Command::Generate(options) => generate::generate(&checkout, options),
        Command::Sqlx(options) => generate::sqlx(&checkout, options),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}
