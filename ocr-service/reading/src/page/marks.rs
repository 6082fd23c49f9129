//! Connected components of ink, and the letter height.

use image::GrayImage;

/// Bounding box of a connected component, in pixels; right and bottom are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) right: u32,
    pub(crate) bottom: u32,
    /// Number of ink pixels.
    pub(crate) ink: u32,
}

impl Mark {
    pub(crate) fn width(&self) -> u32 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// Shrinks the box by `reach` pixels on each side, by which it was dilated before.
    pub(crate) fn shrunk(self, reach: u32) -> Self {
        let inside = |low: u32, high: u32| (low + reach, high.saturating_sub(reach).max(low + reach + 1));
        let ((left, right), (top, bottom)) = (inside(self.left, self.right), inside(self.top, self.bottom));
        Self { left, top, right, bottom, ink: self.ink }
    }

    pub(crate) fn middle(&self) -> (f32, f32) {
        ((self.left + self.right) as f32 / 2.0, (self.top + self.bottom) as f32 / 2.0)
    }

    /// Whether it could be a letter or a digit, judging only by its shape.
    pub(crate) fn letter_like(&self) -> bool {
        let (width, height) = (self.width(), self.height());
        height >= 6 && width * 8 >= height && width <= height * 2 && self.ink * 10 >= width * height
    }
}

/// Components of the pixels darker than `threshold` on a flattened page.
pub(crate) fn marks(flat: &GrayImage, threshold: u8) -> Vec<Mark> {
    let (marks, parents, _) = labelled(flat, threshold);
    (0..marks.len()).filter(|&label| parents[label] == label).map(|label| marks[label]).collect()
}

/// The label of each pixel, or an unused label for background, and the components by label. Components that were merged
/// into another stay in the list without pixels.
pub(crate) fn components(grey: &GrayImage, threshold: u8) -> (Vec<u32>, Vec<Mark>) {
    let (marks, mut parents, runs) = labelled(grey, threshold);
    let width = grey.width() as usize;
    let mut labels = vec![u32::MAX; grey.len()];
    for (y, left, right, label) in runs {
        let label = u32::try_from(root(&mut parents, label)).unwrap_or(u32::MAX);
        labels[y as usize * width..][left as usize..right as usize].fill(label);
    }
    (labels, marks)
}

type Labelled = (Vec<Mark>, Vec<usize>, Vec<(u32, u32, u32, usize)>);

/// Joins runs of dark pixels that touch in adjacent rows, including diagonally.
fn labelled(flat: &GrayImage, threshold: u8) -> Labelled {
    let mut every = vec![];
    let mut marks: Vec<Mark> = vec![];
    let mut parents: Vec<usize> = vec![];
    let mut above: Vec<(u32, u32, usize)> = vec![];
    for (y, row) in (0..).zip(flat.as_raw().chunks_exact(flat.width().max(1) as usize)) {
        let mut here = vec![];
        let mut nearest = 0;
        for (left, right) in runs(row, threshold) {
            let run = Mark { left, top: y, right, bottom: y + 1, ink: right - left };
            while nearest < above.len() && above[nearest].1 < left {
                nearest += 1;
            }
            let touching: Vec<usize> =
                above[nearest..].iter().take_while(|run| run.0 <= right).map(|run| root(&mut parents, run.2)).collect();
            let label = touching.iter().copied().min().unwrap_or_else(|| {
                parents.push(parents.len());
                marks.push(run);
                parents.len() - 1
            });
            if !touching.is_empty() {
                marks[label] = union(marks[label], run);
            }
            for other in touching {
                if root(&mut parents, other) != label {
                    parents[other] = label;
                    marks[label] = union(marks[label], marks[other]);
                }
            }
            here.push((left, right, label));
            every.push((y, left, right, label));
        }
        above = here;
    }
    (marks, parents, every)
}

