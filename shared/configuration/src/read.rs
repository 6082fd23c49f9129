//! Reads the configuration of a program.

use crate::refused::Refused;
use crate::report::{self, LogFormat};
use crate::variable::Variable;
use clap::builder::Resettable;
use clap::{ArgMatches, Command, Parser};
use std::ffi::{OsStr, OsString};

/// Parses the command line and the environment of a program. A wrong value ends the process with a
/// [report](report::report).
pub fn parse<C: Parser>() -> C {
    let mut matches = matches(C::command());
    C::from_arg_matches_mut(&mut matches).unwrap_or_else(|failure| failure.exit())
}

/// As [`parse`], for a command that is put together when the program runs.
pub fn matches(command: Command) -> ArgMatches {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    report::use_format(log_format(&built(&command), &arguments, &environment));
    match read(command, arguments, &environment) {
        Ok(matches) => matches,
        Err(Refused::CommandLine(failure)) => failure.exit(),
        Err(Refused::Variable(text)) => {
            report::report(&format!("can't start: {text}"));
            std::process::exit(1)
        }
    }
}

fn environment(name: &OsStr) -> Option<OsString> {
    std::env::var_os(name)
}

/// Each variable becomes an argument, unless the command line has it already. So clap never sees an empty variable, and
/// the file of a secret is read like its variable.
pub(crate) fn read(
    mut command: Command,
    mut arguments: Vec<OsString>,
    environment: &dyn Fn(&OsStr) -> Option<OsString>,
) -> Result<ArgMatches, Refused> {
    let built = built(&command);
    let tool = arguments.get(1).and_then(|name| built.find_subcommand(name));
    let mut all = vec![];
    // Those of a subcommand first: they come after it, and what is inserted before it would move it.
    for (at, owner) in tool.into_iter().map(|tool| (2, tool)).chain([(1, &built)]) {
        let given = arguments.clone();
        for mut variable in Variable::all(owner) {
            if variable.is_in(&given) {
                variable.origin = format!("--{}", variable.long);
            } else if let Some(value) = variable.read(environment)? {
                arguments.insert(at, format!("--{}={value}", variable.long).into());
            } else {
                command = without(command, Some(owner.get_name()).filter(|_| at == 2), &variable.id);
            }
            all.push(variable);
        }
    }
    command.try_get_matches_from(arguments).map_err(|failure| Refused::of(failure, &all))
}

/// A copy whose arguments can be written as in errors. A command that is built can't be changed any more.
fn built(command: &Command) -> Command {
    let mut built = command.clone();
    built.build();
    built
}

/// The command without the variable of an argument, which clap would read although it is empty.
fn without(command: Command, subcommand: Option<&str>, argument: &str) -> Command {
    let unset = |argument: clap::Arg| argument.env(Resettable::Reset);
    match subcommand {
        Some(name) => command.mut_subcommand(name, |subcommand| subcommand.mut_arg(argument, unset)),
        None => command.mut_arg(argument, unset),
    }
}

