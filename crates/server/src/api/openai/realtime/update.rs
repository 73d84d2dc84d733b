//! Changes of a configuration, read from what clients send: whole or not at all.

use fakeai_media::speech::{VOICES, Voice};
use serde_json::{Map, Value};

use super::config::{Config, Eagerness, Kind, Means, Transcription, Truncation, TurnDetection};
use super::dialect::Dialect;
use super::reading::{Given, Reading, object_of};
use super::sound::Coding;
use crate::api::openai::chat::metadata;
use crate::api::openai::responses::parsed;
use crate::api::openai::tools::{self, FunctionWire, Wanted};
use crate::context::Context;
use crate::error::ApiError;

/// Most tokens of an answer that a client may ask for.
const MOST_TOKENS: i64 = 4096;
const NOISES: [&str; 2] = ["near_field", "far_field"];

const GENERAL: &[&str] = &[
    "type",
    "object",
    "id",
    "expires_at",
    "output_modalities",
    "model",
    "instructions",
    "audio",
    "include",
    "tracing",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "max_output_tokens",
    "truncation",
    "prompt",
];
const BETA: &[&str] = &[
    "id",
    "object",
    "expires_at",
    "client_secret",
    "modalities",
    "model",
    "instructions",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "turn_detection",
    "input_audio_noise_reduction",
    "speed",
    "tracing",
    "tools",
    "tool_choice",
    "temperature",
    "max_response_output_tokens",
    "truncation",
    "prompt",
    "include",
];

impl Config {
    /// The configuration with what `session` says. `has_spoken` says that the voice can't be changed any more.
    ///
    /// # Errors
    /// Something in it is wrong; its path begins with `session`.
    pub(super) fn updated(
        &self,
        context: &Context,
        dialect: Dialect,
        session: &Map<String, Value>,
        has_spoken: bool,
    ) -> Result<Self, ApiError> {
        let mut changed = self.clone();
        let wish = Reading::new(session, "session");
        match (self.kind, dialect) {
            (Kind::Translation, _) => changed.translate(context, &wish)?,
            (_, Dialect::General | Dialect::Translation) => changed.update_general(context, &wish)?,
            (_, Dialect::Beta) => changed.update_beta(context, &wish)?,
        }
        if has_spoken && changed.voice_name() != self.voice_name() {
            return Err(voice_is_set());
        }
        changed.choose_tools("session")?;
        Ok(changed)
    }

    fn update_general(&mut self, context: &Context, wish: &Reading<'_>) -> Result<(), ApiError> {
        let kind = wish.needed("type")?;
        if kind != self.kind.name() {
            let message =
                format!("Passing a {kind} session update event to a {} session is not allowed.", self.kind.name());
            return Err(ApiError::invalid(message).param(wish.path("type")).code("invalid_value"));
        }
        if self.kind == Kind::Transcription {
            wish.check_names(&["type", "object", "id", "expires_at", "audio", "include"])?;
        } else {
            wish.check_names(GENERAL)?;
        }
        self.take_model(wish)?;
        self.take_common(wish, "max_output_tokens")?;
        if let Some(modalities) = wish.list("output_modalities")? {
            self.speaks = modality(context, self, modalities, &wish.path("output_modalities"), false)?;
        }
        if let Some(audio) = wish.object("audio")? {
            audio.check_names(&["input", "output"])?;
            if let Some(input) = audio.object("input")? {
                self.take_input(context, &input)?;
            }
            if let Some(output) = audio.object("output")? {
                output.check_names(&["format", "voice", "speed"])?;
                self.take_output(&output)?;
            }
        }
        Ok(())
    }

    fn update_beta(&mut self, context: &Context, wish: &Reading<'_>) -> Result<(), ApiError> {
        wish.check_names(BETA)?;
        self.take_model(wish)?;
        self.take_common(wish, "max_response_output_tokens")?;
        if let Some(modalities) = wish.list("modalities")? {
            self.speaks = modality(context, self, modalities, &wish.path("modalities"), true)?;
        }
        if let Some(coding) = beta_coding(wish, "input_audio_format")? {
            self.input.coding = coding;
        }
        if let Some(coding) = beta_coding(wish, "output_audio_format")? {
            self.output.coding = coding;
        }
        if let Some(voice) = wish.get("voice") {
            self.take_voice(voice, &wish.path("voice"))?;
        }
        self.output.speed = wish.decimal("speed", 0.25, 1.5)?.unwrap_or(self.output.speed);
        self.temperature = wish.decimal("temperature", 0.6, 1.2)?.unwrap_or(self.temperature);
        self.take_transcription(context, wish, "input_audio_transcription")?;
        self.take_turns(wish)?;
        self.take_noise(wish, "input_audio_noise_reduction")
    }