fn runs(row: &[u8], threshold: u8) -> Vec<(u32, u32)> {
    let mut runs = vec![];
    let mut start = None;
    for (x, &pixel) in (0..).zip(row) {
        match (pixel < threshold, start) {
            (true, None) => start = Some(x),
            (false, Some(left)) => {
                runs.push((left, x));
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    let end = u32::try_from(row.len()).unwrap_or(u32::MAX);
    runs.extend(start.map(|left| (left, end)));
    runs
}

fn root(parents: &mut [usize], mut label: usize) -> usize {
    while parents[label] != label {
        parents[label] = parents[parents[label]];
        label = parents[label];
    }
    label
}

fn union(a: Mark, b: Mark) -> Mark {
    Mark {
        left: a.left.min(b.left),
        top: a.top.min(b.top),
        right: a.right.max(b.right),
        bottom: a.bottom.max(b.bottom),
        ink: a.ink + b.ink,
    }
}

/// Usual letter height on a flattened page, in pixels: a median over the letter-like components, weighted by height
/// because dust is small and frequent. `None` if there are too few.
pub(crate) fn letter_height(marks: &[Mark]) -> Option<u32> {
    const LETTERS_MIN: usize = 20;
    let mut heights: Vec<u32> = marks.iter().filter(|mark| mark.letter_like()).map(Mark::height).collect();
    if heights.len() < LETTERS_MIN {
        return None;
    }
    heights.sort_unstable();
    let half = heights.iter().sum::<u32>() / 2;
    let mut sum = 0;
    heights.into_iter().find(|height| {
        sum += height;
        sum >= half
    })
}

/// Components with a neighbour of their height on either side: letters within words. Texture rarely has this pattern.
pub(crate) fn in_words(letters: &[Mark]) -> Vec<Mark> {
    let mut sorted = letters.to_vec();
    sorted.sort_unstable_by_key(|mark| mark.left);
    let mut after = vec![false; sorted.len()];
    let mut before = after.clone();
    for (at, mark) in sorted.iter().enumerate() {
        let height = mark.height();
        let follows = |next: &Mark| {
            next.left + height / 4 >= mark.right
                && next.height().abs_diff(height) * 6 <= height
                && next.bottom.abs_diff(mark.bottom) * 4 <= height
        };
        let near = sorted[at + 1..].iter().take_while(|next| next.left <= mark.right + height);
        for (next, _) in (at + 1..).zip(near).filter(|(_, next)| follows(next)) {
            after[at] = true;
            before[next] = true;
        }
    }
    (0..sorted.len()).filter(|&at| after[at] && before[at]).map(|at| sorted[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    fn drawn(rows: &[&str]) -> GrayImage {
        let ink = |x: u32, y: u32| rows[y as usize].as_bytes()[x as usize] == b'#';
        let (width, height) = (rows[0].len() as u32, rows.len() as u32);
        GrayImage::from_fn(width, height, |x, y| Luma([if ink(x, y) { 0 } else { 255 }]))
    }

    #[test]
    fn touching_pixels_are_one_mark_even_diagonally_and_from_below() {
        let page = drawn(&["#.#...##", "#.#..#..", "###....#"]);
        let mut found = marks(&page, 128);
        found.sort_unstable_by_key(|mark| mark.left);
        let at = |left, top, right, bottom, ink| Mark { left, top, right, bottom, ink };
        assert_eq!(found, [at(0, 0, 3, 3, 7), at(5, 0, 8, 2, 3), at(7, 2, 8, 3, 1)]);
        let (labels, pieces) = components(&page, 128);
        assert_eq!((labels[0], labels[1]), (labels[2], u32::MAX), "both legs of the U have one label");
        assert_eq!(pieces[labels[0] as usize].ink, 7);
    }

    #[test]
    fn letters_have_neighbours_of_their_height() {
        let letter = |left: u32, height: u32| Mark { left, top: 40 - height, right: left + 10, bottom: 40, ink: 80 };
        let row = [letter(0, 20), letter(14, 20), letter(28, 19), letter(60, 20), letter(74, 9)];
        assert_eq!(in_words(&row), [letter(14, 20)]);
    }

    #[test]
    fn dust_does_not_count_against_letters() {
        let mark = |at: u32, size: u32| Mark { left: at, top: 0, right: at + size, bottom: size, ink: size * size };
        let page: Vec<Mark> = (0..60).map(|at| mark(at * 40, if at % 2 == 0 { 7 } else { 24 })).collect();
        assert_eq!(letter_height(&page), Some(24));
        assert_eq!(letter_height(&page[..10]), None);
    }
}
