//! Whether a tool fits what the user said.

use crate::embedding::Bag;
use crate::finds::wish_words;
use crate::prose::Language;
use crate::{GenerationRequest, Prompt, Role, Tool, ToolChoice, ToolInput, Turn};

/// Kinship from which a tool is called without being told to.
const ENOUGH: f32 = 1.0;

/// What a conversation says since the user last spoke.
pub(super) struct Situation<'a> {
    /// What the user said.
    pub(super) text: &'a str,
    /// Calls made since: name and input.
    pub(super) made: Vec<(&'a str, &'a str)>,
    /// Their results.
    pub(super) results: Vec<ToolResult<'a>>,
}

/// What a tool gave back.
pub(super) struct ToolResult<'a> {
    /// The tool, where it is known.
    pub(super) tool: &'a str,
    /// What it was called with.
    pub(super) input: &'a str,
    /// What it said.
    pub(super) text: &'a str,
}

impl<'a> Situation<'a> {
    pub(super) fn of(request: &'a GenerationRequest) -> Self {
        let turns: &[Turn] = match &request.prompt {
            Prompt::Chat(turns) => turns,
            Prompt::Completion(_) => &[],
        };
        let from = turns.iter().rposition(|turn| turn.role == Role::User).map_or(0, |at| at + 1);
        let since = &turns[from..];
        let calls = || since.iter().flat_map(|turn| &turn.calls);
        let result = |turn: &'a Turn| {
            let id = turn.answers.as_deref();
            let call = calls().find(|call| id == Some(call.id.as_str()));
            // The older form has no ids: the name says which call it was.
            let call = call.or_else(|| calls().find(|call| turn.name.as_deref() == Some(call.name.as_str())));
            let tool = call.map(|call| call.name.as_str()).or(turn.name.as_deref()).unwrap_or_default();
            let input = call.map_or("", |call| call.input.as_str());
            ToolResult { tool, input, text: turn.text().unwrap_or_default() }
        };
        let results = since.iter().filter(|turn| matches!(turn.role, Role::Tool | Role::Function));
        Self {
            text: request.last_user_text(),
            made: calls().map(|call| (call.name.as_str(), call.input.as_str())).collect(),
            results: results.map(result).collect(),
        }
    }
}

/// The tools to call, by their places, the best first; none means an answer in words.
pub(super) fn chosen(request: &GenerationRequest, situation: &Situation<'_>, language: Language) -> Vec<usize> {
    let tools = &request.tools;
    let fresh = |tool: &Tool| situation.made.iter().all(|(name, _)| *name != tool.name);
    match tools.choice {
        ToolChoice::Never => Vec::new(),
        ToolChoice::Named(place) => vec![place],
        ToolChoice::Required | ToolChoice::Auto => {
            let said = Bag::of(&[situation.text, &hints(situation.text, language)].join(" "));
            let allowed = tools.offered.iter().enumerate().filter(|(_, tool)| tool.allowed);
            let mut fits: Vec<(f32, usize)> =
                allowed.map(|(place, tool)| (fit(&said, situation.text, tool), place)).collect();
            // Ties go to the tool that stands first.
            fits.sort_by(|a, b| b.0.total_cmp(&a.0));
            // One that was called has given what it can: conversations end.
            let open: Vec<(f32, usize)> =
                fits.iter().copied().filter(|(_, place)| fresh(&tools.offered[*place])).collect();
            if tools.choice == ToolChoice::Required {
                let best = open.first().or(fits.first());
                return best.map(|(_, place)| *place).into_iter().collect();
            }
            wanted(&open, situation)
        }
    }
}

/// Of the tools not called yet, those that fit well enough.
fn wanted(open: &[(f32, usize)], situation: &Situation<'_>) -> Vec<usize> {
    let Some((best, first)) = open.first().copied().filter(|(fit, _)| *fit >= ENOUGH) else { return Vec::new() };
    // "… and then mail it": what comes after the first thing asked for is another tool's.
    let joined = [" and ", " then ", " also ", ", "].iter().any(|word| situation.text.contains(word));
    let others = open[1..].iter().filter(|(fit, _)| joined && *fit >= ENOUGH && *fit >= 0.75 * best);
    std::iter::once(first).chain(others.map(|(_, place)| *place)).take(4).collect()
}

