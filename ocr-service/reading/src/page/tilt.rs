//! Estimates the tilt of the lines of a page from the positions of its letters.

use super::marks::Mark;

/// Largest tilt that is tried, in degrees.
const TILT_MAX: f32 = 20.0;
/// Step of the coarse search, in degrees; a line of 40 letters is still noticeable at half of it.
const COARSE_STEP: f32 = 0.5;
/// Step of the fine search, in degrees.
const FINE_STEP: f32 = 0.05;

/// The tilt of the lines in degrees; positive if they fall to the right. At the right angle, the feet of the letters
/// concentrate on few heights.
pub(crate) fn tilt(letters: &[Mark], letter: f32) -> f32 {
    let feet: Vec<(f32, f32)> = letters.iter().map(foot).collect();
    if feet.len() < 10 {
        return 0.0;
    }
    let steps = |from: f32, to: f32, step: f32| {
        let count = ((to - from) / step).round() as usize;
        (0..=count).map(move |at| from + at as f32 * step)
    };
    let best = |angles: &mut dyn Iterator<Item = f32>, bin: f32| {
        angles
            .map(|angle| (crowding(&feet, angle, bin), angle))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(0.0, |best| best.1)
    };
    let coarse = best(&mut steps(-TILT_MAX, TILT_MAX, COARSE_STEP), letter / 2.0);
    best(&mut steps(coarse - COARSE_STEP, coarse + COARSE_STEP, FINE_STEP), letter / 4.0)
}

fn foot(mark: &Mark) -> (f32, f32) {
    ((mark.left + mark.right) as f32 / 2.0, mark.bottom as f32)
}

/// Grows with the concentration of letters on few heights; each foot is distributed over two neighbouring bins.
fn crowding(feet: &[(f32, f32)], angle: f32, bin: f32) -> f32 {
    let slope = angle.to_radians().tan();
    let heights: Vec<f32> = feet.iter().map(|(x, y)| (y - x * slope) / bin).collect();
    let (low, high) = heights.iter().fold((f32::MAX, f32::MIN), |(low, high), &at| (low.min(at), high.max(at)));
    let mut bins = vec![0.0_f32; (high - low) as usize + 3];
    for at in heights {
        let place = at - low;
        let share = place.fract();
        bins[place as usize] += 1.0 - share;
        bins[place as usize + 1] += share;
    }
    bins.iter().map(|count| count * count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty lines of thirty letters, tilted by `degrees`.
    fn page(degrees: f32) -> Vec<Mark> {
        let slope = degrees.to_radians().tan();
        let letter = |line: u32, column: u32| {
            let left = 100 + column * 22;
            let top = (400 + line * 50).saturating_add_signed((left as f32 * slope) as i32);
            Mark { left, top, right: left + 14, bottom: top + 24, ink: 150 }
        };
        (0..20).flat_map(|line| (0..30).map(move |column| letter(line, column))).collect()
    }

    #[test]
    fn a_lean_is_found_to_a_fifth_of_a_degree() {
        for degrees in [-17.3, -6.0, -0.4, 0.0, 1.7, 12.4] {
            let found = tilt(&page(degrees), 24.0);
            assert!((found - degrees).abs() < 0.2, "{degrees} was found as {found}");
        }
    }

    #[test]
    fn an_empty_page_is_level() {
        assert!(tilt(&[], 20.0).abs() < f32::EPSILON);
    }
}
