//! CPU time per thousand orders, by part of the system.

use crate::parts::Part;
use crate::report::Report;
use serde_json::{Map, json};

/// CPU seconds by part.
pub(super) struct Costs(Vec<(String, f64)>);

impl Costs {
    /// The CPU time used so far.
    pub(super) fn of(parts: &[Part]) -> Self {
        Self(parts.iter().map(|part| (part.name.clone(), part.cost().cpu_secs)).collect())
    }

    /// The CPU time used since an earlier measurement of the same parts.
    pub(super) fn since(self, before: &Self) -> Self {
        let spent = self.0.into_iter().zip(&before.0).map(|((name, now), (_, before))| (name, (now - before).max(0.0)));
        Self(spent.collect())
    }

    /// Adds a row per part; `field` is the name of the field in JSON.
    pub(super) fn report(&self, report: &mut Report, field: &str, orders: usize) {
        let thousands = f64::from(u32::try_from(orders.max(1)).unwrap_or(u32::MAX)) / 1000.0;
        let mut fields = Map::new();
        let mut total = 0.0;
        for (name, secs) in &self.0 {
            let per_thousand = secs / thousands;
            total += per_thousand;
            let label = if fields.is_empty() { "processor time, per 1,000 orders" } else { "" };
            report.note(label, format!("{per_thousand:6.3} s {name}"));
            fields.insert(name.clone(), json!((per_thousand * 1000.0).round() / 1000.0));
        }
        report.field(field, fields.into());
        report.figure("", &format!("{field}_total"), total, 3, "s all together");
    }
}
