//! Section `server`.

use std::path::PathBuf;

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::config::values::{LogFormat, LogLevel};

section! {
    /// Where the server listens and how it treats connections.
    server: Server {
        /// Address to listen on. Only this machine can reach the default.
        host: String = "127.0.0.1".to_owned(),
            Key::new(Kind::Text { allowed: "an IP address or host name", accepts: is_host }).value("ADDRESS");
        /// Port to listen on. 0 takes a free one.
        port: u16 = 8000, Key::integer(0, 65_535).value("PORT");
        /// Log at level debug at least.
        debug: bool = false, Key::switch();
        /// Threads that serve requests. 0 is one per core.
        workers: usize = 0, Key::integer(0, 128);
        /// Microseconds before each token's time that are waited for without sleeping: tokens are more punctual, and
        /// processors busier.
        spin_us: u64 = 0, Key::integer(0, 10_000).value("MICROSECONDS");
        /// Start again with the new values when the configuration file or a model file changes.
        reload: bool = false, Key::switch();
        /// How much is logged.
        log_level: LogLevel = LogLevel::Info, Key::new(Kind::OneOf(LogLevel::WORDS)).value("LEVEL");
        /// How lines of the log are written.
        log_format: LogFormat = LogFormat::Human, Key::new(Kind::OneOf(LogFormat::WORDS)).value("FORMAT");
        /// Log the bodies of requests, keys and secrets hidden.
        log_requests: bool = false, Key::switch();
        /// Answer HTTP/2 as well as HTTP/1.1.
        http2: bool = true, Key::switch();
        /// Unix socket to listen on instead of a port.
        uds: Option<PathBuf> = None, Key::new(Kind::Path).value("PATH");
        /// Certificate chain in PEM format: serves HTTPS. Needs `ssl_keyfile`.
        ssl_certfile: Option<PathBuf> = None, Key::new(Kind::File);
        /// Private key in PEM format. Needs `ssl_certfile`.
        ssl_keyfile: Option<PathBuf> = None, Key::new(Kind::File);
        /// Seconds that running requests get to finish at shutdown.
        grace_seconds: f64 = 10.0, Key::number(0.0, 3600.0).flag("grace").aliases(&["grace-seconds"]).value("SECONDS");
        /// Seconds a client may take to send the headers of its first request.
        header_timeout_seconds: f64 = 10.0, Key::number(0.001, 3600.0).value("SECONDS");
        /// Most bytes of a request's headers.
        max_header_bytes: usize = 65_536, Key::integer(8192, 16_777_216).value("BYTES");
        /// Most connections at a time. 0 is no limit.
        max_connections: usize = 0, Key::integer(0, 10_000_000);
    }
}

/// A rough look: what the name stands for is found out when the server binds it.
fn is_host(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '/')
}

impl Server {
    /// The level to log at, `debug` counted in.
    pub fn effective_log_level(&self) -> LogLevel {
        match (self.debug, self.log_level) {
            (_, LogLevel::Trace) => LogLevel::Trace,
            (true, _) => LogLevel::Debug,
            (false, level) => level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_only_adds_to_the_log() {
        let level = |debug, log_level| Server { debug, log_level, ..Server::default() }.effective_log_level();
        assert_eq!(level(false, LogLevel::Error), LogLevel::Error);
        assert_eq!(level(true, LogLevel::Error), LogLevel::Debug);
        assert_eq!(level(true, LogLevel::Trace), LogLevel::Trace);
    }
}
