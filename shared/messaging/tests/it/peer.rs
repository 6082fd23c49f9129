//! A peer that sends what no library would: a few hand-written frames of AMQP 0-9-1.
//!
//! Source: AMQP 0-9-1, sections 2.3 and 4.2.

use testkit::TestBroker;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const END: u8 = 0xCE;
/// Type, channel, size, and the frame end.
const FRAME_OVERHEAD_BYTES: usize = 8;

/// A connection with one channel, in confirm mode.
pub(crate) struct Peer {
    stream: TcpStream,
    frame_bytes_max: usize,
}

/// Properties of a message, as bytes.
#[derive(Clone, Default)]
pub(crate) struct Properties(Vec<(Property, Vec<u8>)>);

/// Bit positions of properties in the flags of a header frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    Headers = 2,
    CorrelationId = 5,
    ReplyTo = 6,
    Expiration = 7,
    MessageId = 8,
    Type = 10,
    UserId = 11,
    AppId = 12,
}

impl Properties {
    /// Adds a text, which may be invalid UTF-8.
    pub(crate) fn with(mut self, property: Property, text: &[u8]) -> Self {
        self.0.push((property, short(text)));
        self
    }

    /// Adds these entries as headers.
    pub(crate) fn with_headers(mut self, entries: &[Vec<u8>]) -> Self {
        self.0.push((Property::Headers, long(&entries.concat())));
        self
    }

    fn encoded(mut self) -> Vec<u8> {
        self.0.sort_by_key(|(property, _)| *property);
        let flags = self.0.iter().fold(0_u16, |flags, (property, _)| flags | 1 << (15 - *property as u16));
        let values: Vec<u8> = self.0.into_iter().flat_map(|(_, value)| value).collect();
        [&flags.to_be_bytes()[..], &values].concat()
    }
}

/// A header with a text.
pub(crate) fn text(name: &str, value: &[u8]) -> Vec<u8> {
    entry(name.as_bytes(), b'S', &long(value))
}

/// A header with an integer.
pub(crate) fn number(name: &str, value: i64) -> Vec<u8> {
    entry(name.as_bytes(), b'l', &value.to_be_bytes())
}

/// A header with a list of texts.
pub(crate) fn list(name: &str, values: &[&str]) -> Vec<u8> {
    let items: Vec<u8> = values.iter().flat_map(|value| [&b"S"[..], &long(value.as_bytes())].concat()).collect();
    entry(name.as_bytes(), b'A', &long(&items))
}

/// A header with nested tables.
pub(crate) fn nested(name: &str, levels: usize) -> Vec<u8> {
    let innermost = entry(b"t", b'F', &long(&[]));
    let table = (1..levels).fold(innermost, |inside, _| entry(b"t", b'F', &long(&inside)));
    entry(name.as_bytes(), b'F', &long(&table))
}

/// An entry of a table.
pub(crate) fn entry(name: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
    [&short(name)[..], &[kind], value].concat()
}

fn short(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()][..], text].concat()
}

fn long(value: &[u8]) -> Vec<u8> {
    [&u32::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
}

fn id(class: u16, method: u16) -> Vec<u8> {
    [class.to_be_bytes(), method.to_be_bytes()].concat()
}

impl Peer {
    /// Connects as the administrator of the test broker, with the frame size that the broker offers.
    pub(crate) async fn of(broker: &TestBroker) -> Self {
        let address = broker.url().split_once('@').unwrap().1;
        let (address, virtual_host) = address.split_once('/').unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let mut peer = Self { stream, frame_bytes_max: 4_096 };
        peer.stream.write_all(b"AMQP\0\0\x09\x01").await.unwrap();
        peer.expect((10, 10)).await;
        let login = [long(&[]), short(b"PLAIN"), long(b"\0guest\0guest"), short(b"en_US")].concat();
        peer.call(0, (10, 11), &login).await;
        let tune = peer.expect((10, 30)).await;
        peer.frame_bytes_max = usize::try_from(u32::from_be_bytes(tune[2..6].try_into().unwrap())).unwrap();
        // As offered, without heartbeats.
        peer.call(0, (10, 31), &[&tune[..6], &[0, 0]].concat()).await;
        peer.call(0, (10, 40), &[&short(virtual_host.as_bytes())[..], &[0, 0]].concat()).await;
        peer.expect((10, 41)).await;
        peer.call(1, (20, 10), &short(b"")).await;
        peer.expect((20, 11)).await;
        peer.call(1, (85, 10), &[0]).await;
        peer.expect((85, 11)).await;
        // Required by the broker for a message with a direct reply.
        let no_ack = 0b10;
        let replies = [&[0, 0][..], &short(b"amq.rabbitmq.reply-to"), &short(b""), &[no_ack], &long(&[])].concat();
        peer.call(1, (60, 20), &replies).await;
        peer.expect((60, 21)).await;
        peer
    }

    /// Publishes to the default exchange, and waits for the confirm.
    pub(crate) async fn publish(&mut self, queue: &str, properties: Properties, body: &[u8]) {
        let method = [&[0, 0][..], &short(b""), &short(queue.as_bytes()), &[0]].concat();
        self.call(1, (60, 40), &method).await;
        let size = (body.len() as u64).to_be_bytes();
        let header = [&[0, 60, 0, 0][..], &size, &properties.encoded()].concat();
        assert!(header.len() + FRAME_OVERHEAD_BYTES <= self.frame_bytes_max, "it fits into no frame");
        self.send(HEADER, 1, &header).await;
        for part in body.chunks(self.frame_bytes_max - FRAME_OVERHEAD_BYTES) {
            self.send(BODY, 1, part).await;
        }
        self.expect((60, 80)).await;
    }

    async fn call(&mut self, channel: u16, (class, method): (u16, u16), arguments: &[u8]) {
        self.send(METHOD, channel, &[&id(class, method)[..], arguments].concat()).await;
    }

    async fn send(&mut self, kind: u8, channel: u16, payload: &[u8]) {
        let frame = [&[kind][..], &channel.to_be_bytes(), &long(payload), &[END]].concat();
        self.stream.write_all(&frame).await.unwrap();
    }

    /// The arguments of the next method, which must be this one.
    async fn expect(&mut self, (class, method): (u16, u16)) -> Vec<u8> {
        let mut prefix = [0; 7];
        self.stream.read_exact(&mut prefix).await.unwrap();
        let size = u32::from_be_bytes(prefix[3..].try_into().unwrap());
        let mut payload = vec![0; usize::try_from(size).unwrap() + 1];
        self.stream.read_exact(&mut payload).await.unwrap();
        payload.pop();
        assert!(payload.starts_with(&id(class, method)), "the broker says {}", String::from_utf8_lossy(&payload));
        payload.split_off(4)
    }
}