    fn translate(&mut self, context: &Context, wish: &Reading<'_>) -> Result<(), ApiError> {
        wish.check_names(&["type", "model", "audio"])?;
        self.take_model(wish)?;
        let Some(audio) = wish.object("audio")? else { return Ok(()) };
        audio.check_names(&["input", "output"])?;
        if let Some(input) = audio.object("input")? {
            input.check_names(&["transcription", "noise_reduction"])?;
            self.take_transcription(context, &input, "transcription")?;
            self.take_noise(&input, "noise_reduction")?;
        }
        if let Some(output) = audio.object("output")? {
            output.check_names(&["language"])?;
            if let Some(language) = output.text("language")? {
                language.clone_into(&mut self.output.language);
            }
        }
        Ok(())
    }

    /// A session keeps its model.
    fn take_model(&self, wish: &Reading<'_>) -> Result<(), ApiError> {
        match wish.text("model")? {
            Some(model) if model != self.model => {
                let message = "Cannot update a session's model once it has been created.";
                Err(ApiError::invalid(message).param(wish.path("model")).code("cannot_update_model"))
            }
            _ => Ok(()),
        }
    }

    /// What both forms say alike, and responses too.
    fn take_common(&mut self, wish: &Reading<'_>, most_tokens: &str) -> Result<(), ApiError> {
        if let Some(instructions) = wish.text("instructions")? {
            instructions.clone_into(&mut self.instructions);
        }
        if let Some(list) = wish.list("tools")? {
            self.take_tools(list, &wish.path("tools"))?;
        }
        if let Some(choice) = wish.get("tool_choice") {
            self.tool_choice = choice.clone();
        }
        self.parallel_tool_calls = wish.flag("parallel_tool_calls")?.or(self.parallel_tool_calls);
        match wish.get(most_tokens) {
            None => {}
            Some(Value::String(text)) if text == "inf" => self.max_output_tokens = None,
            Some(_) => self.max_output_tokens = wish.integer(most_tokens, 1, MOST_TOKENS)?.map(|most| most as u32),
        }
        if let Some(prompt) = wish.object("prompt")? {
            prompt.needed("id")?;
            self.prompt = wish.get("prompt").cloned();
        }
        if let Some(reasoning) = wish.object("reasoning")? {
            reasoning.word("effort", &["minimal", "low", "medium", "high", "xhigh"])?;
            self.reasoning = wish.get("reasoning").cloned();
        }
        if let Some(tracing) = wish.raw("tracing") {
            self.tracing = tracing_of(tracing, wish)?;
        }
        if let Some(include) = wish.list("include")? {
            self.has_logprobs = includes(include, &wish.path("include"))?;
        }
        if wish.get("truncation").is_some() {
            self.truncation = truncation(wish)?;
        }
        Ok(())
    }

    fn take_input(&mut self, context: &Context, input: &Reading<'_>) -> Result<(), ApiError> {
        input.check_names(&["format", "transcription", "noise_reduction", "turn_detection"])?;
        if let Some(coding) = general_coding(input)? {
            self.input.coding = coding;
        }
        self.take_transcription(context, input, "transcription")?;
        self.take_noise(input, "noise_reduction")?;
        self.take_turns(input)
    }

    fn take_output(&mut self, output: &Reading<'_>) -> Result<(), ApiError> {
        if let Some(coding) = general_coding(output)? {
            self.output.coding = coding;
        }
        if let Some(voice) = output.get("voice") {
            self.take_voice(voice, &output.path("voice"))?;
        }
        self.output.speed = output.decimal("speed", 0.25, 1.5)?.unwrap_or(self.output.speed);
        Ok(())
    }

    fn take_voice(&mut self, voice: &Value, param: &str) -> Result<(), ApiError> {
        match voice {
            Value::String(name) => {
                let names: Vec<&str> = VOICES.iter().map(|voice| voice.name).collect();
                self.output.voice =
                    Voice::named(name).ok_or_else(|| ApiError::unsupported_value(param, name, &names))?;
                self.output.own_voice = None;
            }
            // A voice that the client has made, which nobody here has heard: it sounds like the usual one.
            Value::Object(own) => {
                let id = own.get("id").and_then(Value::as_str);
                let id = id.ok_or_else(|| ApiError::missing(&format!("{param}.id")))?;
                self.output.own_voice = Some(id.to_owned());
            }
            other => return Err(ApiError::wrong_type(param, "one of a string or object", other)),
        }
        Ok(())
    }

