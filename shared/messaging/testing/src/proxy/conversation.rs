//! One connection through the proxy: the messages that its channels have published and that are not confirmed yet.

use super::frame::{Confirm, Frame, Frames, Malformed, Meaning};
use super::hub::Hub;
use super::outgoing::Outgoing;
use super::publish::Publish;
use super::rule::{Next, Waiting};
use rabbit_outbox::CancellationToken;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;

/// "AMQP", 0, and the version: the first bytes of a client are not a frame.
const PROTOCOL_HEADER_BYTES: usize = 8;
/// Maximum time to write buffered bytes when a connection ends.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);
/// Time that the broker gets to process forwarded frames before a cut.
const TAKEN_AFTER: Duration = Duration::from_millis(100);

/// One channel, between two openings of its number.
#[derive(Default)]
struct Channel {
    confirms: bool,
    client_tag: u64,
    broker_tag: u64,
    /// By the broker's delivery tag.
    unconfirmed: BTreeMap<u64, Unconfirmed>,
    arriving: Option<Arriving>,
    closed: Arc<AtomicBool>,
}

struct Unconfirmed {
    /// `None` for a message that the proxy itself published.
    client_tag: Option<u64>,
    publish: Publish,
}

/// A message whose body is not complete.
struct Arriving {
    publish: Publish,
    missing_bytes: u64,
    /// Its frames, if it may be duplicated.
    frames: Option<Vec<Vec<u8>>>,
}

/// Both directions of one connection.
pub(crate) struct Conversation {
    hub: Arc<Hub>,
    to_client: Arc<Outgoing>,
    to_broker: Arc<Outgoing>,
    channels: Mutex<HashMap<u16, Channel>>,
    cut: CancellationToken,
}

impl Conversation {
    /// Forwards frames between the two until either is gone, or a rule cuts the connection.
    pub(crate) async fn carry(hub: Arc<Hub>, client: TcpStream, broker: TcpStream, cut: CancellationToken) {
        for stream in [&client, &broker] {
            let _ = stream.set_nodelay(true);
        }
        let (from_client, client_half) = client.into_split();
        let (from_broker, broker_half) = broker.into_split();
        let conversation =
            Self { to_client: Arc::default(), to_broker: Arc::default(), channels: Mutex::default(), hub, cut };
        let (to_client, to_broker) = (Arc::clone(&conversation.to_client), Arc::clone(&conversation.to_broker));
        let (towards_client, towards_broker) =
            (Arc::clone(&conversation.hub.towards_client), Arc::clone(&conversation.hub.towards_broker));
        let tell_client = to_client.write_to(client_half, &towards_client);
        let tell_broker = to_broker.write_to(broker_half, &towards_broker);
        tokio::pin!(tell_client, tell_broker);
        tokio::select! {
            // Nothing more is sent to the client. The broker still gets what was forwarded, and time to process it: it
            // discards the unprocessed frames of its channels when a connection ends.
            () = conversation.cut.cancelled() => {
                let _ = tokio::time::timeout(TAKEN_AFTER, &mut tell_broker).await;
                to_broker.end();
                let _ = tokio::time::timeout(FLUSH_LIMIT, tell_broker).await;
            }
            _ = conversation.read_client(from_client) => {
                to_broker.end();
                let _ = tokio::time::timeout(FLUSH_LIMIT, tell_broker).await;
            }
            _ = conversation.read_broker(from_broker) => {
                to_client.end();
                let _ = tokio::time::timeout(FLUSH_LIMIT, tell_client).await;
            }
            () = &mut tell_client => {}
            () = &mut tell_broker => {}
            () = conversation.announce_blocked() => {}
        }
        for (_, channel) in conversation.channels().drain() {
            channel.closed.store(true, Ordering::Release);
        }
    }

    /// Sends `connection.blocked` and `connection.unblocked` to the client whenever the state changes; ends with the
    /// proxy.
    async fn announce_blocked(&self) {
        let mut blocked = self.hub.blocked.subscribe();
        while blocked.changed().await.is_ok() {
            let frame = Frame::blocked(*blocked.borrow_and_update());
            self.to_client.push(frame.into_bytes());
        }
    }

    async fn read_client(&self, mut stream: impl AsyncRead + Unpin) -> Result<(), Malformed> {
        let mut header = [0; PROTOCOL_HEADER_BYTES];
        if stream.read_exact(&mut header).await.is_err() {
            return Ok(());
        }
        self.to_broker.push(header.to_vec());
        read_frames(stream, &self.to_broker, |frame| self.on_client_frame(frame)).await
    }

    async fn read_broker(&self, stream: impl AsyncRead + Unpin) -> Result<(), Malformed> {
        read_frames(stream, &self.to_client, |frame| self.on_broker_frame(frame)).await
    }

