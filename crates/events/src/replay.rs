//! What a client of the replay socket sends, and how the answer ends.
//!
//! As vLLM's publisher: a ROUTER socket receives `[identity, "", start]`, `start` being 8 bytes, most significant
//! first, and answers `[identity, "", sequence, payload]` for each batch from there on, then `sequence` −1 with an empty
//! payload.

use crate::error::EventsError;

/// The sequence number after the last batch of a replay: −1.
pub const END_OF_REPLAY: u64 = u64::MAX;

/// A request for batches that were missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks, as the socket knows it.
    pub identity: Vec<u8>,
    /// The first batch that is wanted.
    pub start: u64,
}

impl Request {
    /// Reads the frames of a request, the identity first.
    ///
    /// # Errors
    /// [`EventsError::Replay`] for frames of another number or size.
    pub fn parse<F: AsRef<[u8]>>(frames: &[F]) -> Result<Self, EventsError> {
        let sizes = || {
            let sizes: Vec<String> = frames.iter().map(|frame| frame.as_ref().len().to_string()).collect();
            EventsError::Replay { frames: format!("{} frames of {} bytes", frames.len(), sizes.join(", ")) }
        };
        let [identity, empty, start] = frames else { return Err(sizes()) };
        // A number in fewer bytes is read as vLLM reads it; in more it could not be one.
        let start = start.as_ref();
        if !empty.as_ref().is_empty() || start.is_empty() || start.len() > 8 {
            return Err(sizes());
        }
        let start = start.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Ok(Self { identity: identity.as_ref().to_vec(), start })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_request_reads_back(identity in prop::collection::vec(any::<u8>(), 0..255), start in any::<u64>()) {
            let frames = [identity.clone(), Vec::new(), start.to_be_bytes().to_vec()];
            prop_assert_eq!(Request::parse(&frames).unwrap(), Request { identity, start });
        }

        #[test]
        fn any_frames_are_a_request_or_an_error(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..6),
        ) {
            let is_request = frames.len() == 3 && frames[1].is_empty() && (1..=8).contains(&frames[2].len());
            prop_assert_eq!(Request::parse(&frames).is_ok(), is_request);
        }
    }
}