    fn take_transcription(&mut self, context: &Context, wish: &Reading<'_>, name: &str) -> Result<(), ApiError> {
        let wanted = match wish.object_or_null(name)? {
            Given::Nothing => return Ok(()),
            Given::Null => {
                self.input.transcription = None;
                return Ok(());
            }
            Given::Some(wanted) => wanted,
        };
        wanted.check_names(&["model", "language", "languages", "keywords", "prompt", "delay"])?;
        let before = self.input.transcription.as_ref();
        let model = wanted.text("model")?.or(before.map(|before| before.model.as_str())).unwrap_or("whisper-1");
        let param = wanted.path("model");
        let card = context.model(model).map_err(|error| error.param(param.as_str()))?;
        if card.provider == "openai" && card.kind != fakeai_catalog::ModelKind::Transcription {
            let known = ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"];
            return Err(ApiError::unsupported_value(&param, model, &known));
        }
        let transcription = Transcription {
            card,
            model: model.to_owned(),
            language: wanted.text("language")?.map(str::to_owned),
            prompt: wanted.text("prompt")?.map(str::to_owned),
        };
        self.input.transcription = Some(transcription);
        Ok(())
    }

    fn take_noise(&mut self, wish: &Reading<'_>, name: &str) -> Result<(), ApiError> {
        match wish.object_or_null(name)? {
            Given::Nothing => {}
            Given::Null => self.input.noise_reduction = None,
            Given::Some(noise) => self.input.noise_reduction = noise.word("type", &NOISES)?,
        }
        Ok(())
    }

    fn take_turns(&mut self, wish: &Reading<'_>) -> Result<(), ApiError> {
        match wish.object_or_null("turn_detection")? {
            Given::Nothing => {}
            Given::Null => self.input.turns = None,
            Given::Some(turns) => self.input.turns = Some(turn_detection(&turns, self.input.turns)?),
        }
        Ok(())
    }

    fn take_tools(&mut self, list: &[Value], param: &str) -> Result<(), ApiError> {
        let mut offered = Vec::new();
        for (index, tool) in list.iter().enumerate() {
            let param = format!("{param}[{index}]");
            let wire = object_of(tool, &param)?;
            match wire.text("type")? {
                Some("function") | None => {}
                Some("mcp") => {
                    let message = "MCP servers are not called in Realtime sessions of this server: give the tools as \
                                   functions, or use the Responses API.";
                    return Err(ApiError::invalid(message).param(param).code("not_built_yet"));
                }
                Some(other) => {
                    return Err(ApiError::unsupported_value(&wire.path("type"), other, &["function", "mcp"]));
                }
            }
            let Value::Object(map) = tool else { continue };
            offered.push(tools::function(parsed::<FunctionWire>(map, &param)?, &param)?);
        }
        self.tools.offered = offered;
        self.shown_tools = list.to_vec();
        Ok(())
    }

    /// Puts tools and choice together.
    fn choose_tools(&mut self, path: &str) -> Result<(), ApiError> {
        let param = format!("{path}.tool_choice");
        let wanted = match &self.tool_choice {
            Value::String(mode) => Wanted::Mode(mode.clone()),
            Value::Object(choice) => {
                let name = choice.get("name").and_then(Value::as_str);
                Wanted::Named(name.ok_or_else(|| ApiError::missing(&format!("{param}.name")))?.to_owned())
            }
            other => return Err(ApiError::wrong_type(&param, "one of a string or object", other)),
        };
        let one_at_a_time = self.parallel_tool_calls == Some(false);
        self.tools = tools::choose(std::mem::take(&mut self.tools.offered), Some(wanted), &param)?;
        self.tools.one_at_a_time = one_at_a_time;
        Ok(())
    }

