//! What the server is told at start. Plain values: where they come from is the composition root's business.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fakeai_engine::LatencyModel;
pub use fakeai_events::{Endpoint, FeedSettings, Format, Hashes, Style};
use fakeai_tokens::Tokenizer;
use fakeai_writer::WriterOptions;

pub use crate::api::rag::{Library, LibraryError};
pub use crate::driver::Physics;
pub use crate::gate::{Banning, Budgeting, Gatekeeping, Quota, Screening, ScreeningMode};
pub use crate::persistence::Persistence;
pub use fakeai_telemetry::engine::Flavor;
pub use fakeai_telemetry::{Directory, KeptError};

/// What the server is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens and how it takes connections.
    pub listen: Listen,
    /// How tokens are timed.
    pub latency: LatencyModel,
    /// The physical engine, if one times the tokens instead.
    pub physics: Option<Physics>,
    /// Adapters (`LoRA`) of the physical engine; `None` if it takes none.
    pub adapters: Option<Adapters>,
    /// How changes of the physical engine's caches are told; `None` if they are not.
    pub kv_events: Option<KvEvents>,
    /// How long answers without tokens take.
    pub response_delay: ResponseDelay,
    /// How answers are written.
    pub writer: WriterOptions,
    /// Counts by this instead of the model's own vocabulary.
    pub tokenizer: Option<Tokenizer>,
    /// Ids and dates follow from the seed too.
    pub deterministic: bool,
    /// Models that are not in the catalog are refused instead of made.
    pub strict_models: bool,
    /// Whether ids that nobody made answer with an object of their kind.
    pub fabricate: bool,
    /// The status of invalid requests: 400 as OpenAI, or 422 as the original.
    pub validation_status: http::StatusCode,
    /// Requests whose prompt and answer exceed the model's window are refused.
    pub context_validation: bool,
    /// How beginnings of prompts are remembered; `None` if they are not.
    pub prompt_cache: Option<PromptCaching>,
    /// Largest body, bytes.
    pub max_body_bytes: u64,
    /// The same for single routes, as `images/edits`, and what lies below them; the longest that fits holds.
    pub max_body_bytes_by_route: Vec<(String, u64)>,
    /// Browsers.
    pub cors: Cors,
    /// Limits of streams.
    pub streams: Streams,
    /// How spoken answers sound.
    pub audio: Audio,
    /// How texts and pictures are moderated; `None` if they are not.
    pub moderation: Option<Moderation>,
    /// How pictures are made and kept.
    pub images: Images,
    /// Whether conversations without a system message begin with one about safety.
    pub safety_message: bool,
    /// The models that Azure's deployments stand for, by name. One that is not here is the model of its name.
    pub azure_deployments: BTreeMap<String, String>,
    /// The documents that `/rag/api/prompt` retrieves; `None` for the built-in sample.
    pub rag: Option<Arc<Library>>,
    /// Whether requests are written down.
    pub metrics: bool,
    /// Whether bodies of requests are logged, without secrets.
    pub log_requests: bool,
    /// Most subscribers of the stream of metrics at a time.
    pub stream_clients: usize,
    /// Where metrics are kept on disk; `None` if they are not.
    pub persistence: Option<Persistence>,
    /// Whether Prometheus text is served.
    pub prometheus: bool,
    /// Whose names metrics have at `/metrics`.
    pub metrics_flavor: Flavor,
    /// How long jobs take.
    pub jobs: Jobs,
    /// Most workspaces beside the default one.
    pub max_workspaces: usize,
    /// Workspaces nobody used for this long are dropped.
    pub workspace_idle: Duration,
    /// How long a vector store takes over a file, and as long again over each hundred of its chunks.
    pub ingest: Duration,
    /// Requests each workspace remembers for tests to look at.
    pub journal_entries: usize,
    /// Who is let in, how much they may use, and what goes wrong on purpose.
    pub gate: Gatekeeping,
}

/// Where the server listens and how it takes connections.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Address and port, or a unix socket.
    pub address: Address,
    /// Certificate chain and key, PEM.
    pub tls: Option<Tls>,
    /// Whether HTTP/2 is answered, over TLS and in the clear.
    pub http2: bool,
    /// How long streams may go on after a signal to stop.
    pub grace: Duration,
    /// How long a client may take over a handshake and the head of its first request.
    pub header_timeout: Duration,
    /// Largest head, bytes.
    pub max_header_bytes: usize,
    /// Most connections at a time; 0 for no limit.
    pub max_connections: usize,
    /// Threads that serve connections, the caller's among them. Each connection stays on one.
    pub threads: usize,
}

/// How long jobs take, from when they are made to their end; zero is at once.
#[derive(Clone, Copy, Debug)]
pub struct Jobs {
    /// A batch.
    pub batch: Duration,
    /// The tuning of a model.
    pub fine_tuning: Duration,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { batch: Duration::from_secs(1), fine_tuning: Duration::from_secs(3) }
    }
}

