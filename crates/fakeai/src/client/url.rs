//! The address of a server.

use std::fmt;

use crate::error::Error;

/// The address of a server, without the API's `/v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    host: String,
    port: u16,
    prefix: String,
}

impl ServerUrl {
    /// Where `fakeai server` listens by default.
    pub(crate) const DEFAULT: &'static str = "http://127.0.0.1:8000";

    /// Reads `http://host:port/prefix`. The scheme may be missing; a base URL as SDKs take it, ending in `/v1`, is fine.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Usage(format!("`{text}` is no server's address: {why}"));
        let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: http::Uri = full.parse().map_err(|_| wrong("expected http://HOST:PORT"))?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong("the client commands speak plain http only"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("the host is missing"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("a user name has no place in it"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let port = match authority.as_str().rsplit_once(':') {
            Some((_, port)) if !port.ends_with(']') => port.parse().map_err(|_| wrong("the port is no port"))?,
            _ => 80,
        };
        let path = uri.path().trim_end_matches('/');
        let prefix = path.strip_suffix("/v1").unwrap_or(path).to_owned();
        Ok(Self { host: host.to_owned(), port, prefix })
    }

    /// The host's name or address, without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What the `Host` header says.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }

    /// The path of `path` on this server.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}{}", self.authority(), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::ServerUrl;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let cases = [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("localhost:1234/", "http://localhost:1234"),
            ("http://localhost:1234/v1/", "http://localhost:1234"),
            ("http://localhost/w/mine/v1", "http://localhost:80/w/mine"),
            ("http://[::1]:8000/v1", "http://[::1]:8000"),
            ("http://[::1]", "http://[::1]:80"),
        ];
        for (text, shown) in cases {
            assert_eq!(ServerUrl::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "https://localhost", "http://", "http://a b", "http://me:secret@host", "host:99999", "unix:/x"]
        {
            assert!(ServerUrl::parse(text).is_err(), "{text}");
        }
    }
}
