//! Which kind of scene a prompt asks for, by its words.

use super::chance::Chance;

/// A kind of scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    Landscape,
    Night,
    Sea,
    City,
    Forest,
    Portrait,
    Animal,
    StillLife,
    Map,
    Chart,
    Abstract,
}

const WORDS: &[(Scene, &[&str])] = &[
    (Scene::Chart, &["chart", "graph", "diagram", "infographic", "statistics", "dashboard", "plot", "bar", "pie"]),
    (Scene::Map, &["map", "maps", "atlas", "cartography", "topographic", "treasure", "continent", "satellite"]),
    (Scene::Animal, &[
        "cat", "cats", "kitten", "dog", "dogs", "puppy", "otter", "otters", "bear", "panda", "fox", "rabbit", "bunny", "mouse",
        "lion", "tiger", "wolf", "koala", "hamster", "raccoon", "monkey", "owl", "pig", "cow", "deer", "squirrel", "corgi",
        "animal", "animals", "pet", "cub", "lynx", "husky", "beaver", "hedgehog", "siamese", "seal", "llama", "sloth",
    ]),
    (Scene::Portrait, &[
        "portrait", "woman", "man", "girl", "boy", "person", "face", "people", "king", "queen", "princess", "astronaut",
        "knight", "wizard", "witch", "doctor", "scientist", "artist", "child", "chef", "soldier", "pirate", "avatar",
        "selfie", "robot", "dancer", "musician", "teacher", "elf", "character", "developer", "engineer",
    ]),
    (Scene::StillLife, &[
        "vase", "flowers", "flower", "fruit", "fruits", "apple", "apples", "bottle", "bowl", "table", "coffee", "tea", "cup",
        "food", "cake", "bread", "wine", "book", "lamp", "bouquet", "lemon", "lemons", "pear", "oranges", "teapot", "rose",
        "roses", "tulips", "sunflowers", "still", "dinner", "breakfast", "kitchen", "mug", "product",
    ]),
    (Scene::City, &[
        "city", "cityscape", "skyline", "street", "building", "buildings", "skyscraper", "skyscrapers", "town", "urban",
        "downtown", "tokyo", "paris", "london", "york", "cyberpunk", "metropolis", "tower", "towers", "office", "bridge",
        "berlin", "shanghai", "manhattan", "village", "castle", "rooftops", "traffic",
    ]),
    (Scene::Sea, &[
        "sea", "ocean", "beach", "wave", "waves", "boat", "ship", "sailboat", "island", "coast", "harbor", "harbour", "lagoon",
        "lighthouse", "surf", "underwater", "whale", "dolphin", "sail", "seascape", "bay", "fish", "reef", "shore", "yacht",
    ]),
    (Scene::Forest, &[
        "forest", "woods", "tree", "trees", "jungle", "pine", "pines", "redwood", "rainforest", "grove", "bamboo", "woodland",
        "birch", "enchanted", "fairy", "trail", "mushroom", "mushrooms",
    ]),
    (Scene::Night, &[
        "night", "stars", "starry", "moon", "moonlit", "galaxy", "space", "planet", "planets", "aurora", "nebula", "midnight",
        "cosmos", "universe", "rocket", "constellation", "milky", "saturn", "comet", "spaceship", "alien", "northern",
    ]),
    (Scene::Landscape, &[
        "landscape", "mountain", "mountains", "hill", "hills", "valley", "desert", "dunes", "field", "meadow", "canyon", "lake",
        "river", "sunset", "sunrise", "volcano", "countryside", "farm", "prairie", "cliff", "alps", "fuji", "horizon", "snow",
        "waterfall", "sky", "glacier", "balloon", "garden", "house", "cabin", "barn", "path", "road",
    ]),
    (Scene::Abstract, &[
        "abstract", "pattern", "geometric", "bauhaus", "logo", "icon", "wallpaper", "texture", "shapes", "minimal", "gradient",
        "background", "fractal", "mandala", "cubist", "kandinsky", "mondrian", "swirl", "music", "dream", "emotion", "concept",
    ]),
];

/// The words of a prompt, lower case.
pub(super) fn words(prompt: &str) -> Vec<String> {
    const MOST: usize = 500;
    let parts = prompt.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.take(MOST).map(str::to_lowercase).collect()
}

impl Scene {
    /// The scene that most words speak of; of equals the one listed first. Without any the prompt draws one.
    pub(super) fn of(words: &[String], chance: &mut Chance) -> Self {
        let says = |names: &[&str]| words.iter().filter(|word| names.contains(&word.as_str())).count();
        let mut best = (0, None);
        for (scene, names) in WORDS {
            let weight = says(names) * if matches!(scene, Self::Night | Self::Landscape) { 2 } else { 3 };
            if weight > best.0 {
                best = (weight, Some(*scene));
            }
        }
        const DRAWN: [Scene; 5] = [Scene::Abstract, Scene::Landscape, Scene::Abstract, Scene::Sea, Scene::Landscape];
        best.1.unwrap_or_else(|| DRAWN[chance.below(DRAWN.len())])
    }

    /// Schemes of colours that fit it where the prompt names no mood.
    pub(super) const fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Landscape => &["day", "sunset", "dawn", "autumn", "spring", "winter"],
            Self::Night => &["night"],
            Self::Sea => &["tropical", "sunset", "dawn", "day"],
            Self::City => &["sunset", "night", "dawn", "neon"],
            Self::Forest => &["jungle", "dawn", "autumn"],
            Self::Portrait => &["vintage", "spring", "sunset", "day", "desert"],
            Self::Animal => &["spring", "dawn", "day", "autumn", "vintage"],
            Self::StillLife => &["vintage", "autumn", "dawn", "spring"],
            Self::Map => &["vintage", "spring", "day"],
            Self::Chart => &["vintage", "winter", "spring"],
            Self::Abstract => &["vintage", "sunset", "neon", "tropical", "spring", "desert"],
        }
    }
}