    /// The configuration of one response, with what `response.create` says.
    ///
    /// # Errors
    /// Something in it is wrong; its path begins with `response`.
    pub(super) fn of_response(
        &self,
        context: &Context,
        dialect: Dialect,
        response: &Map<String, Value>,
        has_spoken: bool,
    ) -> Result<Self, ApiError> {
        let mut own = self.clone();
        let wish = Reading::new(response, "response");
        own.take_common(&wish, if wish.get("max_output_tokens").is_some() { "max_output_tokens" } else { MOST_BETA })?;
        match dialect {
            Dialect::General | Dialect::Translation => {
                wish.check_names(RESPONSE)?;
                if let Some(modalities) = wish.list("output_modalities")? {
                    own.speaks = modality(context, self, modalities, &wish.path("output_modalities"), false)?;
                }
                if let Some(output) = wish.object("audio")?.map(|audio| audio.object("output")).transpose()?.flatten() {
                    output.check_names(&["format", "voice"])?;
                    own.take_output(&output)?;
                }
            }
            Dialect::Beta => {
                wish.check_names(RESPONSE_BETA)?;
                if let Some(modalities) = wish.list("modalities")? {
                    own.speaks = modality(context, self, modalities, &wish.path("modalities"), true)?;
                }
                if let Some(coding) = beta_coding(&wish, "output_audio_format")? {
                    own.output.coding = coding;
                }
                if let Some(voice) = wish.get("voice") {
                    own.take_voice(voice, &wish.path("voice"))?;
                }
                own.temperature = wish.decimal("temperature", 0.6, 1.2)?.unwrap_or(own.temperature);
            }
        }
        if has_spoken && own.speaks && own.voice_name() != self.voice_name() {
            return Err(voice_is_set());
        }
        if let Some(given) = wish.object("metadata")?.and_then(|_| wish.get("metadata")) {
            metadata(given.as_object())?;
            own.metadata = Some(given.clone());
        }
        own.choose_tools("response")?;
        Ok(own)
    }
}

const MOST_BETA: &str = "max_response_output_tokens";
const RESPONSE: &[&str] = &[
    "output_modalities",
    "instructions",
    "audio",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "max_output_tokens",
    "conversation",
    "metadata",
    "prompt",
    "input",
];
const RESPONSE_BETA: &[&str] = &[
    "modalities",
    "instructions",
    "voice",
    "output_audio_format",
    "tools",
    "tool_choice",
    "temperature",
    "max_output_tokens",
    MOST_BETA,
    "conversation",
    "metadata",
    "prompt",
    "input",
];

fn voice_is_set() -> ApiError {
    let message = "Cannot update a conversation's voice if assistant audio is present.";
    ApiError::invalid(message).code("cannot_update_voice")
}

/// Whether answers are spoken.
fn modality(context: &Context, config: &Config, list: &[Value], param: &str, has_both: bool) -> Result<bool, ApiError> {
    let mut named = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let param = format!("{param}[{index}]");
        let name = value.as_str().ok_or_else(|| ApiError::wrong_type(&param, "a string", value))?;
        if !matches!(name, "text" | "audio") {
            return Err(ApiError::unsupported_value(&param, name, &["text", "audio"]));
        }
        named.push(name);
    }
    let speaks = named.contains(&"audio");
    let fits = match (speaks, named.len()) {
        (_, 1) => true,
        (true, 2) => has_both,
        _ => false,
    };
    if !fits {
        let (got, known) = (
            format!("{named:?}").replace('"', "'"),
            if has_both { "['text'] and ['audio', 'text']" } else { "['text'] and ['audio']" },
        );
        let message = format!("Invalid modalities: {got}. Supported combinations are: {known}.");
        return Err(ApiError::invalid(message).param(param).code("invalid_value"));
    }
    let can_speak = context.app().settings.audio.enabled && config.card.capabilities.audio_output;
    if speaks && !can_speak {
        let message = "This model does not speak: only ['text'] is supported.";
        return Err(ApiError::invalid(message).param(param).code("unsupported_value"));
    }
    Ok(speaks)
}

fn general_coding(wish: &Reading<'_>) -> Result<Option<Coding>, ApiError> {
    let Some(format) = wish.object("format")? else { return Ok(None) };
    format.check_names(&["type", "rate"])?;
    let names = Coding::ALL.map(Coding::name);
    let name = format.word("type", &names)?.ok_or_else(|| ApiError::missing(&format.path("type")))?;
    let coding = Coding::ALL.into_iter().find(|coding| coding.name() == name).unwrap_or_default();
    let rate = i64::from(coding.rate());
    if let Some(given) = format.integer("rate", 1, i64::MAX)?.filter(|given| *given != rate) {
        let message = format!("Invalid value: {given}. Supported values are: {rate}.");
        return Err(ApiError::invalid(message).param(format.path("rate")).code("invalid_value"));
    }
    Ok(Some(coding))
}

fn beta_coding(wish: &Reading<'_>, name: &str) -> Result<Option<Coding>, ApiError> {
    let names = Coding::ALL.map(Coding::beta_name);
    let named = wish.word(name, &names)?;
    Ok(named.and_then(|named| Coding::ALL.into_iter().find(|coding| coding.beta_name() == named)))
}

