//! The public keys of users-service, fetched every minute.

use crate::upstream::{SendError, Upload, Upstream};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use identity::Origin;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet, KeyAlgorithm};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The path of the key set.
const JWKS_PATH: &str = "/.well-known/jwks.json";
/// Time between two fetches. users-service signs with a key only after it has been published for two minutes.
const REFRESH: Duration = Duration::from_mins(1);
/// The same after a failure. A new key signs two minutes after it was published, so one failure must not cost the minute.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Time between two attempts while there are no keys, so that sign-in works right after everything is started together.
const RETRY: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_secs(3);
const BYTES_MAX: usize = 64 * 1024;

/// The keys by key id; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<RwLock<HashMap<String, Arc<DecodingKey>>>>);

/// Why the keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("send a request to users-service")]
    Unreachable(#[from] SendError),
    #[error("build the request")]
    Request(#[from] http::uri::InvalidUri),
    #[error("users-service took too long")]
    TimedOut,
    #[error("users-service responded with {0}")]
    Status(StatusCode),
    #[error("read the response body: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("the key set contains no Ed25519 key with an id")]
    NoKeys,
    #[error("parse the response")]
    Malformed(#[from] serde_json::Error),
}

impl Keys {
    /// The key with this id.
    pub(super) fn get(&self, name: &str) -> Option<Arc<DecodingKey>> {
        self.0.read().ok()?.get(name).cloned()
    }

    /// Whether there are no keys (yet).
    pub(super) fn is_empty(&self) -> bool {
        self.0.read().map_or(true, |keys| keys.is_empty())
    }

    /// Replaces all keys by the Ed25519 keys of the document that have an id; other keys are ignored.
    ///
    /// # Errors
    /// [`FetchError::NoKeys`] if there is none: then the known keys stay, since without keys no user is admitted.
    fn replace(&self, document: &JwkSet) -> Result<(), FetchError> {
        let by_id = document.keys.iter().filter_map(|key| {
            let AlgorithmParameters::OctetKeyPair(pair) = &key.algorithm else { return None };
            let is_ours = pair.curve == EllipticCurve::Ed25519
                && key.common.key_algorithm.is_none_or(|a| a == KeyAlgorithm::EdDSA);
            let name = key.common.key_id.clone().filter(|_| is_ours)?;
            Some((name, Arc::new(DecodingKey::from_ed_components(&pair.x).ok()?)))
        });
        let fresh: HashMap<_, _> = by_id.collect();
        if fresh.is_empty() {
            return Err(FetchError::NoKeys);
        }
        if let Ok(mut keys) = self.0.write() {
            if !fresh.keys().all(|name| keys.contains_key(name)) {
                info!(count = fresh.len(), "users-service published new keys");
            }
            *keys = fresh;
        }
        Ok(())
    }
}

/// Fetches the keys until `stopping` is cancelled. While users-service is unavailable, the known keys stay valid.
///
/// # Errors
/// None.
pub(crate) async fn refresh_keys(
    keys: Keys,
    users: Arc<Upstream>,
    stopping: CancellationToken,
) -> Result<(), Infallible> {
    let mut is_failing = false;
    loop {
        match tokio::time::timeout(TIMEOUT, fetch(&users, JWKS_PATH.to_owned(), BYTES_MAX))
            .await
            .unwrap_or(Err(FetchError::TimedOut))
            .and_then(|document| keys.replace(&document))
        {
            Ok(()) => is_failing = false,
            Err(failure) if !is_failing => {
                is_failing = true;
                warn!(error = %telemetry::chain(&failure), "could not fetch keys of users-service; retrying");
            }
            Err(_) => {}
        }
        let pause = match (keys.is_empty(), is_failing) {
            (true, _) => RETRY,
            (false, true) => AFTER_FAILURE,
            (false, false) => REFRESH,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
}

/// What users-service responds with at `path`.
pub(super) async fn fetch<T: DeserializeOwned>(
    users: &Arc<Upstream>,
    path: String,
    bytes_max: usize,
) -> Result<T, FetchError> {
    let uri = Uri::from(PathAndQuery::try_from(path)?);
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, users.base.host());
    users.add_gateway_token(&mut headers, (&Method::GET, &uri), Origin::default());
    let request = || {
        let mut request = Request::new(Upload::empty());
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers.clone();
        request
    };
    let answer = users.send(request(), request).await?.into_response();
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let body = Limited::new(answer.into_body(), bytes_max).collect().await.map_err(FetchError::Body)?;
    Ok(serde_json::from_slice(&body.to_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(keys: &str) -> JwkSet {
        serde_json::from_str(&format!("{{\"keys\": [{keys}]}}")).unwrap()
    }

    #[test]
    fn a_key_set_without_keys_does_not_replace_the_known_ones() {
        let keys = Keys::default();
        let key =
            r#"{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        keys.replace(&document(key)).unwrap();
        assert!(matches!(keys.replace(&document("")), Err(FetchError::NoKeys)));
        let symmetric = r#"{"kty": "oct", "kid": "other", "k": "c2VjcmV0"}"#;
        assert!(matches!(keys.replace(&document(symmetric)), Err(FetchError::NoKeys)));
        assert!(keys.get("one").is_some());
        let next = key.replace("one", "two");
        keys.replace(&document(&next)).unwrap();
        assert!(keys.get("one").is_none() && keys.get("two").is_some());
    }
}
