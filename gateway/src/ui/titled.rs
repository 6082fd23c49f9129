//! The application's page with the title of a bill in its Open Graph tags, because messengers run no scripts.
//!
//! Source: the Open Graph protocol, <https://ogp.me>.

use std::borrow::Cow;

/// The tag of the generic preview, as `frontend/index.html` has it.
const GENERIC: &str = r#"<meta property="og:title" content="Chipin" />"#;

/// The page with another title in its preview; `None` if it is not the page that this program knows.
pub(super) fn titled(page: &[u8], title: &str) -> Option<String> {
    let page = str::from_utf8(page).ok()?;
    let tag = format!(r#"<meta property="og:title" content="{}" />"#, escaped(title));
    page.contains(GENERIC).then(|| page.replacen(GENERIC, &tag, 1))
}

/// Text inside a quoted attribute.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    let escape = |letter: char| match letter {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        '\'' => "&#39;".into(),
        other => Cow::Owned(other.to_string()),
    };
    text.chars().map(escape).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::assets::ASSETS;

    #[test]
    fn a_title_cannot_leave_its_attribute() {
        let page = format!("<head>{GENERIC}</head>");
        let titled = titled(page.as_bytes(), r#""><script>alert('1')</script>&"#).unwrap();
        assert_eq!(
            titled,
            "<head><meta property=\"og:title\" content=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;\" \
             /></head>"
        );
    }

    #[test]
    fn another_page_is_left_alone() {
        assert_eq!(titled(b"<head></head>", "Luna"), None);
        assert_eq!(titled(b"\xff", "Luna"), None);
    }

    #[test]
    fn the_built_page_has_the_generic_title() {
        for index in ASSETS.iter().filter(|asset| asset.path == "/index.html") {
            assert!(titled(index.bytes, "Luna").is_some_and(|page| page.contains("content=\"Luna\"")));
        }
    }
}
