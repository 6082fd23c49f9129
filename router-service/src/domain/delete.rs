//! The owner deletes the cheque.

use super::split::Split;
use contracts::router::ChequeDeleted;

/// Why a cheque can't be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeleteRefusal {
    /// Somebody has settled or is settling.
    #[error("somebody has settled: the cheque stays")]
    SettlementStarted,
}

impl Split {
    /// Ends the split; its version is one more than the last.
    ///
    /// # Errors
    /// [`DeleteRefusal`].
    pub fn delete(&self) -> Result<ChequeDeleted, DeleteRefusal> {
        if self.is_frozen() {
            return Err(DeleteRefusal::SettlementStarted);
        }
        Ok(ChequeDeleted { hash: self.hash.clone() })
    }
}
