//! The column `last_changes`.

use crate::domain::last_changes::{Field, LastChanges};
use crate::domain::split::Split;
use contracts::cheque::Cheque;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The versions at which lines and fields were last changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastChangesJson {
    /// The `cheque_version` that it was written with.
    at: i64,
    others: i64,
    last_line: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lines: BTreeMap<u32, i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, i64>,
}

impl LastChangesJson {
    pub(super) fn of(split: &Split) -> Self {
        let LastChanges { others, last_line, lines, fields } = split.last_changes.clone();
        let fields = fields.into_iter().map(|(field, version)| (field.as_str().to_owned(), version)).collect();
        Self { at: split.cheque_version, others, last_line, lines, fields }
    }

    /// Without a stored value, or after an edit by a replica of a release that does not write it, everything counts as
    /// changed at the version of the bill.
    pub(super) fn read(stored: Option<Self>, cheque_version: i64, cheque: &Cheque) -> LastChanges {
        let unknown = LastChanges::all_at(cheque_version, cheque);
        let Some(Self { at, others, last_line, lines, fields }) = stored else { return unknown };
        let last_line = last_line.max(unknown.last_line);
        if at != cheque_version {
            return LastChanges { last_line, ..unknown };
        }
        let fields = fields.into_iter().filter_map(|(name, version)| {
            Field::ALL.into_iter().find(|field| field.as_str() == name).map(|field| (field, version))
        });
        LastChanges { others, last_line, lines, fields: fields.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Change, Correction};
    use crate::domain::fixtures::split;
    use contracts::money::BillMoney;

    #[test]
    fn versions_are_read_as_they_are_written_unless_an_older_release_has_edited_since() {
        let tip = Correction { tip: Change::Set(BillMoney::from_hundredths(5)), ..Correction::default() };
        let edited = split(&[100, 200]).correct(tip).unwrap().unwrap();
        let written = serde_json::to_string(&LastChangesJson::of(&edited)).unwrap();
        let stored: LastChangesJson = serde_json::from_str(&written).unwrap();
        let read = |stored, cheque_version| LastChangesJson::read(stored, cheque_version, &edited.cheque);
        assert_eq!(read(Some(stored.clone()), edited.cheque_version), edited.last_changes, "{written}");
        assert_eq!(read(Some(stored), 7), LastChanges::all_at(7, &edited.cheque));
        assert_eq!(read(None, 2), LastChanges::all_at(2, &edited.cheque));
    }
}
