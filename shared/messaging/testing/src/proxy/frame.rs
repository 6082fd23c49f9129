//! Frames of AMQP 0-9-1: splitting a byte stream into frames, and parsing the few methods that the proxy needs.
//!
//! Source: AMQP 0-9-1 specification, 2.3.5 and 4.2; the RabbitMQ extension "Publisher Confirms".

/// Seven octets before the payload, one after it.
const OVERHEAD: usize = 8;
const END: u8 = 0xCE;
const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
/// Maximum frame size that is accepted; servers send up to 128 KiB.
const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

const START_OK: (u16, u16) = (10, 11);
const CONNECTION_BLOCKED: (u16, u16) = (10, 60);
const CONNECTION_UNBLOCKED: (u16, u16) = (10, 61);
const CHANNEL_OPEN: (u16, u16) = (20, 10);
const CHANNEL_CLOSE: (u16, u16) = (20, 40);
const CHANNEL_CLOSE_OK: (u16, u16) = (20, 41);
const BASIC_PUBLISH: (u16, u16) = (60, 40);
const BASIC_ACK: (u16, u16) = (60, 80);
const BASIC_NACK: (u16, u16) = (60, 120);
const CONFIRM_SELECT: (u16, u16) = (85, 10);

/// The property flags of the properties that precede the message id. All of them are short strings except the header
/// table and two octets.
const CONTENT_TYPE: u16 = 1 << 15;
const CONTENT_ENCODING: u16 = 1 << 14;
const HEADERS: u16 = 1 << 13;
const DELIVERY_MODE: u16 = 1 << 12;
const PRIORITY: u16 = 1 << 11;
const CORRELATION_ID: u16 = 1 << 10;
const REPLY_TO: u16 = 1 << 9;
const EXPIRATION: u16 = 1 << 8;
const MESSAGE_ID: u16 = 1 << 7;

/// What the proxy needs to know about a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The client authenticates; contains the user if the mechanism is SASL PLAIN.
    StartOk { user: Option<String> },
    /// A channel begins or ends: its delivery tags start again.
    ChannelReset,
    /// The client enables confirms.
    ConfirmSelect,
    /// A message begins.
    Publish { exchange: String, routing_key: String },
    /// The properties of a message, and the size of its body.
    Header { message_id: Option<String>, body_bytes: u64 },
    /// A part of a body.
    Body { bytes: u64 },
    /// The broker confirms.
    Confirm(Confirm),
    /// Anything else, including heartbeats.
    Other,
}

/// A `basic.ack` or a `basic.nack` of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Confirm {
    pub(crate) tag: u64,
    /// It covers all tags up to this one.
    pub(crate) multiple: bool,
    pub(crate) acked: bool,
}

/// One frame as it was on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame(Vec<u8>);

/// The stream is not AMQP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Received bytes that are not a complete frame yet.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// The number of bytes already consumed.
    taken: usize,
}

impl Frames {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete frame.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Malformed> {
        let rest = &self.bytes[self.taken..];
        let Some(head) = rest.first_chunk::<7>() else { return Ok(None) };
        let payload = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
        if payload > PAYLOAD_BYTES_MAX {
            return Err(Malformed);
        }
        let Some(frame) = rest.get(..payload + OVERHEAD) else { return Ok(None) };
        if frame.last() != Some(&END) {
            return Err(Malformed);
        }
        let frame = Frame(frame.to_vec());
        self.taken += payload + OVERHEAD;
        Ok(Some(frame))
    }
}

impl Frame {
    /// A confirm of one message.
    pub(crate) fn confirm(channel: u16, tag: u64, acked: bool) -> Self {
        let (class, method) = if acked { BASIC_ACK } else { BASIC_NACK };
        let mut payload = vec![];
        payload.extend(class.to_be_bytes());
        payload.extend(method.to_be_bytes());
        payload.extend(tag.to_be_bytes());
        payload.push(0);
        Self::new(METHOD, channel, &payload)
    }