fn turn_detection(wish: &Reading<'_>, before: Option<TurnDetection>) -> Result<TurnDetection, ApiError> {
    let before = before.unwrap_or_default();
    let kind = wish.word("type", &["server_vad", "semantic_vad"])?;
    let was_sense = matches!(before.means, Means::Sense(_));
    let means = match kind {
        Some("semantic_vad") => {
            wish.check_names(&["type", "eagerness", "create_response", "interrupt_response"])?;
            let names = Eagerness::ALL.map(|(name, _)| name);
            let name = wish.word("eagerness", &names)?.unwrap_or("auto");
            let found = Eagerness::ALL.iter().find(|(known, _)| *known == name);
            Means::Sense(found.map_or(Eagerness::Auto, |(_, eagerness)| *eagerness))
        }
        None if was_sense => before.means,
        _ => silence(wish, before.means)?,
    };
    Ok(TurnDetection {
        means,
        creates: wish.flag("create_response")?.unwrap_or(before.creates),
        interrupts: wish.flag("interrupt_response")?.unwrap_or(before.interrupts),
    })
}

fn silence(wish: &Reading<'_>, before: Means) -> Result<Means, ApiError> {
    wish.check_names(&[
        "type",
        "threshold",
        "prefix_padding_ms",
        "silence_duration_ms",
        "idle_timeout_ms",
        "create_response",
        "interrupt_response",
    ])?;
    let (mut threshold, mut prefix, mut quiet, mut idle) = (0.5, 300, 500, None);
    if let Means::Silence { threshold: was, prefix_padding_ms, silence_duration_ms, idle_timeout_ms } = before {
        (threshold, prefix, quiet, idle) = (was, prefix_padding_ms, silence_duration_ms, idle_timeout_ms);
    }
    if wish.raw("idle_timeout_ms").is_some() {
        idle = wish.integer("idle_timeout_ms", 5000, 30_000)?.map(|wait| wait as u32);
    }
    Ok(Means::Silence {
        threshold: wish.decimal("threshold", 0.0, 1.0)?.unwrap_or(threshold),
        prefix_padding_ms: wish.integer("prefix_padding_ms", 0, 10_000)?.map_or(prefix, |wait| wait as u32),
        silence_duration_ms: wish.integer("silence_duration_ms", 0, 60_000)?.map_or(quiet, |wait| wait as u32),
        idle_timeout_ms: idle,
    })
}

fn tracing_of(tracing: &Value, wish: &Reading<'_>) -> Result<Value, ApiError> {
    match tracing {
        Value::Null => {}
        Value::String(mode) if mode == "auto" => {}
        Value::String(mode) => return Err(ApiError::unsupported_value(&wish.path("tracing"), mode, &["auto"])),
        Value::Object(_) => {
            let object = object_of(tracing, &wish.path("tracing"))?;
            object.check_names(&["workflow_name", "group_id", "metadata"])?;
            object.text("workflow_name")?;
            object.text("group_id")?;
            object.object("metadata")?;
        }
        other => return Err(ApiError::wrong_type(&wish.path("tracing"), "one of a string or object", other)),
    }
    Ok(tracing.clone())
}

fn includes(list: &[Value], param: &str) -> Result<bool, ApiError> {
    const LOGPROBS: &str = "item.input_audio_transcription.logprobs";
    for (index, value) in list.iter().enumerate() {
        let param = format!("{param}[{index}]");
        let name = value.as_str().ok_or_else(|| ApiError::wrong_type(&param, "a string", value))?;
        if name != LOGPROBS {
            return Err(ApiError::unsupported_value(&param, name, &[LOGPROBS]));
        }
    }
    Ok(!list.is_empty())
}

fn truncation(wish: &Reading<'_>) -> Result<Truncation, ApiError> {
    match wish.get("truncation") {
        Some(Value::String(mode)) if mode == "auto" => Ok(Truncation::Auto),
        Some(Value::String(mode)) if mode == "disabled" => Ok(Truncation::Disabled),
        Some(Value::String(mode)) => {
            Err(ApiError::unsupported_value(&wish.path("truncation"), mode, &["auto", "disabled"]))
        }
        Some(value) => {
            let object = object_of(value, &wish.path("truncation"))?;
            object.check_names(&["type", "retention_ratio", "token_limits"])?;
            object.word("type", &["retention_ratio"])?;
            let ratio = object.decimal("retention_ratio", 0.0, 1.0)?;
            let ratio = ratio.ok_or_else(|| ApiError::missing(&object.path("retention_ratio")))?;
            let limits = object.object("token_limits")?;
            let most = limits.map(|limits| limits.integer("post_instructions", 0, i64::from(u32::MAX))).transpose()?;
            Ok(Truncation::Ratio(ratio, most.flatten().map(|most| most as u32)))
        }
        None => Ok(Truncation::Auto),
    }
}
