//! Estimates how the lines of a bent slip curve, from letters and their right neighbours.

/// Number of terms of a line's slope at a point.
const TERMS: usize = 6;
/// Minimum number of letter pairs for a fit of a whole page.
const PAIRS_MIN: usize = 60;
/// Largest slope caused by a bend.
const SLOPE_MAX: f32 = 0.35;

/// Vertical displacement of the lines compared with straight lines through the middle column: a polynomial of third
/// degree along them.
#[derive(Clone, Debug)]
pub(crate) struct Bend {
    slope: [f32; TERMS],
    /// Half the size of the picture, in pixels, which scales the coordinates to about 1.
    unit: f32,
    /// Range of the observed coordinates; outside of it, lines continue straight.
    reach: [(f32, f32); 2],
}

impl Default for Bend {
    fn default() -> Self {
        Self { slope: [0.0; TERMS], unit: 1.0, reach: [(0.0, 0.0); 2] }
    }
}

/// A letter on a page after tilt correction: the position of its foot, relative to the page's centre, and its height.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letter {
    pub(crate) left: f32,
    pub(crate) right: f32,
    pub(crate) foot: f32,
    pub(crate) height: f32,
}

impl Bend {
    /// Fits the bend to the slopes between letters and their right neighbours. `unit` is half the longer side.
    pub(crate) fn fit(letters: &mut [Letter], unit: f32) -> Self {
        let slopes = slopes(letters);
        let mut bend = Self { unit, ..Self::default() };
        if slopes.len() < PAIRS_MIN {
            return bend;
        }
        for axis in 0..2 {
            let mut along: Vec<f32> = slopes.iter().map(|slope| [slope.x, slope.y][axis]).collect();
            along.sort_unstable_by(f32::total_cmp);
            bend.reach[axis] = (along[along.len() / 50], along[along.len() - 1 - along.len() / 50]);
        }
        // Commas, descenders and dust cause outliers: their weight decreases with every iteration.
        for _ in 0..8 {
            let Some(slope) = bend.fit_once(&slopes) else { return Self::default() };
            bend.slope = slope;
        }
        bend
    }

    fn fit_once(&self, slopes: &[Slope]) -> Option<[f32; TERMS]> {
        let mut normal = [[0.0_f64; TERMS + 1]; TERMS];
        for slope in slopes {
            let terms = self.terms(slope.x, slope.y);
            let error = slope.rise - dot(terms, self.slope);
            let weight = f64::from(slope.length / (1.0 + (error / 0.03).powi(2)));
            for (row, &term) in normal.iter_mut().zip(&terms) {
                for (cell, &other) in row.iter_mut().zip(&terms) {
                    *cell += weight * f64::from(term) * f64::from(other);
                }
                row[TERMS] += weight * f64::from(term) * f64::from(slope.rise);
            }
        }
        let total: f64 = normal[0][0];
        // Slight regularisation towards straight lines, for regions with few letters.
        (0..TERMS).for_each(|at| normal[at][at] += total * 1e-3);
        solve(normal)
    }

    /// Vertical displacement of a point of this line, in pixels; `x` and `y` are relative to the centre.
    pub(crate) fn drop(&self, x: f32, y: f32) -> f32 {
        let inside = |at: f32, (low, high): (f32, f32)| at.clamp(low, high);
        let (near, y) = (inside(x, self.reach[0]), inside(y, self.reach[1]));
        let (u, v) = (near / self.unit, y / self.unit);
        let [level, rise, turn, twist, curve, curl] = self.slope;
        let within = (level + turn * v) * u + (rise + twist * v) * u * u / 2.0 + (curve + curl * v) * u * u * u / 3.0;
        let beyond = dot(self.terms(near, y), self.slope).clamp(-SLOPE_MAX, SLOPE_MAX) * (x - near);
        within * self.unit + beyond
    }

