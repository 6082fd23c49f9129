//! Writes small PDF files.

use std::fmt::Write as _;

/// A PDF with a page for each list of lines, in the monospaced font that every reader has.
///
/// Source: ISO 32000-1, annex H, the simple text string example.
pub(crate) fn pdf(pages: &[&[&str]]) -> Vec<u8> {
    let (catalogue, tree, font) = (1, 2, 3);
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages {tree} 0 R >>"),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>".to_owned(),
    ];
    for (page, lines) in pages.iter().enumerate() {
        let mut text = "BT /F1 12 Tf 18 TL 40 380 Td".to_owned();
        for line in *lines {
            write!(text, " ({line}) Tj T*").unwrap();
        }
        text.push_str(" ET");
        objects.push(format!(
            "<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 300 420] /Contents {} 0 R \
             /Resources << /Font << /F1 {font} 0 R >> >> >>",
            5 + 2 * page
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()));
    }
    let (mut file, mut places) = ("%PDF-1.7\n".to_owned(), String::new());
    for (number, object) in (1..).zip(&objects) {
        writeln!(places, "{:010} 00000 n ", file.len()).unwrap();
        writeln!(file, "{number} 0 obj\n{object}\nendobj").unwrap();
    }
    let table = file.len();
    let count = objects.len() + 1;
    write!(file, "xref\n0 {count}\n0000000000 65535 f \n{places}trailer\n<< /Size {count} /Root {catalogue} 0 R >>\n")
        .unwrap();
    write!(file, "startxref\n{table}\n%%EOF\n").unwrap();
    file.into_bytes()
}