    /// The broker blocks this connection, or unblocks it.
    pub(crate) fn blocked(blocked: bool) -> Self {
        const REASON: &[u8] = b"low on memory";
        let (class, method) = if blocked { CONNECTION_BLOCKED } else { CONNECTION_UNBLOCKED };
        let mut payload = vec![];
        payload.extend(class.to_be_bytes());
        payload.extend(method.to_be_bytes());
        if blocked {
            payload.extend(u8::try_from(REASON.len()));
            payload.extend(REASON);
        }
        Self::new(METHOD, 0, &payload)
    }

    fn new(kind: u8, channel: u16, payload: &[u8]) -> Self {
        let mut bytes = vec![kind];
        bytes.extend(channel.to_be_bytes());
        bytes.extend(u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(payload);
        bytes.push(END);
        Self(bytes)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Whether it is a content header or a part of a body.
    pub(crate) fn is_content(&self) -> bool {
        matches!(self.0[0], HEADER | BODY)
    }

    pub(crate) fn channel(&self) -> u16 {
        u16::from_be_bytes([self.0[1], self.0[2]])
    }

    /// Parses it; a method that can't be read does not matter here.
    pub(crate) fn meaning(&self) -> Meaning {
        let payload = &self.0[7..self.0.len() - 1];
        match self.0[0] {
            METHOD => method(Fields(payload)).unwrap_or(Meaning::Other),
            HEADER => header(Fields(payload)).unwrap_or(Meaning::Other),
            BODY => Meaning::Body { bytes: payload.len() as u64 },
            _ => Meaning::Other,
        }
    }
}

fn method(mut fields: Fields<'_>) -> Option<Meaning> {
    let id = (fields.short()?, fields.short()?);
    Some(match id {
        START_OK => {
            fields.table()?;
            let mechanism = fields.short_string()?;
            let response = fields.long_string()?;
            // "\0user\0password"
            let user = response.split(|byte| *byte == 0).nth(1).filter(|_| mechanism == "PLAIN");
            Meaning::StartOk { user: user.map(|user| String::from_utf8_lossy(user).into_owned()) }
        }
        CHANNEL_OPEN | CHANNEL_CLOSE | CHANNEL_CLOSE_OK => Meaning::ChannelReset,
        CONFIRM_SELECT => Meaning::ConfirmSelect,
        BASIC_PUBLISH => {
            fields.short()?;
            Meaning::Publish { exchange: fields.short_string()?, routing_key: fields.short_string()? }
        }
        BASIC_ACK | BASIC_NACK => {
            let (tag, bits) = (fields.long_long()?, fields.octet()?);
            Meaning::Confirm(Confirm { tag, multiple: bits & 1 == 1, acked: id == BASIC_ACK })
        }
        _ => Meaning::Other,
    })
}

fn header(mut fields: Fields<'_>) -> Option<Meaning> {
    let (_class, _weight) = (fields.short()?, fields.short()?);
    let body_bytes = fields.long_long()?;
    let flags = fields.short()?;
    for flag in [CONTENT_TYPE, CONTENT_ENCODING, HEADERS, DELIVERY_MODE, PRIORITY, CORRELATION_ID, REPLY_TO, EXPIRATION]
    {
        if flags & flag == 0 {
            continue;
        }
        match flag {
            HEADERS => drop(fields.table()?),
            DELIVERY_MODE | PRIORITY => drop(fields.octet()?),
            _ => drop(fields.short_string()?),
        }
    }
    let message_id = if flags & MESSAGE_ID == 0 { None } else { Some(fields.short_string()?) };
    Some(Meaning::Header { message_id, body_bytes })
}

/// Reads the fields of a payload one by one; `None` if it is too short.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn octet(&mut self) -> Option<u8> {
        self.array::<1>().map(|[octet]| octet)
    }

    fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn long_long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn short_string(&mut self) -> Option<String> {
        let bytes = usize::from(self.octet()?);
        self.take(bytes).map(|text| String::from_utf8_lossy(text).into_owned())
    }