/// Where to listen.
#[derive(Clone, Debug)]
pub enum Address {
    /// A host and a TCP port; port 0 takes any free one.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

/// Certificate chain and key.
#[derive(Clone, Debug)]
pub struct Tls {
    /// PEM file of the certificate chain.
    pub certificates: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

/// How long answers take that are not written token by token.
#[derive(Clone, Copy, Debug)]
pub struct ResponseDelay {
    /// The mean.
    pub mean: Duration,
    /// Draws are uniform within ± this share of the mean.
    pub variance: f64,
}

/// How beginnings of prompts are remembered.
#[derive(Clone, Copy, Debug)]
pub struct PromptCaching {
    /// How long after they were last read.
    pub retention: Duration,
    /// Shorter prompts are not.
    pub min_tokens: u32,
}

/// How spoken answers sound where the request does not say.
#[derive(Clone, Debug)]
pub struct Audio {
    /// Whether there are any.
    pub enabled: bool,
    /// The name of the voice.
    pub voice: String,
    /// `mp3`, `opus`, `aac`, `flac`, `wav` or `pcm16`.
    pub format: String,
    /// Seconds it takes to make a second of speech.
    pub rtf: f64,
    /// How long a Realtime session may last.
    pub session_limit: Duration,
}

/// How texts and pictures are moderated.
#[derive(Clone, Copy, Debug)]
pub struct Moderation {
    /// The score from which a category is flagged, 0 to 1.
    pub threshold: f64,
}

/// How pictures are made and kept.
#[derive(Clone, Copy, Debug)]
pub struct Images {
    /// How long the URL of a picture is good.
    pub retention: Duration,
    /// How long a picture of 1024 × 1024 pixels and medium quality takes; `None` leaves it to the model of time.
    pub delay: Option<Duration>,
    /// Whether the prompt is written on the picture.
    pub caption: bool,
}

/// Adapters (`LoRA`) that are there from the start.
#[derive(Clone, Debug, Default)]
pub struct Adapters {
    /// The model they adapt.
    pub base_model: String,
    /// Their names and paths. Nothing is read from the paths.
    pub modules: Vec<(String, String)>,
}

/// How changes of the physical engine's caches are told.
#[derive(Clone, Debug, Default)]
pub struct KvEvents {
    /// Where the worker of rank 0 publishes; `None` only keeps events for those who ask over HTTP.
    pub endpoint: Option<Endpoint>,
    /// Where missed batches of that worker are asked for.
    pub replay_endpoint: Option<Endpoint>,
    /// The first frame of each message.
    pub topic: String,
    /// How batches are written.
    pub style: Style,
    /// How batches are made and kept.
    pub feed: FeedSettings,
}

/// What browsers may do.
#[derive(Clone, Debug)]
pub struct Cors {
    /// Origins that may read answers; `*` for all.
    pub origins: Vec<String>,
    /// Whether cookies and keys may be sent along.
    pub credentials: bool,
}

/// Limits of streams.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    /// A stream longer than this ends with an error event.
    pub timeout: Duration,
    /// A gap between tokens longer than this ends the stream with an error event.
    pub token_timeout: Duration,
    /// Silence is broken by a comment after this long.
    pub keepalive: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            latency: LatencyModel::Knobs(fakeai_engine::Knobs::default()),
            physics: None,
            adapters: None,
            kv_events: None,
            response_delay: ResponseDelay { mean: Duration::from_millis(500), variance: 0.3 },
            writer: WriterOptions::default(),
            tokenizer: None,
            deterministic: false,
            strict_models: false,
            fabricate: false,
            validation_status: http::StatusCode::BAD_REQUEST,
            context_validation: true,
            prompt_cache: Some(PromptCaching { retention: Duration::from_secs(600), min_tokens: 1024 }),
            max_body_bytes: 100 * 1024 * 1024,
            max_body_bytes_by_route: Vec::new(),
            cors: Cors { origins: vec!["*".to_owned()], credentials: true },
            streams: Streams {
                timeout: Duration::from_secs(300),
                token_timeout: Duration::from_secs(30),
                keepalive: Some(Duration::from_secs(15)),
            },
            audio: Audio {
                enabled: true,
                voice: "alloy".to_owned(),
                format: "mp3".to_owned(),
                rtf: 0.1,
                session_limit: Duration::from_secs(3600),
            },
            moderation: Some(Moderation { threshold: 0.5 }),
            images: Images { retention: Duration::from_secs(3600), delay: None, caption: false },
            safety_message: false,
            azure_deployments: BTreeMap::new(),
            rag: None,
            metrics: true,
            log_requests: false,
            stream_clients: 10_000,
            persistence: None,
            prometheus: true,
            metrics_flavor: Flavor::Fakeai,
            jobs: Jobs::default(),
            max_workspaces: 1000,
            workspace_idle: Duration::from_secs(3600),
            ingest: Duration::from_millis(100),
            journal_entries: 1000,
            gate: Gatekeeping::default(),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: Address::Tcp("127.0.0.1".to_owned(), 8000),
            tls: None,
            http2: true,
            grace: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            max_header_bytes: 64 * 1024,
            max_connections: 0,
            threads: 1,
        }
    }
}

impl Settings {
    /// The largest body, bytes, of a request to `path`.
    pub fn body_limit(&self, path: &str) -> u64 {
        if self.max_body_bytes_by_route.is_empty() {
            return self.max_body_bytes;
        }
        let endpoint = crate::gate::endpoint(path);
        let fits = |route: &str| {
            let rest = endpoint.strip_prefix(route);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let fitting = self.max_body_bytes_by_route.iter().filter(|(route, _)| fits(route));
        fitting.max_by_key(|(route, _)| route.len()).map_or(self.max_body_bytes, |(_, bytes)| *bytes)
    }
}
