//! What is asked for, told from the cues of a prompt.

use std::ops::Range;

use super::Language;
use super::arithmetic;
use super::talk::ideographic_small_talk;
use super::things;
use super::tone::number;
use super::verbatim::said_exactly;
use super::words::{Cue, Program, Words};

/// What an answer has to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Intent {
    Greeting,
    Wellbeing,
    Thanks,
    Acknowledge,
    Identity,
    Joke,
    /// Exactly this part of the prompt.
    Say(Range<usize>),
    /// The value of an expression.
    Arithmetic(f64),
    /// The capital of a country.
    Capital,
    Code(Option<Program>),
    Json,
    Table,
    /// So many items of something.
    List(u32),
    Translate,
    Summary,
    Rewrite,
    Letter {
        email: bool,
    },
    Story,
    Poem,
    Compare,
    HowTo,
    YesNo,
    Fact,
    Explain,
    Essay,
    /// No question at all.
    Statement,
    /// Text to go on with.
    Continue,
}

impl Intent {
    /// Mean of the logarithm of the tokens such an answer has; `None` where the answer itself decides.
    pub(crate) const fn log_tokens(&self) -> Option<f64> {
        match self {
            Self::Explain => Some(5.2),
            Self::Essay => Some(6.4),
            Self::HowTo | Self::Compare => Some(5.4),
            Self::YesNo => Some(4.2),
            Self::Fact | Self::Continue => Some(4.6),
            Self::Story => Some(5.5),
            _ => None,
        }
    }
}

/// Longer texts are more than something said in passing.
const MOST_STATEMENT_WORDS: usize = 30;

/// What is asked for, and from which byte on the prompt says about what.
pub(crate) fn read(text: &str, words: &Words) -> (Intent, u32) {
    if let Some(range) = said_exactly(text) {
        return (Intent::Say(range), 0);
    }
    let cues = Cues { text, words };
    if let Some(found) = cues.small_talk() {
        return (found, 0);
    }
    if let Some(value) = arithmetic::asked(text) {
        return (Intent::Arithmetic(value), 0);
    }
    let (intent, from) = cues.task().or_else(|| cues.question()).unwrap_or_else(|| {
        // A long text without a question is there to be talked about.
        let long = words.list.len() > MOST_STATEMENT_WORDS;
        (if long { Intent::Explain } else { Intent::Statement }, 0)
    });
    let from = if matches!(intent, Intent::List(_) | Intent::HowTo | Intent::Capital | Intent::Translate) {
        from
    } else {
        cues.behind_about(from).unwrap_or(from)
    };
    (intent, from)
}

struct Cues<'a> {
    text: &'a str,
    words: &'a Words,
}

