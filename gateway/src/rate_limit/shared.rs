//! Rate limit counters in Redis, shared by all gateways.

use super::gcra::RateLimit;
use configuration::RedisUrl;
use redis::Script;
use redis::aio::ConnectionManager;
use redis_connection::RedisError;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tls::ConnectTls;
use tracing::warn;

/// Longest wait for Redis: an uncounted call is better than a late one.
const TIMEOUT: Duration = Duration::from_millis(200);
/// Time without calls to Redis after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// The same algorithm as [`RateLimit::check`], for several keys at once, with the clock of Redis in microseconds.
/// Returns how long to wait.
const SCRIPT: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, arrivals = 0, {}
for i, key in ipairs(KEYS) do
    local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local arrival = math.max(tonumber(redis.call('GET', key) or now), now) + interval
    wait = math.max(wait, arrival - interval * burst - now)
    arrivals[i] = arrival
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000) + 1)
end
return 0
";

/// The connection, and the time until which it is not used after a failure.
pub(super) struct Shared {
    connection: ConnectionManager,
    script: Script,
    away_until: Mutex<Option<Instant>>,
}

impl Shared {
    /// Creates a connection that is opened on first use.
    ///
    /// # Errors
    /// When the client library refuses the URL.
    pub(super) fn new(url: &RedisUrl, tls: &ConnectTls) -> Result<Self, RedisError> {
        let connection = redis_connection::connect_lazily(url, tls, TIMEOUT)?;
        Ok(Self { connection, script: Script::new(SCRIPT), away_until: Mutex::default() })
    }

    /// Counts a call for all keys of `counted`, or returns how long it must wait; `None` while Redis is unavailable.
    pub(super) async fn wait(&self, counted: &[(String, RateLimit)]) -> Option<Duration> {
        if self.is_away() {
            return None;
        }
        let mut call = self.script.prepare_invoke();
        for (name, rate_limit) in counted {
            call.key(format!("gateway:quota:{name}"));
            call.arg(u64::try_from(rate_limit.interval.as_micros()).unwrap_or(u64::MAX)).arg(rate_limit.burst);
        }
        // Counting a call twice, if only the answer was lost, is harmless.
        let counting = redis_connection::repeated_once(|| {
            let (call, mut connection) = (&call, self.connection.clone());
            async move { call.invoke_async::<u64>(&mut connection).await }
        });
        let failure = match tokio::time::timeout(TIMEOUT, counting).await {
            Ok(Ok(wait)) => return Some(Duration::from_micros(wait)),
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "timed out".to_owned(),
        };
        // Calls that were under way fail together: one line is enough.
        if !self.is_away() {
            warn!(error = %failure, "could not count calls in Redis; this gateway counts alone for a while");
        }
        if let Ok(mut away_until) = self.away_until.lock() {
            *away_until = Some(Instant::now() + PAUSE);
        }
        None
    }

    fn is_away(&self) -> bool {
        self.away_until.lock().is_ok_and(|until| until.is_some_and(|until| until > Instant::now()))
    }
}
