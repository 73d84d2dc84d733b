//! Where a socket is: `tcp://HOST:PORT`.
//!
//! As vLLM's publisher, `*` or a host with `::` binds, and any other host is connected to (llm-d's indexer binds and
//! lets engines connect). The worker of rank n takes the port and n. Unlike there, `*` is the interface the server
//! itself listens on, so that nothing is open to the network that was not meant to be.

use std::fmt;
use std::str::FromStr;

use crate::error::EventsError;

/// A TCP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address; `*` for the server's own interface.
    host: String,
    port: u16,
}

impl Endpoint {
    /// Whether the socket binds it; otherwise it connects.
    pub fn is_bound(&self) -> bool {
        self.host == "*" || self.host.contains("::")
    }

    /// The endpoint of the worker of that rank, with `*` replaced by `interface`. Port 0, any free one, is the same
    /// for all.
    ///
    /// # Errors
    /// [`EventsError::Endpoint`] if the port would be beyond 65,535.
    pub fn of_rank(&self, rank: u32, interface: &str) -> Result<Self, EventsError> {
        let port = if self.port == 0 { Some(0) } else { u32::from(self.port).checked_add(rank) };
        let port = port.and_then(|port| u16::try_from(port).ok()).ok_or_else(|| EventsError::Endpoint {
            endpoint: self.to_string(),
            reason: format!("worker {rank} would have a port beyond 65535"),
        })?;
        let host = if self.host == "*" { bracketed(interface) } else { self.host.clone() };
        Ok(Self { host, port })
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

impl FromStr for Endpoint {
    type Err = EventsError;

    fn from_str(text: &str) -> Result<Self, EventsError> {
        let wrong = |reason: &str| EventsError::Endpoint { endpoint: text.to_owned(), reason: reason.to_owned() };
        let Some(address) = text.strip_prefix("tcp://") else {
            return Err(wrong("only tcp:// is built"));
        };
        let (host, port) = address.rsplit_once(':').ok_or_else(|| wrong("expected tcp://HOST:PORT"))?;
        let port = port.parse().map_err(|_| wrong("the port must be a number from 0 to 65535"))?;
        if host.is_empty() || host.contains(['/', ' ']) {
            return Err(wrong("expected tcp://HOST:PORT"));
        }
        Ok(Self { host: bracketed(host), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tcp://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_colons_bind_and_names_connect() {
        let binds = |text: &str| text.parse::<Endpoint>().unwrap().is_bound();
        assert!(binds("tcp://*:5557") && binds("tcp://[::]:5557") && binds("tcp://:::5557"));
        assert!(!binds("tcp://indexer:5557") && !binds("tcp://127.0.0.1:5557"));
    }

    #[test]
    fn a_rank_moves_the_port() {
        let endpoint: Endpoint = "tcp://*:5557".parse().unwrap();
        assert_eq!(endpoint.of_rank(2, "127.0.0.1").unwrap().to_string(), "tcp://127.0.0.1:5559");
        assert_eq!(endpoint.of_rank(0, "::1").unwrap().to_string(), "tcp://[::1]:5557");
        let free: Endpoint = "tcp://*:0".parse().unwrap();
        assert_eq!(free.of_rank(3, "127.0.0.1").unwrap().to_string(), "tcp://127.0.0.1:0");
        assert!("tcp://*:65535".parse::<Endpoint>().unwrap().of_rank(1, "::").is_err());
    }

    #[test]
    fn what_is_no_endpoint_says_so() {
        for text in ["", "5557", "ipc:///tmp/x", "tcp://", "tcp://*", "tcp://*:x", "tcp://:5557", "tcp://*:70000"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_endpoint_that_reads_back_or_an_error(text in "(tcp://)?[a-z*:\\[\\]0-9./]{0,20}") {
            if let Ok(endpoint) = text.parse::<Endpoint>() {
                prop_assert_eq!(endpoint.to_string().parse::<Endpoint>().unwrap(), endpoint);
            }
        }
    }
}
