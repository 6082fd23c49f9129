//! Computing the figures of the report.

pub(super) fn per_s(events: usize, took: std::time::Duration) -> f64 {
    f64::from(u32::try_from(events).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
