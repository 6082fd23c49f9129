//! Programs of messengers and social networks that fetch a link to show a preview of it.

use http::{HeaderMap, header};

/// Parts of their `User-Agent`, in lower case. Most of them accept any type, as programs that want JSON do.
///
/// Source: the documentation of each service, and requests of theirs.
const CRAWLERS: [&str; 21] = [
    "applebot",
    "bitlybot",
    "discordbot",
    "facebookexternalhit",
    "facebot",
    "googlebot",
    "iframely",
    "linkedinbot",
    "mastodon",
    "mattermost",
    "microsoftpreview",
    "odklbot",
    "pinterestbot",
    "redditbot",
    "skypeuripreview",
    "slackbot",
    "telegrambot",
    "twitterbot",
    "viber",
    "vkshare",
    "whatsapp",
];

/// Whether a request is for a preview.
pub(crate) fn is_crawler(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_ascii_lowercase);
    agent.is_some_and(|agent| CRAWLERS.iter().any(|crawler| agent.contains(crawler)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn crawlers_are_told_from_other_programs() {
        let is_crawler =
            |agent| is_crawler(&HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(agent))]));
        for agent in [
            "TelegramBot (like TwitterBot)",
            "WhatsApp/2.23.20.0",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
        ] {
            assert!(is_crawler(agent), "{agent}");
        }
        for agent in ["curl/8.5.0", "", "python-requests/2.31", "okhttp/4.12"] {
            assert!(!is_crawler(agent), "{agent}");
        }
    }
}
