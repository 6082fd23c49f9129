//! Finds missing programs, and the packages that contain them.

use std::path::Path;
use std::process::Command;

use servers::{find_program, postgres_folder};

/// A requirement of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// PostgreSQL server programs.
    Postgres,
    /// RabbitMQ server.
    RabbitMq,
    /// Redis server.
    Redis,
    /// Makes certificates.
    OpenSsl,
    /// A connection pooler for PostgreSQL.
    PgBouncer,
    /// A browser for the tests.
    Chromium,
    /// Any version of Node, to fetch the required one.
    Npm,
    /// Installs another Debian in a folder.
    Debootstrap,
    /// The proxy that the gateway is compared with.
    Nginx,
    /// Python with support for virtual environments with pip.
    Python,
    /// Requirements of ocr-service: Tesseract and Leptonica with their headers, clang to parse them (bindgen), and the
    /// Russian and English models.
    Tesseract,
}

/// Debian's folders of Tesseract models, by version of Tesseract.
const TRAINED_DATA: [&str; 2] = ["/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata"];

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Postgres => postgres_folder().is_some(),
            Self::RabbitMq => find_program("rabbitmq-server").is_some(),
            Self::Redis => find_program("redis-server").is_some(),
            Self::OpenSsl => find_program("openssl").is_some(),
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

    /// Debian's package names. A C compiler is not listed, because this program could not have been linked without one.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgresql"],
            Self::RabbitMq => &["rabbitmq-server"],
            Self::Redis => &["redis-server"],
            Self::OpenSsl => &["openssl"],
            Self::PgBouncer => &["pgbouncer"],
            Self::Chromium => &["chromium"],
            Self::Npm => &["npm"],
            Self::Debootstrap => &["debootstrap"],
            // Only the program: the full package would start a server.
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

/// The packages to install to meet all `needs`.
pub(crate) fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !need.is_met()).flat_map(|need| need.packages()).copied().collect()
}