impl Cues<'_> {
    fn word(&self, index: usize) -> &str {
        self.words.list.get(index).map_or("", |word| word.of(self.text))
    }

    fn cue(&self, index: usize) -> Option<Cue> {
        self.words.list.get(index).map(|word| word.cue)
    }

    /// The byte behind the first word with a cue that `wanted` says yes to.
    fn after(&self, wanted: impl Fn(Cue) -> bool) -> Option<u32> {
        self.words.list.iter().find(|word| wanted(word.cue)).map(|word| word.end)
    }

    fn has(&self, cue: Cue) -> bool {
        self.words.seen & cue.bit() != 0
    }

    /// The byte behind "about": what follows is what the prompt is about.
    fn behind_about(&self, from: u32) -> Option<u32> {
        if !self.has(Cue::About) {
            return None;
        }
        let list = &self.words.list;
        let about = list.iter().find(|word| word.cue == Cue::About && word.start >= from)?;
        list.iter().any(|word| word.start >= about.end).then_some(about.end)
    }

    fn small_talk(&self) -> Option<Intent> {
        let count = self.words.list.len();
        let phrase = |words: &[&str]| {
            (0..count.min(8)).any(|at| {
                words.iter().enumerate().all(|(offset, word)| self.word(at + offset).eq_ignore_ascii_case(word))
            })
        };
        if count <= 12
            && (phrase(&["who", "are", "you"])
                || phrase(&["your", "name"])
                || phrase(&["model", "are", "you"])
                || phrase(&["quién", "eres"])
                || phrase(&["qui", "es", "tu"])
                || phrase(&["wer", "bist", "du"]))
        {
            return Some(Intent::Identity);
        }
        if count <= 8
            && (phrase(&["how", "are", "you"])
                || phrase(&["cómo", "estás"])
                || phrase(&["wie", "geht"])
                || phrase(&["comment", "vas"]))
            && !self.has(Cue::Translate)
        {
            return Some(Intent::Wellbeing);
        }
        if count <= 24
            && !self.text.is_ascii()
            && let Some(intent) = ideographic_small_talk(self.text)
        {
            return Some(intent);
        }
        if self.has(Cue::Joke) {
            return Some(Intent::Joke);
        }
        let open = |cue| {
            matches!(
                cue,
                Cue::Content
                    | Cue::Function
                    | Cue::Doer
                    | Cue::Filler
                    | Cue::About
                    | Cue::Greeting
                    | Cue::Thanks
                    | Cue::Fine
            )
        };
        let idle = self.words.list.iter().all(|word| open(word.cue) || word.cue == Cue::Auxiliary);
        match self.cue(0)? {
            Cue::Greeting if count <= 4 && idle => Some(Intent::Greeting),
            Cue::Fine if count <= 2 => Some(Intent::Acknowledge),
            _ if count <= 14 && idle && (0..3).any(|at| self.cue(at) == Some(Cue::Thanks)) => Some(Intent::Thanks),
            _ => None,
        }
    }

    /// Something to be made.
    fn task(&self) -> Option<(Intent, u32)> {
        let writes = self.has(Cue::Write) || self.has(Cue::Explain);
        let program = self.program();
        let made = |intent: Intent, cue: Cue| {
            if self.has(cue) { self.after(|found| found == cue).map(|after| (intent, after)) } else { None }
        };
        if let Some(found) = made(Intent::Translate, Cue::Translate) {
            return Some(found);
        }
        if let Some(found) = made(Intent::Summary, Cue::Summary) {
            return Some(found);
        }
        if self.has(Cue::Rewrite) && (self.text.contains(':') || self.text.contains('\n')) && program.is_none() {
            return made(Intent::Rewrite, Cue::Rewrite);
        }
        if self.has(Cue::Json) && !self.has(Cue::Code) {
            return made(Intent::Json, Cue::Json);
        }
        if (program.is_some() && (writes || self.has(Cue::Code)))
            || (writes && self.has(Cue::Code) && !self.has(Cue::Essay))
        {
            return Some((Intent::Code(program), self.after(|cue| cue == Cue::Code || cue == Cue::Write).unwrap_or(0)));
        }
        if let Some(found) = made(Intent::Table, Cue::Table).filter(|_| writes || self.has(Cue::Compare)) {
            return Some(found);
        }
        let letter = |cue: Cue| if writes && self.has(cue) { self.after(|found| found == cue) } else { None };
        if let Some(after) = letter(Cue::Email) {
            return Some((Intent::Letter { email: true }, after));
        }
        if let Some(after) = letter(Cue::Letter) {
            return Some((Intent::Letter { email: false }, after));
        }
        // "Brief" is German for a letter.
        if self.has(Cue::Short) && self.text.contains("Brief") && Language::of(self.words) == Language::German {
            return made(Intent::Letter { email: false }, Cue::Short);
        }
        made(Intent::Poem, Cue::Poem)
            .or_else(|| made(Intent::Story, Cue::Story).filter(|_| writes))
            .or_else(|| made(Intent::Compare, Cue::Compare))
            .or_else(|| self.list())
            .or_else(|| made(Intent::Essay, Cue::Essay).filter(|_| writes))
            .or_else(|| self.ideographic_task())
    }

    /// The machine language named. Short names mean other things too, so they count only behind "in" or beside code.
    fn program(&self) -> Option<Program> {
        if !self.has(Cue::Program(Program::C)) {
            return None;
        }
        let list = &self.words.list;
        (0..list.len()).find_map(|at| match list[at].cue {
            Cue::Program(Program::Go | Program::C | Program::Html | Program::Bash)
                if !self.has(Cue::Code) && !self.towards(at) =>
            {
                None
            }
            Cue::Program(Program::Go) if !self.has(Cue::Code) => None,
            Cue::Program(program) => Some(program),
            _ => None,
        })
    }

    fn towards(&self, at: usize) -> bool {
        at > 0
            && ["in", "en", "with", "using", "a", "an", "simple"]
                .iter()
                .any(|word| self.word(at - 1).eq_ignore_ascii_case(word))
    }

    /// "5 ideas for …", "list three reasons", "what are some tips".
    fn list(&self) -> Option<(Intent, u32)> {
        let things = || things::asked(self.text, self.words).map(|(count, from)| (Intent::List(count.min(100)), from));
        if !self.has(Cue::List) {
            return things();
        }
        let list = &self.words.list;
        let at = list.iter().position(|word| word.cue == Cue::List)?;
        let numbers = list[..at].iter().rev().take(4).chain(list[at..].iter().skip(1).take(4));
        // "List three rivers": the one word that asks says nothing about what of.
        if self.word(at).eq_ignore_ascii_case("list")
            && !list[at + 1..].iter().any(|word| word.cue == Cue::List)
            && let Some(found) = things()
        {
            return Some(found);
        }
        let count = numbers.filter_map(|word| number(word.cue, word.of(self.text))).find(|count| *count > 1);
        let asked = count.is_some()
            || list[..at]
                .iter()
                .any(|word| matches!(word.cue, Cue::Write | Cue::Explain | Cue::What | Cue::Which | Cue::List))
            || at <= 1
            || ["recommend", "suggest"].iter().any(|asks| self.word(at).eq_ignore_ascii_case(asks));
        asked.then(|| (Intent::List(count.unwrap_or(5).min(100)), list[at].end))
    }

    fn question(&self) -> Option<(Intent, u32)> {
        let list = &self.words.list;
        let first = list.iter().take(6).find(|word| {
            matches!(
                word.cue,
                Cue::What
                    | Cue::Who
                    | Cue::When
                    | Cue::Where
                    | Cue::Why
                    | Cue::How
                    | Cue::Which
                    | Cue::Explain
                    | Cue::Auxiliary
            )
        });
        if self.has(Cue::Capital) {
            return Some((Intent::Capital, self.after(|cue| cue == Cue::Capital).unwrap_or(0)));
        }
        if self.has(Cue::Explain) {
            return Some((Intent::Explain, self.after(|cue| cue == Cue::Explain).unwrap_or(0)));
        }
        let Some(first) = first else { return self.ideographic_question() };
        let next = list.iter().find(|word| word.start >= first.end);
        let intent = match first.cue {
            Cue::How if next.is_some_and(|next| is_doing(next.of(self.text))) => Intent::HowTo,
            Cue::How | Cue::Why => Intent::Explain,
            // "Was" asks a German for a fact and an English speaker for yes or no.
            Cue::Auxiliary
                if first.of(self.text).eq_ignore_ascii_case("was") && Language::of(self.words) == Language::German =>
            {
                Intent::Fact
            }
            Cue::Auxiliary => Intent::YesNo,
            _ => Intent::Fact,
        };
        Some((intent, first.end))
    }

    fn ideographic_question(&self) -> Option<(Intent, u32)> {
        const ASKED: &[(&str, Intent)] = &[
            ("怎么", Intent::HowTo),
            ("如何", Intent::HowTo),
            ("怎样", Intent::HowTo),
            ("方法", Intent::HowTo),
            ("区别", Intent::Compare),
            ("違い", Intent::Compare),
            ("比較", Intent::Compare),
            ("比较", Intent::Compare),
            ("为什么", Intent::Explain),
            ("なぜ", Intent::Explain),
            ("说明", Intent::Explain),
            ("解释", Intent::Explain),
            ("介绍", Intent::Explain),
            ("説明", Intent::Explain),
            ("教えて", Intent::Explain),
            ("吗", Intent::YesNo),
            ("どうやって", Intent::HowTo),
            ("什么", Intent::Fact),
            ("何", Intent::Fact),
            ("誰", Intent::Fact),
            ("谁", Intent::Fact),
        ];
        self.ideographic(ASKED)
    }

    fn ideographic_task(&self) -> Option<(Intent, u32)> {
        const TASKS: &[(&str, Intent)] = &[
            ("翻译", Intent::Translate),
            ("翻訳", Intent::Translate),
            ("总结", Intent::Summary),
            ("概括", Intent::Summary),
            ("要約", Intent::Summary),
            ("诗", Intent::Poem),
            ("詩", Intent::Poem),
            ("故事", Intent::Story),
            ("物語", Intent::Story),
            ("邮件", Intent::Letter { email: true }),
            ("メールを", Intent::Letter { email: true }),
            ("表格", Intent::Table),
            ("コードを", Intent::Code(None)),
            ("关数", Intent::Code(None)),
            ("関数を", Intent::Code(None)),
            ("代码", Intent::Code(None)),
            ("推荐", Intent::List(5)),
            ("おすすめ", Intent::List(5)),
            ("列出", Intent::List(5)),
            ("建议", Intent::List(5)),
            ("例を", Intent::List(3)),
            ("作文", Intent::Essay),
            ("文章", Intent::Essay),
        ];
        self.ideographic(TASKS)
    }

    fn ideographic(&self, table: &[(&str, Intent)]) -> Option<(Intent, u32)> {
        let head = &self.text[..self.text.floor_char_boundary(300)];
        if head.is_ascii() {
            return None;
        }
        let found = table.iter().find(|(word, _)| head.contains(word));
        found.map(|(_, intent)| (intent.clone(), 0))
    }
}

fn is_doing(word: &str) -> bool {
    ["do", "can", "to", "could", "should", "would", "puedo", "se", "hago", "kann", "mache", "faire", "puis", "peut"]
        .iter()
        .any(|doing| word.eq_ignore_ascii_case(doing))
}
