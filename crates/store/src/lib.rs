//! Where resources live: small object-safe traits, and their homes.
//!
//! A [`Home`] has documents, blobs, counters, leases and a bus. There are two: [`Memory`], bounded and gone with the
//! process, and [`Durable`], one file on this machine's disk. They are written so that one that several processes share
//! can follow: ids carry no node, versions are optimistic, lists go by cursors, a job's work is guarded by a lease, and
//! every answer may come later. Whatever is a home keeps the [`contract`]. Time is handed in.
//!
//! It must not know what a document means: bodies are bytes, kinds are names.

mod blob;
mod bus;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod counter;
mod document;
mod durable;
mod error;
mod home;
mod lease;
mod memory;
mod reply;

pub use blob::{BlobInfo, BlobWriter, Blobs, MOST_READ_BYTES, content_id};
pub use bus::{Bus, Notice, Subscription};
pub use counter::Counters;
pub use document::{Action, Change, Document, Documents, Expected, Listing, Page, Retention, Shelf};
pub use durable::{Durable, OpenError};
pub use error::{PageEnd, StoreError};
pub use home::{Contents, Home, Space, View};
pub use lease::{Lease, Leases};
pub use memory::{Limits, Memory};
pub use reply::Reply;
