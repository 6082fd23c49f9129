//! `users.UserRegistered.v1`: opens an account, unless a top-up has already done so.

use crate::store::accounts;
use contracts::users::UserRegistered;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};

pub(super) struct OpenAccount;

impl Handle<UserRegistered> for OpenAccount {
    async fn handle(&self, tx: &mut Transaction, event: &UserRegistered, _: &Meta) -> Result<(), HandleError> {
        accounts::open(tx, event.user_id).await?;
        Ok(())
    }
}