/// The format of log lines before the configuration is read. A program without that variable is run by people.
fn log_format(
    command: &Command,
    arguments: &[OsString],
    environment: &dyn Fn(&OsStr) -> Option<OsString>,
) -> LogFormat {
    let Some(variable) = Variable::all(command).into_iter().find(|variable| variable.name == "LOG_FORMAT") else {
        return LogFormat::Text;
    };
    let mut after = arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
    let flag = format!("--{}", variable.long);
    let found = after.find(|argument| argument.starts_with(&flag));
    let argument = found.and_then(|found| found.split_once('=').map(|(_, value)| value.to_owned()).or(after.next()));
    let given = argument.or_else(|| environment(&variable.name)?.into_string().ok());
    given.and_then(|given| <LogFormat as clap::ValueEnum>::from_str(&given, false).ok()).unwrap_or(LogFormat::Json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DatabaseUrl, HttpUrl, Seconds, Whole};
    use clap::{CommandFactory, FromArgMatches};
    use std::os::unix::ffi::OsStringExt;

    #[derive(Debug, Parser)]
    struct Config {
        #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:1")]
        listen_addr: std::net::SocketAddr,
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: DatabaseUrl,
        #[arg(long, env = "CONSOLE_URL")]
        console_url: Option<HttpUrl>,
        #[arg(id = "workers", long = "workers", env = "OCR_WORKERS")]
        workers: Option<std::num::NonZeroUsize>,
        #[arg(long, env = "CONNECTIONS", default_value = "16")]
        connections: Whole<1, 100>,
        #[arg(long, env = "PATIENCE_SECS", default_value = "30")]
        patience: Seconds,
        #[arg(long, env = "DEMO_USERS", default_value_t = false, action = clap::ArgAction::Set)]
        demo_users: bool,
        #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
        log_format: LogFormat,
    }

    const DATABASE: (&str, &str) = ("DATABASE_URL", "postgres://orders:sesame@db/chipin");

    fn read_config(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Config, String> {
        let arguments = ["program"].iter().chain(arguments).map(OsString::from).collect();
        let find = |name: &OsStr| variables.iter().find(|(given, _)| name == *given).map(|(_, value)| value.into());
        match read(Config::command(), arguments, &find) {
            Ok(matches) => Ok(Config::from_arg_matches(&matches).unwrap()),
            Err(Refused::Variable(text)) => Err(text),
            Err(Refused::CommandLine(failure)) => panic!("{failure}"),
        }
    }

    fn refused(name: &str, value: &str) -> String {
        let others = [DATABASE].into_iter().filter(|(other, _)| *other != name);
        let variables: Vec<_> = others.chain([(name, value)]).collect();
        read_config(&[], &variables).expect_err(value)
    }

    #[test]
    fn a_wrong_value_is_reported_with_its_variable_what_it_has_to_be_and_the_value() {
        for (name, value, report) in [
            ("OCR_WORKERS", "0", "OCR_WORKERS must be a whole number above 0 (it is `0`)"),
            ("OCR_WORKERS", "x", "OCR_WORKERS must be a whole number (it is `x`)"),
            ("CONNECTIONS", "0", "CONNECTIONS must be a whole number from 1 to 100 (it is `0`)"),
            ("DEMO_USERS", "yes", "DEMO_USERS must be true or false (it is `yes`)"),
            ("LOG_FORMAT", "xml", "LOG_FORMAT must be json or text (it is `xml`)"),
            ("LISTEN_ADDR", "here", "LISTEN_ADDR must be an address with a port, like 127.0.0.1:8001 (it is `here`)"),
            (
                "PATIENCE_SECS",
                "18446744073709551615",
                "PATIENCE_SECS must be a whole number from 1 to 315360000 (it is `18446744073709551615`)",
            ),
        ] {
            assert_eq!(refused(name, value), report);
        }
    }

    #[test]
    fn secrets_and_passwords_in_urls_are_not_in_a_report() {
        let of_secret = refused("DATABASE_URL", "mysql://orders:sesame@db/chipin");
        assert!(of_secret.starts_with("DATABASE_URL must be a URL like postgres://"), "{of_secret}");
        assert!(of_secret.ends_with("(it has 31 characters)"), "{of_secret}");
        let of_url = refused("CONSOLE_URL", "http://anna:sesame@host:99999/?token=sesame");
        assert!(of_url.ends_with("(it is `http://…@host:99999/?…`)"), "{of_url}");
        for text in [of_secret, of_url, read_config(&["--database-url=sesame"], &[]).unwrap_err()] {
            assert!(!text.contains("sesame"), "{text}");
        }
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let empty =
            [DATABASE, ("LISTEN_ADDR", ""), ("CONSOLE_URL", ""), ("OCR_WORKERS", ""), ("DATABASE_URL_FILE", "")];
        let config = read_config(&[], &empty).unwrap();
        assert_eq!(config.listen_addr.port(), 1);
        assert!(config.console_url.is_none() && config.workers.is_none());
        assert_eq!(read_config(&[], &[("DATABASE_URL", "")]).unwrap_err(), "DATABASE_URL is not set");
    }

    #[test]
    fn a_secret_may_be_in_a_file_and_a_report_names_it() {
        let file = std::env::temp_dir().join(format!("chipin-secret-{}", std::process::id()));
        let path = file.to_str().unwrap();
        let with = |content: &str, more: &[(&str, &str)]| {
            std::fs::write(&file, content).unwrap();
            read_config(&[], &[&[("DATABASE_URL_FILE", path)], more].concat())
        };
        assert_eq!(with("postgres://db/chipin\n", &[]).unwrap().database_url.as_str(), "postgres://db/chipin");
        let both = with("postgres://db/chipin", &[DATABASE]).unwrap_err();
        assert_eq!(both, "DATABASE_URL and DATABASE_URL_FILE are both set: set only one");
        let wrong = with("sesame", &[]).unwrap_err();
        assert!(wrong.starts_with("DATABASE_URL_FILE must") && !wrong.contains("sesame"), "{wrong}");
        assert!(with("\n", &[]).unwrap_err().ends_with("it is empty"));
        std::fs::remove_file(&file).unwrap();
        let missing = read_config(&[], &[("DATABASE_URL_FILE", path)]).unwrap_err();
        assert!(missing.starts_with("DATABASE_URL_FILE must name a readable file") && missing.contains(path));
        // Only secrets are read from files.
        assert!(read_config(&[], &[DATABASE, ("LISTEN_ADDR_FILE", path)]).is_ok());
    }

    #[test]
    fn a_value_that_is_not_utf_8_is_reported_with_its_variable() {
        for (name, report) in [
            ("LISTEN_ADDR", "LISTEN_ADDR must be UTF-8 (it is `a\u{fffd}`)"),
            ("DATABASE_URL", "DATABASE_URL must be UTF-8"),
        ] {
            let find = |asked: &OsStr| (asked == name).then(|| OsString::from_vec(vec![b'a', 0xff]));
            match read(Config::command(), vec!["program".into()], &find) {
                Err(Refused::Variable(text)) => assert_eq!(text, report),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_argument_comes_before_its_variable_and_reports_name_it() {
        let config = read_config(&["--workers", "2"], &[DATABASE, ("OCR_WORKERS", "0")]).unwrap();
        assert_eq!(config.workers.unwrap().get(), 2);
        let wrong = read_config(&["--workers=0"], &[DATABASE]).unwrap_err();
        assert_eq!(wrong, "--workers must be a whole number above 0 (it is `0`)");
    }

    #[test]
    fn a_subcommand_has_its_own_variables() {
        #[derive(Debug, Parser)]
        struct Tools {
            #[command(subcommand)]
            tool: Tool,
        }
        #[derive(Debug, clap::Subcommand)]
        enum Tool {
            Read {
                #[arg(long, env = "OCR_WORKERS", default_value = "1")]
                workers: Whole<1, 9>,
                files: Vec<String>,
            },
        }
        let read_tools = |value: &'static str| {
            let find = move |name: &OsStr| (name == "OCR_WORKERS").then(|| value.into());
            read(Tools::command(), ["tools", "read", "a.jpg"].map(OsString::from).to_vec(), &find)
        };
        for (value, expected) in [("3", 3), ("", 1)] {
            let Tool::Read { workers, files } = Tools::from_arg_matches(&read_tools(value).unwrap()).unwrap().tool;
            assert_eq!((workers.get(), files), (expected, vec!["a.jpg".to_owned()]));
        }
        assert!(matches!(read_tools("0"), Err(Refused::Variable(text)) if text.starts_with("OCR_WORKERS must")));
    }

    #[test]
    fn the_log_format_is_known_before_the_configuration_is_read() {
        let of = |arguments: &[&str], value: &'static str| {
            let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
            log_format(&built(&Config::command()), &arguments, &move |_| Some(value.into()))
        };
        assert_eq!(of(&[], "text"), LogFormat::Text);
        assert_eq!(of(&[], "xml"), LogFormat::Json);
        assert_eq!(of(&["p", "--log-format=json"], "text"), LogFormat::Json);
        assert_eq!(of(&["p", "--log-format", "text"], ""), LogFormat::Text);
        assert_eq!(log_format(&Command::new("tool"), &[], &|_| None), LogFormat::Text);
    }
}
