//! `users-service create-admin LOGIN`: makes the first administrator, on the command line of the operator. Registering with
//! a certain login proves nothing.

use crate::audit::{self, AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::config::Config;
use crate::create_user::{self, CreateUserError};
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::passwords::{HashError, PasswordError, Passwords};
use crate::second_factor::{self, SecondFactorError};
use crate::store;
use crate::tokens::SecretToken;
use crate::user::User;
use identity::Role;
use postgres::{DatabaseUrlError, During, StoreError};
use rabbit_outbox::{Messaging, Transaction};
use std::io::Write;
use std::process::ExitCode;
use telemetry::chain;
use tls::ConnectTlsError;

/// Why there is no administrator.
#[derive(Debug, thiserror::Error)]
enum CreateAdminError {
    #[error(transparent)]
    Url(#[from] DatabaseUrlError),
    #[error(transparent)]
    Tls(#[from] ConnectTlsError),
    #[error(transparent)]
    Create(#[from] CreateUserError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    SecondFactor(#[from] SecondFactorError),
    #[error("the system provides no random bytes")]
    Random,
    #[error("a user with this login was created and deleted at the same time")]
    Vanished,
}

/// Creates the user, or gives an existing one the role, and prints a token with which they set their password. The exit
/// code shows whether it succeeded. A second factor stays, unless it is to be removed.
pub async fn run(config: &Config, login: &Login, remove_second_factor: bool) -> ExitCode {
    match create(config, login, remove_second_factor).await {
        Ok(token) => {
            let text = format!(
                "{login} is an administrator. They set a password within an hour with this token, which is valid once:\n\n  \
                 {token}\n\n\
                 The request, on the gateway's address; it reads the line with both from standard input:\n\n  \
                 curl -d @- -H 'Content-Type: application/json' http://localhost:8000/users/password-reset\n  \
                 {{\"token\": \"...\", \"new_password\": \"...\"}}\n"
            );
            match std::io::stdout().write_all(text.as_bytes()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        Err(failure) => {
            let text = format!("can't create the administrator: {}\n", chain(&failure));
            // There is no other place to report it.
            let _ = std::io::stderr().write_all(text.as_bytes());
            ExitCode::FAILURE
        }
    }
}

async fn create(config: &Config, login: &Login, remove_second_factor: bool) -> Result<String, CreateAdminError> {
    let service = config.service.with_authorities()?;
    let database = postgres::pool(&service.postgres, crate::SERVICE)?;
    let messaging = Messaging::new(crate::SERVICE, database, service.amqp_url.as_str());
    let random = || SecretToken::random().map_err(|_| CreateAdminError::Random);
    let token = random()?;
    // A password that is not known to anyone, until the token is used.
    let unknown = Password::parse(random()?.into_text()).map_err(|_| CreateAdminError::Random)?;
    let hash = Passwords::new()?.hash(unknown).await?;
    let mut tx = messaging.begin().await.during("begin to create an administrator")?;
    let user = match create_user::create_user(&mut tx, login, &hash, Role::Administrator).await? {
        Some(user) => user,
        None => promote(&mut tx, login, &hash).await?,
    };
    if remove_second_factor {
        second_factor::remove(&mut tx, user.id).await?;
    }
    store::password_resets::replace(&mut tx, user.id, &token.hash()).await?;
    let event = AuditEvent::new(Kind::AdministratorCreation, Outcome::Done, &ClientInfo::default());
    let event = AuditEvent { subject: Some(user.id), ..event }.with_detail("on the command line");
    // The program has no log when it runs on the command line.
    let _ = audit::record(&mut tx, event).await?;
    tx.commit().await.during(format_args!("commit administrator {}", user.id))?;
    Ok(token.into_text())
}

/// Gives an existing user the role. Their sessions end, and their password is replaced: the user may have registered with
/// this login only to wait for it.
async fn promote(tx: &mut Transaction, login: &Login, hash: &str) -> Result<User, CreateAdminError> {
    let known = store::users::by_login(tx, login.as_str()).await?.ok_or(CreateAdminError::Vanished)?;
    let user = store::users::set_role(tx, known.user.id, Role::Administrator).await?;
    store::users::set_password(tx, user.id, hash).await?;
    store::refresh_tokens::revoke_all(tx, user.id).await?;
    Ok(user)
}
