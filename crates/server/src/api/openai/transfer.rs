//! vLLM's `kv_transfer_params`: one server reads a prompt, another writes the answer.
//!
//! As its NIXL connector, driven by a proxy such as llm-d's sidecar: the first server is asked with `do_remote_decode` and
//! answers with one token and what the second has to know; that is sent along to the second, which takes the keys and
//! values over. Two servers of ours share nothing: the second only takes the time that the transfer would take.

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::generation::Elsewhere;

/// What a request says of another server. Whatever else that server said means nothing here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TransferRequest {
    do_remote_decode: Option<bool>,
    do_remote_prefill: Option<bool>,
}

impl TransferRequest {
    /// Which part another server does.
    pub(super) fn elsewhere(&self) -> Elsewhere {
        match (self.do_remote_decode, self.do_remote_prefill) {
            (Some(true), _) => Elsewhere::Decode,
            (_, Some(true)) => Elsewhere::Prefill,
            _ => Elsewhere::Nothing,
        }
    }
}

/// What the answer says to the server that goes on; null if none does.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct TransferAnswer(Option<Source>);

/// Where keys and values are.
#[derive(Clone, Debug, Serialize)]
struct Source {
    do_remote_prefill: bool,
    do_remote_decode: bool,
    /// The blocks of the prompt, numbered from 0: which ones they are in the pool means nothing to another process.
    remote_block_ids: Vec<u32>,
    remote_engine_id: String,
    remote_request_id: String,
    remote_host: String,
    remote_port: u16,
    tp_size: u32,
}

impl TransferAnswer {
    /// For the request called `request_id`, whose prompt was read here.
    pub(super) fn of(context: &Context, elsewhere: Elsewhere, request_id: &str, prompt_tokens: u32) -> Self {
        let goes_on = elsewhere == Elsewhere::Decode;
        Self(goes_on.then(|| Source::of(context, request_id, prompt_tokens)))
    }
}

impl Source {
    fn of(context: &Context, request_id: &str, prompt_tokens: u32) -> Self {
        let app = context.app();
        let physics = app.settings.physics.as_ref().map(|physics| &physics.deployment);
        // vLLM's own block where there is no engine.
        let block_tokens = physics.map_or(16, |deployment| deployment.memory.block_tokens).max(1);
        let (remote_host, remote_port) = app.address();
        Self {
            do_remote_prefill: true,
            do_remote_decode: false,
            remote_block_ids: (0..prompt_tokens.div_ceil(block_tokens)).collect(),
            remote_engine_id: app.engine_id(),
            remote_request_id: request_id.to_owned(),
            remote_host,
            remote_port,
            tp_size: physics.map_or(1, |deployment| deployment.tensor_parallel),
        }
    }
}