/// First words of tools' names.
const VERBS: [&str; 24] = [
    "get", "set", "run", "do", "make", "create", "add", "update", "delete", "remove", "list", "find", "fetch",
    "lookup", "look", "search", "send", "check", "query", "show", "read", "write", "execute", "call",
];

/// Words of other languages, and what their tools are called in English.
const FOREIGN: [(&[&str], &str); 14] = [
    (
        &[
            "wetter",
            "regnet",
            "tiempo",
            "clima",
            "météo",
            "meteo",
            "temps",
            "天气",
            "天気",
            "날씨",
            "погода",
            "umbrella",
            "rain",
        ],
        "weather",
    ),
    (&["temperatur", "temperatura", "température", "温度", "気温"], "temperature weather"),
    (&["suche", "buscar", "busca", "cherche", "rechercher", "搜索", "查找", "検索", "探して"], "search find"),
    (&["sende", "schicke", "enviar", "envía", "envoie", "envoyer", "发送", "送って"], "send"),
    (&["bestellung", "pedido", "commande", "订单", "注文"], "order"),
    (
        &[
            "termin",
            "kalender",
            "calendario",
            "cita",
            "agenda",
            "rendez-vous",
            "日历",
            "予定",
            "meeting",
            "appointment",
        ],
        "calendar event schedule",
    ),
    (&["übersetze", "traduce", "traducir", "traduis", "traduire", "翻译", "翻訳"], "translate"),
    (&["preis", "precio", "prix", "价格", "値段"], "price"),
    (&["nachrichten", "noticias", "actualités", "新闻", "ニュース"], "news"),
    (&["uhr", "uhrzeit", "hora", "heure", "几点", "何時"], "time clock"),
    (&["flug", "vuelo", "vol", "航班", "飛行機"], "flight"),
    (&["rechne", "berechne", "calcula", "calcule", "计算", "計算"], "calculate"),
    (&["aktie", "acción", "bourse", "股票", "株価"], "stock"),
    (&["email", "e-mail", "correo", "courriel", "邮件", "メール"], "email"),
];

/// What the words of a text are called in English, and the language it is in, for tools that speak one.
fn hints(text: &str, language: Language) -> String {
    let lower = text.to_lowercase();
    let is_word = |word: &str| {
        let wide = word.chars().any(|letter| letter as u32 > 0x2E80);
        lower.match_indices(word).any(|(at, _)| {
            let before = lower[..at].ends_with(char::is_alphabetic);
            let after = lower[at + word.len()..].starts_with(char::is_alphabetic);
            wide || (!before && !after)
        })
    };
    let mut hints: Vec<&str> = FOREIGN
        .iter()
        .filter(|(words, _)| words.iter().any(|word| is_word(word)))
        .map(|(_, english)| *english)
        .collect();
    if language != Language::English {
        hints.push(language.name());
    }
    hints.join(" ")
}

/// How well a tool fits what was said: its name tells most, then what it is for, then what it takes.
fn fit(said: &Bag, text: &str, tool: &Tool) -> f32 {
    let mut words = wish_words(&tool.name);
    // What is done with something tells less than what it is done with.
    let verb = if words.len() > 1 && VERBS.contains(&words[0].as_str()) { words.remove(0) } else { String::new() };
    let name = Bag::of(&words.join(" "));
    let description = Bag::of(&tool.description);
    let mut fit = 1.2 * said.shared(&name) + 0.4 * said.shared(&Bag::of(&verb));
    fit += 0.8 * said.shared(&description).min(2.0);
    if let ToolInput::Arguments(arguments) = &tool.input {
        let (mut names, mut values) = (String::new(), String::new());
        for (name, field) in arguments.source()["properties"].as_object().into_iter().flatten() {
            names.extend([&wish_words(name).join(" "), " "]);
            names.extend([field["description"].as_str().unwrap_or_default(), " "]);
            for value in field["enum"].as_array().into_iter().flatten().filter_map(|value| value.as_str()) {
                values.extend([value, " "]);
            }
        }
        fit += 0.3 * said.shared(&Bag::of(&names)).min(2.0) + 1.0 * said.shared(&Bag::of(&values)).min(1.0);
    }
    // "Use get_weather": the tool is named.
    if text.contains(&tool.name) { fit + 3.0 } else { fit }
}
