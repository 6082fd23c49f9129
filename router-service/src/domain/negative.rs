//! Negative lines: something taken back, a returned deposit, or a discount that was printed among the lines.

/// Who gets a negative line when the cheque is split by items. Without this it is a discount in proportion, which
/// is right without any setting: no participant pays more than the cheque gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negative {
    /// It takes back this line, or a part of it: those who claim that line get it.
    Line(u32),
    /// It must be claimed. Until then no due can be paid.
    Claimed,
}
