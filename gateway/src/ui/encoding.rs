//! Content negotiation and cache validation of files.

use crate::ui::assets::Asset;
use http::{HeaderMap, HeaderValue, header};

/// Whether `Accept-Encoding` lists gzip with a weight above 0. Source: RFC 9110, section 12.5.3.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    listed(headers, &header::ACCEPT_ENCODING).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let is_refused = parts.filter_map(|part| part.strip_prefix("q=")).any(|weight| weight.parse() == Ok(0.0_f32));
        is_gzip && !is_refused
    })
}

/// Whether the browser has cached this version, in either encoding.
pub(super) fn has_version(headers: &HeaderMap, asset: &Asset) -> bool {
    listed(headers, &header::IF_NONE_MATCH).any(|tag| {
        let tag = tag.trim_start_matches("W/").trim_matches('"');
        tag == "*" || tag.strip_suffix("-gzip").unwrap_or(tag) == asset.version
    })
}

/// The entity tag; each encoding has its own. Source: RFC 9110, section 8.8.3.
pub(super) fn etag(asset: &Asset, is_gzip: bool) -> HeaderValue {
    let form = if is_gzip { "-gzip" } else { "" };
    // A version consists of hexadecimal digits, so this is always a valid header value.
    HeaderValue::try_from(format!("\"{}{form}\"", asset.version)).unwrap_or(HeaderValue::from_static("\"\""))
}

fn listed<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_used_if_it_is_accepted() {
        for value in ["gzip", "br, gzip", "deflate,GZIP;q=0.5"] {
            assert!(accepts_gzip(&headers("accept-encoding", value)), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "gzip; q=0.000", "xgzip"] {
            assert!(!accepts_gzip(&headers("accept-encoding", value)), "{value}");
        }
    }

    #[test]
    fn both_encodings_have_the_same_version() {
        let asset = Asset { path: "/x", content_type: "", version: "ab12", bytes: b"", gzip: None };
        for value in ["\"ab12\"", "W/\"ab12\"", "\"x\", \"ab12-gzip\"", "*"] {
            assert!(has_version(&headers("if-none-match", value), &asset));
        }
        assert!(!has_version(&headers("if-none-match", "\"ab13\""), &asset));
    }
}
