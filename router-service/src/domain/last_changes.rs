//! At which version each line and each field of a bill was last changed.

use contracts::cheque::{Cheque, Product};
use std::collections::BTreeMap;

/// A field of a bill beside its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The printed total.
    TotalAccount,
    /// Service charge.
    Service,
    /// Discount.
    Discount,
    /// Tax.
    Tax,
    /// The printed tip.
    Tip,
    /// Rounding.
    Rounding,
    /// The currency.
    Currency,
    /// The restaurant or shop.
    Merchant,
    /// The day of the purchase.
    PurchasedOn,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::TotalAccount,
        Self::Service,
        Self::Discount,
        Self::Tax,
        Self::Tip,
        Self::Rounding,
        Self::Currency,
        Self::Merchant,
        Self::PurchasedOn,
    ];

    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TotalAccount => "total_account",
            Self::Service => "service",
            Self::Discount => "discount",
            Self::Tax => "tax",
            Self::Tip => "tip",
            Self::Rounding => "rounding",
            Self::Currency => "currency",
            Self::Merchant => "merchant",
            Self::PurchasedOn => "purchased_on",
        }
    }

    /// Whether two bills differ in it.
    pub fn differs(self, one: &Cheque, other: &Cheque) -> bool {
        match self {
            Self::TotalAccount => one.total_account != other.total_account,
            Self::Service => one.service != other.service,
            Self::Discount => one.discount != other.discount,
            Self::Tax => one.tax != other.tax,
            Self::Tip => one.tip != other.tip,
            Self::Rounding => one.rounding != other.rounding,
            Self::Currency => one.currency != other.currency,
            Self::Merchant => one.merchant != other.merchant,
            Self::PurchasedOn => one.purchased_on != other.purchased_on,
        }
    }
}

/// The versions at which the lines and fields of a bill were last changed, so that an edit conflicts only with a later edit
/// of the same line or field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastChanges {
    /// The version of everything that is not listed below.
    pub others: i64,
    /// The highest line number so far: a number is never given twice.
    pub last_line: u32,
    /// Lines that were changed later.
    pub lines: BTreeMap<u32, i64>,
    /// Fields that were changed later.
    pub fields: BTreeMap<Field, i64>,
}

impl LastChanges {
    /// Everything counts as changed at `version`.
    pub fn all_at(version: i64, cheque: &Cheque) -> Self {
        let last_line = last_line(cheque);
        Self { others: version, last_line, lines: BTreeMap::new(), fields: BTreeMap::new() }
    }

    /// When the line was last changed.
    pub fn of_line(&self, line: u32) -> i64 {
        self.lines.get(&line).copied().unwrap_or(self.others)
    }

    /// When the field was last changed.
    pub fn of_field(&self, field: Field) -> i64 {
        self.fields.get(&field).copied().unwrap_or(self.others)
    }

    /// Notes what is different `after` a change at `version`.
    #[must_use]
    pub(super) fn noted(mut self, before: &Cheque, after: &Cheque, version: i64) -> Self {
        let known: BTreeMap<u32, &Product> = before.products.iter().map(|line| (line.id, line)).collect();
        let lines: BTreeMap<u32, &Product> = after.products.iter().map(|line| (line.id, line)).collect();
        self.lines.retain(|id, _| lines.contains_key(id));
        let changed = lines.iter().filter(|(id, line)| known.get(id) != Some(line));
        self.lines.extend(changed.map(|(id, _)| (*id, version)));
        let fields = Field::ALL.into_iter().filter(|field| field.differs(before, after));
        self.fields.extend(fields.map(|field| (field, version)));
        self.last_line = self.last_line.max(last_line(after));
        self
    }
}

fn last_line(cheque: &Cheque) -> u32 {
    cheque.products.iter().map(|line| line.id).max().unwrap_or(0)
}
