//! A participant says that they have paid, and the receiver or the owner confirms it.

use super::outside::{Outside, OutsideMeans};
use super::participant::{ParticipantId, Report};
use super::settle::{Agreed, CashRefusal, SettleRefusal};
use super::split::Split;
use contracts::money::BillMoney;

/// Why a report cannot be taken back or confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefusal {
    /// There is no participant with this number.
    #[error("the participant does not exist")]
    NoSuchParticipant,
    /// They say nothing about a payment.
    #[error("the participant does not say that they have paid")]
    NothingReported,
    /// Another amount is due now, or nothing can be paid.
    #[error(transparent)]
    Settle(#[from] SettleRefusal),
}

impl Split {
    /// A participant says that they have paid what they owe `to` another one outside the app. It counts as not paid until
    /// it is confirmed. `None` if nothing changes.
    ///
    /// # Errors
    /// [`CashRefusal`].
    pub fn report(
        &self,
        id: ParticipantId,
        to: Option<ParticipantId>,
        agreed: Agreed<BillMoney>,
        note: Option<String>,
    ) -> Result<Option<Self>, CashRefusal> {
        self.participant(id).ok_or(CashRefusal::NoSuchParticipant)?;
        let due = self.payable_outside(id, to, agreed)?;
        Ok(self.with_report(id, Some(Report { amount: due.amount, to: due.to, note })))
    }

    /// Drops what a participant says they have paid: they take it back, or the receiver declines.
    ///
    /// # Errors
    /// [`ReportRefusal`].
    pub fn drop_report(&self, id: ParticipantId) -> Result<Self, ReportRefusal> {
        self.report_of(id)?;
        self.with_report(id, None).ok_or(ReportRefusal::NothingReported)
    }

    /// Records the payment that a participant says they have made: exactly that amount.
    ///
    /// # Errors
    /// [`ReportRefusal`].
    pub fn confirm_report(&self, id: ParticipantId) -> Result<Self, ReportRefusal> {
        let Report { amount, to, note } = self.report_of(id)?.clone();
        let outside = Outside { means: OutsideMeans::Other, note };
        self.record_cash(id, Some(to), Agreed::Amount(amount), outside).map_err(|refusal| match refusal {
            CashRefusal::NoSuchParticipant => ReportRefusal::NoSuchParticipant,
            CashRefusal::Settle(refusal) => ReportRefusal::Settle(refusal),
        })
    }

    /// What a participant says they have paid.
    ///
    /// # Errors
    /// [`ReportRefusal`].
    pub fn report_of(&self, id: ParticipantId) -> Result<&Report, ReportRefusal> {
        let participant = self.participant(id).ok_or(ReportRefusal::NoSuchParticipant)?;
        participant.report.as_ref().ok_or(ReportRefusal::NothingReported)
    }

    fn with_report(&self, id: ParticipantId, report: Option<Report>) -> Option<Self> {
        let mut reported = self.next();
        reported.participant_mut(id)?.report = report;
        (reported.participants != self.participants).then_some(reported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{Hundredths, split};
    use crate::domain::fraction::Fraction;
    use contracts::money::BillMoney;

    const ANN: ParticipantId = ParticipantId(2);

    /// Ann has claimed the line of 200.
    fn table() -> Split {
        split(&[100, 200]).with_guests(1).claimed(ANN, 2, Fraction::WHOLE)
    }

    fn seen(minor: i64) -> Agreed<BillMoney> {
        Agreed::Amount(BillMoney::from_hundredths(minor))
    }

    #[test]
    fn what_a_guest_says_counts_when_the_owner_confirms_it() {
        let said = table().report(ANN, None, seen(200), Some("by SBP".into())).unwrap().unwrap();
        assert!(!said.is_frozen() && said.to_pay(&said.dues(), said.participant(ANN).unwrap()).hundredths() == 200);
        assert_eq!(said.report(ANN, None, seen(200), Some("by SBP".into())), Ok(None), "the same again is no change");
        let paid = said.confirm_report(ANN).unwrap();
        let ann = paid.participant(ANN).unwrap();
        assert_eq!((ann.settlement.cash.hundredths(), &ann.report), (200, &None));
        assert_eq!(ann.outside, Some(Outside { means: OutsideMeans::Other, note: Some("by SBP".into()) }));
        assert_eq!(paid.confirm_report(ANN), Err(ReportRefusal::NothingReported), "once");
        let dropped = said.drop_report(ANN).unwrap();
        assert_eq!(dropped.participants, table().participants);
        assert_eq!(dropped.drop_report(ANN), Err(ReportRefusal::NothingReported));
    }

    #[test]
    fn a_changed_due_is_not_confirmed() {
        assert!(table().report(ANN, None, seen(199), None).is_err(), "what is said is what is due");
        let said = table().report(ANN, None, seen(200), None).unwrap().unwrap();
        let more = said.claimed(ANN, 1, Fraction::WHOLE);
        let due = BillMoney::from_hundredths(300);
        assert_eq!(more.confirm_report(ANN), Err(ReportRefusal::Settle(SettleRefusal::NotAgreed { due })));
    }
}
