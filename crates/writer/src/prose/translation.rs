//! Translating the sentences and words people test translators with.

use super::Language;
use super::composer::Composer;
use super::slots::capitalise;

/// The same in English, Spanish, French, German, Chinese and Japanese. Whole sentences first: the first that fits wins.
const PHRASES: &[[&str; Language::COUNT]] = &[
    ["good morning", "buenos días", "bonjour", "guten Morgen", "早上好", "おはようございます"],
    ["good evening", "buenas tardes", "bonsoir", "guten Abend", "晚上好", "こんばんは"],
    ["good night", "buenas noches", "bonne nuit", "gute Nacht", "晚安", "おやすみなさい"],
    ["how are you", "cómo estás", "comment allez-vous", "wie geht es dir", "你好吗", "お元気ですか"],
    [
        "thank you very much",
        "muchas gracias",
        "merci beaucoup",
        "vielen Dank",
        "非常感谢",
        "どうもありがとうございます",
    ],
    ["thank you", "gracias", "merci", "danke", "谢谢", "ありがとう"],
    ["thanks", "gracias", "merci", "danke", "谢谢", "ありがとう"],
    ["you are welcome", "de nada", "de rien", "gern geschehen", "不客气", "どういたしまして"],
    ["see you later", "hasta luego", "à plus tard", "bis später", "回头见", "また後で"],
    ["see you tomorrow", "hasta mañana", "à demain", "bis morgen", "明天见", "また明日"],
    [
        "where is the train station",
        "dónde está la estación de tren",
        "où est la gare",
        "wo ist der Bahnhof",
        "火车站在哪里",
        "駅はどこですか",
    ],
    [
        "where is the bathroom",
        "dónde está el baño",
        "où sont les toilettes",
        "wo ist die Toilette",
        "洗手间在哪里",
        "お手洗いはどこですか",
    ],
    ["how much does it cost", "cuánto cuesta", "combien ça coûte", "wie viel kostet das", "多少钱", "いくらですか"],
    ["my name is", "me llamo", "je m'appelle", "ich heiße", "我叫", "私の名前は"],
    [
        "what is your name",
        "cómo te llamas",
        "comment vous appelez-vous",
        "wie heißt du",
        "你叫什么名字",
        "お名前は何ですか",
    ],
    ["i love you", "te quiero", "je t'aime", "ich liebe dich", "我爱你", "愛しています"],
    ["i would like", "quisiera", "je voudrais", "ich möchte", "我想要", "お願いします"],
    [
        "the weather is nice today",
        "hoy hace buen tiempo",
        "il fait beau aujourd'hui",
        "das Wetter ist heute schön",
        "今天天气很好",
        "今日はいい天気です",
    ],
    ["the weather is nice", "hace buen tiempo", "il fait beau", "das Wetter ist schön", "天气很好", "天気がいいです"],
    ["hello world", "hola mundo", "bonjour le monde", "hallo Welt", "你好，世界", "こんにちは、世界"],
    [
        "happy birthday",
        "feliz cumpleaños",
        "joyeux anniversaire",
        "alles Gute zum Geburtstag",
        "生日快乐",
        "お誕生日おめでとう",
    ],
    ["excuse me", "perdone", "excusez-moi", "entschuldigung", "请问", "すみません"],
    ["i am sorry", "lo siento", "je suis désolé", "es tut mir leid", "对不起", "ごめんなさい"],
    ["i don't understand", "no entiendo", "je ne comprends pas", "ich verstehe nicht", "我不明白", "分かりません"],
    ["hello", "hola", "bonjour", "hallo", "你好", "こんにちは"],
    ["goodbye", "adiós", "au revoir", "auf Wiedersehen", "再见", "さようなら"],
    ["please", "por favor", "s'il vous plaît", "bitte", "请", "お願いします"],
    ["yes", "sí", "oui", "ja", "是", "はい"],
    ["no", "no", "non", "nein", "不", "いいえ"],
    ["the cat", "el gato", "le chat", "die Katze", "猫", "猫"],
    ["the dog", "el perro", "le chien", "der Hund", "狗", "犬"],
    ["the house", "la casa", "la maison", "das Haus", "房子", "家"],
    ["the book", "el libro", "le livre", "das Buch", "书", "本"],
    ["the world", "el mundo", "le monde", "die Welt", "世界", "世界"],
    ["cat", "gato", "chat", "Katze", "猫", "猫"],
    ["dog", "perro", "chien", "Hund", "狗", "犬"],
    ["house", "casa", "maison", "Haus", "房子", "家"],
    ["book", "libro", "livre", "Buch", "书", "本"],
    ["water", "agua", "eau", "Wasser", "水", "水"],
    ["coffee", "café", "café", "Kaffee", "咖啡", "コーヒー"],
    ["bread", "pan", "pain", "Brot", "面包", "パン"],
    ["friend", "amigo", "ami", "Freund", "朋友", "友達"],
    ["love", "amor", "amour", "Liebe", "爱", "愛"],
    ["peace", "paz", "paix", "Frieden", "和平", "平和"],
    ["time", "tiempo", "temps", "Zeit", "时间", "時間"],
    ["day", "día", "jour", "Tag", "天", "日"],
    ["night", "noche", "nuit", "Nacht", "夜晚", "夜"],
    ["today", "hoy", "aujourd'hui", "heute", "今天", "今日"],
    ["tomorrow", "mañana", "demain", "morgen", "明天", "明日"],
    ["sun", "sol", "soleil", "Sonne", "太阳", "太陽"],
    ["sea", "mar", "mer", "Meer", "海", "海"],
    ["train", "tren", "train", "Zug", "火车", "電車"],
    ["school", "escuela", "école", "Schule", "学校", "学校"],
    ["city", "ciudad", "ville", "Stadt", "城市", "都市"],
    ["is", "es", "est", "ist", "是", "は"],
    ["are", "son", "sont", "sind", "是", "は"],
    ["and", "y", "et", "und", "和", "と"],
    ["or", "o", "ou", "oder", "或", "または"],
    ["with", "con", "avec", "mit", "和", "と"],
    ["in", "en", "dans", "in", "在", "で"],
    ["i", "yo", "je", "ich", "我", "私"],
    ["you", "tú", "vous", "du", "你", "あなた"],
    ["we", "nosotros", "nous", "wir", "我们", "私たち"],
    ["my", "mi", "mon", "mein", "我的", "私の"],
    ["the", "el", "le", "die", "", ""],
    ["a", "un", "un", "ein", "一个", ""],
    ["very", "muy", "très", "sehr", "很", "とても"],
    ["good", "bueno", "bon", "gut", "好", "良い"],
    ["beautiful", "hermoso", "beau", "schön", "美丽", "美しい"],
    ["big", "grande", "grand", "groß", "大", "大きい"],
    ["small", "pequeño", "petit", "klein", "小", "小さい"],
    ["new", "nuevo", "nouveau", "neu", "新", "新しい"],
    ["not", "no", "pas", "nicht", "不", "ない"],
    ["but", "pero", "mais", "aber", "但是", "しかし"],
];