    /// The terms 1, x, y, xy, xx, xxy.
    fn terms(&self, x: f32, y: f32) -> [f32; TERMS] {
        let (u, v) = (x / self.unit, y / self.unit);
        [1.0, u, v, u * v, u * u, u * u * v]
    }
}

struct Slope {
    x: f32,
    y: f32,
    rise: f32,
    length: f32,
}

/// Slopes between each letter and the next ones to its right on the same line.
fn slopes(letters: &mut [Letter]) -> Vec<Slope> {
    letters.sort_unstable_by(|a, b| a.left.total_cmp(&b.left));
    let mut slopes = vec![];
    for (at, letter) in letters.iter().enumerate() {
        let fits = |next: &&Letter| {
            let alike = (next.height / letter.height - 1.0).abs() < 0.2;
            alike && next.left >= letter.right - 1.0 && (next.foot - letter.foot).abs() < 0.4 * letter.height
        };
        let reach = letter.right + 6.0 * letter.height;
        for next in letters[at + 1..].iter().take_while(|next| next.left < reach).filter(fits).take(4) {
            let length = next.left - letter.left;
            if length > 1.5 * letter.height {
                slopes.push(Slope {
                    x: f32::midpoint(letter.left, next.right),
                    y: f32::midpoint(letter.foot, next.foot),
                    rise: (next.foot - letter.foot) / length,
                    length,
                });
            }
        }
    }
    slopes
}

fn dot(a: [f32; TERMS], b: [f32; TERMS]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gaussian elimination with pivoting; `None` for a singular matrix.
fn solve(mut rows: [[f64; TERMS + 1]; TERMS]) -> Option<[f32; TERMS]> {
    for at in 0..TERMS {
        let pivot = (at..TERMS).max_by(|&a, &b| rows[a][at].abs().total_cmp(&rows[b][at].abs()))?;
        rows.swap(at, pivot);
        if rows[at][at].abs() < 1e-9 {
            return None;
        }
        for other in 0..TERMS {
            if other != at {
                let factor = rows[other][at] / rows[at][at];
                let lead = rows[at];
                rows[other].iter_mut().zip(lead).for_each(|(cell, lead)| *cell -= factor * lead);
            }
        }
    }
    let mut solution = [0.0; TERMS];
    (0..TERMS).for_each(|at| solution[at] = (rows[at][TERMS] / rows[at][at]) as f32);
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page whose lines sag like a rope, more on the right.
    fn letters(drop: impl Fn(f32, f32) -> f32) -> Vec<Letter> {
        let places =
            (-12..=12_i16).flat_map(|line| (-20..20_i16).map(move |column| (f32::from(column), f32::from(line))));
        places
            .map(|(column, line)| {
                let (left, level) = (column * 20.0, line * 45.0);
                Letter { left, right: left + 14.0, foot: level + drop(left + 7.0, level), height: 24.0 }
            })
            .collect()
    }

    #[test]
    fn a_bend_is_found_to_a_quarter_of_a_letter() {
        let drop = |x: f32, _| 25.0 * (x / 400.0).powi(2) + 0.02 * x;
        let bend = Bend::fit(&mut letters(drop), 600.0);
        for x in [-380.0, -150.0, 0.0, 200.0, 380.0] {
            let (found, meant) = (bend.drop(x, 100.0), drop(x, 100.0));
            assert!((found - meant).abs() < 6.0, "at {x}: {found} instead of {meant}");
        }
    }

    #[test]
    fn level_lines_stay_level_and_few_letters_give_no_bend() {
        let bend = Bend::fit(&mut letters(|_, _| 0.0), 600.0);
        assert!([-400.0, 0.0, 400.0].iter().all(|&x| bend.drop(x, 50.0).abs() < 1.0));
        let silent = Bend::fit(&mut letters(|x, _| x / 10.0)[..20], 600.0);
        assert!(silent.drop(300.0, 0.0).abs() < f32::EPSILON);
    }
}
