//! WebSockets that send a state and then each change of it: a snapshot, then updates with increasing versions.
//!
//! A service declares what a client watches ([`Feed`]): the key under which changes are pushed, what has a version, and
//! how to read the snapshot. It opens sockets with [`Hub::open`], and after each commit calls [`Hub::push`]. The rest
//! is the same for all services:
//!
//! - A socket is subscribed before its snapshot is read: a change between the two arrives twice instead of never.
//! - A client never gets a version that is not newer than what it already has.
//! - A message is serialised once for all sockets, and held once: clients that read slowly wait with the same text.
//! - A client that does not answer pings is disconnected. For one that reads too slowly, [`Queueing`] decides.
//! - Every socket ends with a Close frame ([`Close`]), also after a violation of the protocol. Only a lost connection
//!   has none.
//! - A client that sends more than [`Limits::received_frames`] or [`Limits::received_bytes`] is closed with 1008.
//! - A user may have [`Limits::per_user`] open sockets, and a key [`Limits::per_key`]. There is no limit per client
//!   address here: only the gateway knows whether the last address in `X-Forwarded-For` is the client's or a proxy's,
//!   so that limit is the gateway's.
//!
//! ```
//! use live_sockets::{Close, Feed, Hub, Limits, Update};
//!
//! /// A client watches the score of one match.
//! struct Watched {
//!     match_id: u64,
//! }
//!
//! impl Feed for Watched {
//!     type Key = u64;
//!     type Item = ();
//!
//!     fn key(&self) -> &u64 {
//!         &self.match_id
//!     }
//!
//!     async fn snapshot(&self) -> Result<Vec<Update<()>>, Close> {
//!         // A service reads its primary database here.
//!         Ok(vec![Update { item: (), version: 1, text: "0:0".into(), context: None }])
//!     }
//! }
//!
//! let hub = Hub::<u64, ()>::new(metrics::gauge!("scores_live_sockets"), Limits::default());
//! // In a handler: `hub.open(upgrade, Watched { match_id: 7 }, stopping)`. After a commit:
//! hub.push(&7, 2, || Some(Update { item: (), version: 2, text: "1:0".into(), context: None }));
//! ```

mod budget;
mod close;
mod feed;
mod hub;
mod limits;
mod mailbox;
mod socket;
mod stream;
mod upgrade;

pub use budget::Rate;
pub use close::Close;
pub use feed::{Feed, Update};
pub use hub::Hub;
pub use limits::{Limits, Queueing};
pub use tokio_tungstenite::tungstenite::Utf8Bytes;
pub use upgrade::Upgrade;