impl Composer<'_> {
    /// The text to translate, in the language asked for: known phrases, and unknown words as they are.
    pub(super) fn translate(&mut self, out: &mut String) {
        let source = self.to_translate();
        let target = self.brief.language;
        let mut rest = source;
        let start = out.len();
        let mut begins = true;
        while let Some(first) = rest.chars().next() {
            if !first.is_alphanumeric() {
                punctuation(out, first, target);
                begins |= matches!(first, '.' | '!' | '?' | '。');
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let (length, translated) = longest(rest, target);
            let from = out.len();
            let word = &rest[..length];
            out.push_str(translated.unwrap_or(word));
            if begins {
                capitalise(out, from);
            }
            begins = false;
            rest = &rest[length..];
        }
        if out.len() == start {
            out.push_str(self.bank.this[0]);
        }
    }

    /// What stands in quotes, or behind a colon, or between "translate" and the language.
    fn to_translate(&self) -> &str {
        let text = self.brief.text;
        for (open, close) in [('"', '"'), ('“', '”'), ('«', '»'), ('「', '」'), ('\'', '\'')] {
            let inner = text.split_once(open).and_then(|(_, rest)| rest.rsplit_once(close));
            if let Some((inner, _)) = inner.filter(|(inner, _)| !inner.is_empty()) {
                return inner;
            }
        }
        let behind = text.split_once([':', '：', '\n']).map_or("", |(_, rest)| rest.trim());
        if !behind.is_empty() {
            return &behind[..behind.floor_char_boundary(4000)];
        }
        let clause = self.brief.clause(self.brief.from as usize);
        [" to ", " into ", " al ", " en ", " ins ", " auf ", " in "]
            .iter()
            .find_map(|towards| clause.rsplit_once(towards))
            .map_or(clause, |(text, _)| text)
    }
}

/// The longest known phrase `text` begins with: its length and its translation; of an unknown word only the length.
fn longest(text: &str, target: Language) -> (usize, Option<&'static str>) {
    for row in PHRASES {
        for phrase in row.iter().filter(|phrase| !phrase.is_empty()) {
            let fits =
                text.as_bytes().get(..phrase.len()).is_some_and(|head| head.eq_ignore_ascii_case(phrase.as_bytes()));
            if !fits {
                continue;
            }
            // Ideographs need no space behind them; other words end where letters do.
            let ideographic = phrase.chars().next_back().is_some_and(|last| last >= '\u{2E80}');
            let behind = text.get(phrase.len()..).and_then(|rest| rest.chars().next());
            if ideographic || behind.is_none_or(|next| !next.is_alphanumeric()) {
                return (phrase.len(), Some(row[target as usize]));
            }
        }
    }
    let length = text.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(text.len());
    (length, None)
}

/// Marks as the language writes them; Chinese and Japanese have no spaces.
fn punctuation(out: &mut String, mark: char, target: Language) {
    let ideographic = matches!(target, Language::Chinese | Language::Japanese);
    match mark {
        ' ' if ideographic => {}
        ',' if ideographic => out.push('、'),
        '.' if ideographic => out.push('。'),
        '?' if ideographic => out.push('？'),
        '!' if ideographic => out.push('！'),
        '?' | '!' if target == Language::French => {
            out.push(' ');
            out.push(mark);
        }
        _ => out.push(mark),
    }
}