    fn on_client_frame(&self, frame: Frame) {
        let number = frame.channel();
        let mut channels = self.channels();
        match frame.meaning() {
            Meaning::StartOk { user } => self.hub.connected(user),
            Meaning::ChannelReset => reset(&mut channels, number),
            Meaning::ConfirmSelect => channels.entry(number).or_default().confirms = true,
            Meaning::Publish { exchange, routing_key } => {
                let publish = Publish { exchange, routing_key, message_id: None, body_bytes: 0 };
                let frames = self.hub.duplicates().then(Vec::new);
                let arriving = Arriving { publish, missing_bytes: 0, frames };
                channels.entry(number).or_default().arriving = Some(arriving);
            }
            Meaning::Header { message_id, body_bytes } => {
                if let Some(arriving) = channels.get_mut(&number).and_then(|channel| channel.arriving.as_mut()) {
                    arriving.publish.message_id = message_id;
                    (arriving.publish.body_bytes, arriving.missing_bytes) = (body_bytes, body_bytes);
                }
            }
            Meaning::Body { bytes } => {
                if let Some(arriving) = channels.get_mut(&number).and_then(|channel| channel.arriving.as_mut()) {
                    arriving.missing_bytes = arriving.missing_bytes.saturating_sub(bytes);
                }
            }
            Meaning::Confirm(_) | Meaning::Other => {
                self.to_broker.push(frame.into_bytes());
                return;
            }
        }
        let is_header_or_body = frame.is_content();
        let bytes = frame.into_bytes();
        if let Some(arriving) = channels.get_mut(&number).and_then(|channel| channel.arriving.as_mut())
            && let Some(frames) = &mut arriving.frames
        {
            frames.push(bytes.clone());
        }
        self.to_broker.push(bytes);
        if is_header_or_body && let Some(channel) = channels.get_mut(&number) {
            self.complete(channel);
        }
    }

    /// If a message is complete, assigns its delivery tag.
    fn complete(&self, channel: &mut Channel) {
        let Some(arriving) = channel.arriving.take_if(|arriving| arriving.missing_bytes == 0) else { return };
        let Arriving { publish, frames, .. } = arriving;
        self.hub.published(&publish);
        if channel.confirms {
            channel.client_tag += 1;
            channel.broker_tag += 1;
            let unconfirmed = Unconfirmed { client_tag: Some(channel.client_tag), publish: publish.clone() };
            channel.unconfirmed.insert(channel.broker_tag, unconfirmed);
        }
        match self.hub.rule_of(&publish, true).map(|rule| rule.published()) {
            Some(Next::Again) => {
                for frame in frames.into_iter().flatten() {
                    self.to_broker.push(frame);
                }
                if channel.confirms {
                    channel.broker_tag += 1;
                    channel.unconfirmed.insert(channel.broker_tag, Unconfirmed { client_tag: None, publish });
                }
            }
            Some(Next::Cut) => self.cut.cancel(),
            Some(Next::Nothing) | None => {}
        }
    }

    fn on_broker_frame(&self, frame: Frame) {
        let number = frame.channel();
        match frame.meaning() {
            // The channel is closing: no client waits for it.
            Meaning::Confirm(confirm) => self.confirm(number, confirm),
            Meaning::ChannelReset => {
                reset(&mut self.channels(), number);
                self.to_client.push(frame.into_bytes());
            }
            _ => self.to_client.push(frame.into_bytes()),
        }
    }

    /// Forwards a confirm for single messages: withheld ones must not be confirmed along with others.
    fn confirm(&self, number: u16, confirm: Confirm) {
        let mut channels = self.channels();
        let Some(channel) = channels.get_mut(&number) else { return };
        let confirmed = if confirm.multiple {
            // 0 means all.
            let later =
                if confirm.tag == 0 { BTreeMap::new() } else { channel.unconfirmed.split_off(&(confirm.tag + 1)) };
            std::mem::replace(&mut channel.unconfirmed, later)
        } else {
            channel.unconfirmed.remove(&confirm.tag).map(|one| (confirm.tag, one)).into_iter().collect()
        };
        for Unconfirmed { client_tag, publish } in confirmed.into_values() {
            let Some(tag) = client_tag else { continue };
            let waiting = Waiting {
                frame: Frame::confirm(number, tag, confirm.acked),
                to_client: Arc::clone(&self.to_client),
                channel_closed: Arc::clone(&channel.closed),
            };
            match self.hub.rule_of(&publish, false) {
                None => waiting.send(),
                Some(rule) => {
                    if rule.confirm(waiting) == Next::Cut {
                        self.cut.cancel();
                        return;
                    }
                }
            }
        }
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<u16, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From now on the number means another channel, or none.
fn reset(channels: &mut HashMap<u16, Channel>, number: u16) {
    if let Some(channel) = channels.remove(&number) {
        channel.closed.store(true, Ordering::Release);
    }
}

/// Reads frames until the stream ends.
async fn read_frames(
    mut stream: impl AsyncRead + Unpin,
    passed_on_to: &Outgoing,
    mut on_frame: impl FnMut(Frame),
) -> Result<(), Malformed> {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        passed_on_to.room().await;
        match stream.read(&mut buffer).await {
            Ok(bytes) if bytes > 0 => frames.push(&buffer[..bytes]),
            Ok(_) | Err(_) => return Ok(()),
        }
        while let Some(frame) = frames.next()? {
            on_frame(frame);
        }
    }
}
