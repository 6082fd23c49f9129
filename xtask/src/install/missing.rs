//! Which programs the machine lacks, and the packages that bring them.

use std::path::Path;
use std::process::Command;

use servers::{find_program, postgres_folder};

/// What a command needs from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// A private PostgreSQL.
    Postgres,
    /// A private RabbitMQ.
    RabbitMq,
    /// A private Redis.
    Redis,
    /// A pooler between a service and its database.
    PgBouncer,
    /// A browser for the tests.
    Chromium,
    /// Any Node at all, to fetch the right one.
    Npm,
    /// What installs another Debian under a folder.
    Debootstrap,
    /// What the gateway is measured against.
    Nginx,
    /// A Python that makes environments with pip in them.
    Python,
    /// What building and running ocr-service needs: Tesseract and Leptonica with their headers, a clang to read them
    /// (bindgen), and the trained data of Russian and English.
    Tesseract,
}

/// Where Debian puts the trained data, by the version of Tesseract.
const TRAINED_DATA: [&str; 2] = ["/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata"];

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Postgres => postgres_folder().is_some(),
            Self::RabbitMq => find_program("rabbitmq-server").is_some(),
            Self::Redis => find_program("redis-server").is_some(),
            Self::PgBouncer => find_program("pgbouncer").is_some(),
            Self::Chromium => find_program("chromium").is_some(),
            Self::Npm => find_program("npm").is_some(),
            Self::Debootstrap => find_program("debootstrap").is_some(),
            Self::Nginx => find_program("nginx").is_some(),
            Self::Python => {
                let environments = Command::new("python3").args(["-c", "import ensurepip, venv"]).output();
                environments.is_ok_and(|output| output.status.success())
            }
            Self::Tesseract => {
                let programs = ["clang", "pkg-config"].into_iter().all(|name| find_program(name).is_some());
                let headers = ["/usr/include/tesseract/capi.h", "/usr/include/leptonica/allheaders.h"];
                let trained = |language: &str| {
                    TRAINED_DATA.iter().any(|folder| Path::new(&format!("{folder}/{language}.traineddata")).exists())
                };
                programs && headers.iter().all(|path| Path::new(path).exists()) && trained("rus") && trained("eng")
            }
        }
    }

    /// Debian's names for it. A C compiler is not in the list: without one this program could not have been linked.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgresql"],
            Self::RabbitMq => &["rabbitmq-server"],
            Self::Redis => &["redis-server"],
            Self::PgBouncer => &["pgbouncer"],
            Self::Chromium => &["chromium"],
            Self::Npm => &["npm"],
            Self::Debootstrap => &["debootstrap"],
            // The program alone: the whole package would start a server.
            Self::Nginx => &["nginx-light"],
            Self::Python => &["python3", "python3-venv"],
            Self::Tesseract => &[
                "clang",
                "pkg-config",
                "libleptonica-dev",
                "libtesseract-dev",
                "tesseract-ocr-rus",
                "tesseract-ocr-eng",
            ],
        }
    }
}

/// The packages to install so that all `needs` are met.
pub(crate) fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !need.is_met()).flat_map(|need| need.packages()).copied().collect()
}
