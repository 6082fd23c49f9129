//! Errors as text.

/// An error with its causes in one line: `insert the order: connection closed`. A cause whose text the error repeats, as
/// sqlx's errors do, is left out.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let source_text = source.to_string();
        if !text.ends_with(&source_text) {
            text.push_str(": ");
            text.push_str(&source_text);
        }
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    enum Outer {
        #[error("read the key")]
        Plain(#[source] io::Error),
        #[error("error of the disk: {0}")]
        Repeating(#[source] io::Error),
    }

    #[test]
    fn each_text_appears_once() {
        let cause = || io::Error::other("no space");
        assert_eq!(chain(&Outer::Plain(cause())), "read the key: no space");
        assert_eq!(chain(&Outer::Repeating(cause())), "error of the disk: no space");
    }
}