    fn long_string(&mut self) -> Option<&'a [u8]> {
        let bytes = u32::from_be_bytes(self.array()?);
        self.take(bytes as usize)
    }

    fn table(&mut self) -> Option<&'a [u8]> {
        self.long_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short_string(text: &str) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(text.len()).unwrap()];
        bytes.extend(text.as_bytes());
        bytes
    }

    fn publish(exchange: &str, routing_key: &str) -> Frame {
        let payload = [&[0, 60, 0, 40, 0, 0][..], &short_string(exchange), &short_string(routing_key), &[1]].concat();
        Frame::new(METHOD, 3, &payload)
    }

    #[test]
    fn frames_are_found_wherever_the_stream_is_cut() {
        let (one, two) = (publish("alpha", "alpha.Ping.v1"), Frame::confirm(3, 7, true));
        let stream = [one.clone().into_bytes(), two.clone().into_bytes()].concat();
        for cut in 0..stream.len() {
            let mut frames = Frames::default();
            let mut found = vec![];
            for part in [&stream[..cut], &stream[cut..]] {
                frames.push(part);
                while let Some(frame) = frames.next().unwrap() {
                    found.push(frame);
                }
            }
            assert_eq!(found, [one.clone(), two.clone()], "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let mut broken = Frame::confirm(1, 1, true).into_bytes();
        *broken.last_mut().unwrap() = 0;
        let mut frames = Frames::default();
        frames.push(&broken);
        assert_eq!(frames.next(), Err(Malformed));
        let mut frames = Frames::default();
        frames.push(&[1, 0, 0, 255, 255, 255, 255]);
        assert_eq!(frames.next(), Err(Malformed));
    }

    #[test]
    fn a_publish_says_where_it_goes_and_on_which_channel() {
        let frame = publish("alpha", "alpha.Ping.v1");
        assert_eq!(frame.channel(), 3);
        let (exchange, routing_key) = ("alpha".to_owned(), "alpha.Ping.v1".to_owned());
        assert_eq!(frame.meaning(), Meaning::Publish { exchange, routing_key });
    }

    #[test]
    fn a_message_id_is_found_behind_all_other_properties() {
        let mut payload = vec![0, 60, 0, 0];
        payload.extend(600_u64.to_be_bytes());
        payload.extend((0xFFC0_u16 & !(1 << 6)).to_be_bytes());
        payload.extend(short_string("text/plain"));
        payload.extend(short_string("identity"));
        payload.extend([0, 0, 0, 3, 1, 2, 3]);
        payload.extend([2, 9]);
        payload.extend(short_string("correlation"));
        payload.extend(short_string("reply"));
        payload.extend(short_string("60000"));
        payload.extend(short_string("the id"));
        let frame = Frame::new(HEADER, 1, &payload);
        assert_eq!(frame.meaning(), Meaning::Header { message_id: Some("the id".to_owned()), body_bytes: 600 });
    }

    #[test]
    fn a_confirm_is_read_as_it_is_written() {
        for acked in [true, false] {
            let confirm = Confirm { tag: 1 << 40, multiple: false, acked };
            assert_eq!(Frame::confirm(2, 1 << 40, acked).meaning(), Meaning::Confirm(confirm));
        }
    }

    #[test]
    fn the_user_is_read_and_the_password_is_not() {
        let mut payload = vec![0, 10, 0, 11, 0, 0, 0, 2, 1, 2];
        payload.extend(short_string("PLAIN"));
        payload.extend([0, 0, 0, 9]);
        payload.extend(b"\0me\0secre");
        let frame = Frame::new(METHOD, 0, &payload);
        assert_eq!(frame.meaning(), Meaning::StartOk { user: Some("me".to_owned()) });
    }

    #[test]
    fn bytes_that_make_no_sense_say_nothing() {
        for length in 0..40 {
            for kind in 0..5 {
                let payload: Vec<u8> = (0..length).map(|n: u8| n.wrapping_mul(97).wrapping_add(kind)).collect();
                let _ = Frame::new(kind, 1, &payload).meaning();
            }
        }
    }
}
