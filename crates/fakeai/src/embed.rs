//! The server inside a test or a program of yours.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use fakeai_server::serve::{Bound, Server};
use fakeai_server::{App, JournalEntry};

use crate::config::{Config, Latency, Reply};
use crate::start_error::StartError;
use crate::{seed_data, wiring};

/// A running server of its own: a free port, its own thread, its own state. Dropping it stops it.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use async_openai::types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs};
/// use async_openai::{Client, config::OpenAIConfig};
///
/// let server = fakeai::FakeAi::builder().seed(7).port(0).instant().spawn().await?;
///
/// let client = Client::with_config(OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("sk-test"));
/// let request = CreateChatCompletionRequestArgs::default()
///     .model("gpt-4o")
///     .messages([ChatCompletionRequestUserMessage::from("Say hello").into()])
///     .max_tokens(20_u32)
///     .build()?;
/// let answer = client.chat().create(request).await?;
///
/// assert!(answer.choices[0].message.content.is_some());
/// assert_eq!(server.requests().len(), 1);
/// assert_eq!(server.requests()[0].path, "/v1/chat/completions");
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug)]
pub struct FakeAi {
    url: String,
    app: Arc<App>,
    thread: Option<JoinHandle<()>>,
}

/// How a server is to be; see [`FakeAi::builder`].
#[derive(Clone, Debug, Default)]
pub struct Builder {
    config: Config,
}

impl FakeAi {
    /// A server with the defaults, on port 0: any free one.
    pub fn builder() -> Builder {
        let mut builder = Builder::default();
        builder.config.server.port = 0;
        // A program of somebody's has better uses for its cores.
        builder.config.server.workers = 1;
        builder
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The base URL for OpenAI's clients: [`FakeAi::url`] and `/v1`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.url)
    }

    /// The base URL of a workspace, which has its own models, seed, clock and requests.
    pub fn workspace_url(&self, name: &str) -> String {
        format!("{}/w/{name}/v1", self.url)
    }

    /// The requests seen in the default workspace, oldest first; at most the last 1,000.
    pub fn requests(&self) -> Vec<JournalEntry> {
        self.app.workspaces.default().journal()
    }

    /// Begins the default workspace anew: no history, no models of its own, no requests.
    pub fn reset(&self) {
        let workspace = self.app.workspaces.default();
        if let Err(error) = workspace.space().clear().wait() {
            tracing::error!(%error, "what was stored could not be cleared");
        }
        workspace.reset(workspace.seed());
    }
}

impl Drop for FakeAi {
    fn drop(&mut self) {
        self.app.kit.tasks.stop();
        if let Some(thread) = self.thread.take() {
            // It ends within the grace; a panic in it has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Builder {
    /// Decides what is said and how timings jitter. Default 42.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.generation.seed = seed;
        self
    }

    /// The port on 127.0.0.1; 0 for any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.config.server.port = port;
        self
    }

    /// Answers at once.
    pub fn instant(mut self) -> Self {
        self.config.generation.latency = Latency::Instant;
        self
    }

    /// Ids and dates follow from the seed too.
    pub fn deterministic(mut self) -> Self {
        self.config.generation.deterministic = true;
        self
    }

    /// Models that are not in the catalog are refused.
    pub fn strict_models(mut self) -> Self {
        self.config.models.strict = true;
        self
    }

    /// Every answer is this text.
    pub fn reply(mut self, text: impl Into<String>) -> Self {
        self.config.generation.reply = Reply::Fixed(text.into());
        self
    }

    /// Anything else: the configuration as the file and the flags would make it.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts the server on a thread of its own, so that it works in any test, and waits until it listens.
    pub async fn spawn(mut self) -> Result<FakeAi, StartError> {
        // A test that ends does not wait for streams nobody reads any more.
        self.config.server.grace_seconds = 0.0;
        let (ready, started) = tokio::sync::oneshot::channel();
        let thread = std::thread::Builder::new().name("fakeai".to_owned());
        let thread = thread.spawn(move || run(&self.config, ready)).map_err(StartError::Runtime)?;
        match started.await {
            Ok(Ok((url, app))) => Ok(FakeAi { url, app, thread: Some(thread) }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Runtime(std::io::Error::other("the server's thread ended before it listened"))),
        }
    }

    /// [`Builder::spawn`] for code that is not async. Must not be called from async code.
    pub fn spawn_blocking(self) -> Result<FakeAi, StartError> {
        let (sender, receiver) = mpsc::channel();
        let starter = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(StartError::Runtime);
            let _ = sender.send(runtime.and_then(|runtime| runtime.block_on(self.spawn())));
        });
        let outcome = receiver.recv();
        let _ = starter.join();
        outcome.unwrap_or_else(|_| Err(StartError::Runtime(std::io::Error::other("the server did not start"))))
    }
}

type Started = Result<(String, Arc<App>), StartError>;

fn run(config: &Config, ready: tokio::sync::oneshot::Sender<Started>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime.map_err(StartError::Runtime) {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        match bind(config).await {
            Err(error) => {
                let _ = ready.send(Err(error));
            }
            Ok((server, app)) => {
                let url = match server.bound() {
                    Bound::Tcp(address) => format!("http://{address}"),
                    Bound::Unix(path) => format!("unix://{}", path.display()),
                };
                // Nobody waiting means that the caller has gone: then the server ends at once.
                let own = Arc::clone(&app);
                if ready.send(Ok((url, app))).is_ok() {
                    server.run().await;
                }
                // Files are free for another server before this one is said to have ended.
                own.close().await;
            }
        }
    });
    runtime.shutdown_background();
}

/// A bound server of `config`. Must be called inside the runtime it will run on.
pub(crate) async fn bind(config: &Config) -> Result<(Server, Arc<App>), StartError> {
    let mut catalog = wiring::catalog(&config.models.files)?;
    let physics = wiring::physics(config, &mut catalog)?;
    let kit = wiring::kit(config)?;
    let (latency, persistence) = (wiring::latency(config)?, wiring::persistence(config)?);
    let gate = wiring::gate::gate(config, kit.entropy)?;
    let rag = wiring::rag(config)?;
    let settings = fakeai_server::Settings { latency, physics, persistence, rag, gate, ..wiring::settings(config) };
    let app = App::new(settings, kit, catalog);
    let server = Server::bind(Arc::clone(&app)).await?;
    if let Some(path) = &config.storage.seed_data {
        seed_data::sow(&app, path).await?;
    }
    let warmed = Arc::clone(&app);
    // Off the runtime: the first request may come while vocabularies load.
    std::thread::Builder::new().name("fakeai-warm".to_owned()).spawn(move || warmed.warm())?;
    Ok((server, app))
}
