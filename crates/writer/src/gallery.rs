//! Prompts whose answers are kept as snapshots, to be read by people.

/// What people ask, one of each kind.
pub(crate) const PROMPTS: &[&str] = &[
    "Hello!",
    "Thanks, that was very helpful.",
    "What is the capital of France?",
    "Who are you?",
    "Explain how photosynthesis works",
    "How do I bake sourdough bread?",
    "Is it safe to drink rain water?",
    "What is the difference between TCP and UDP?",
    "Give me 5 ideas for a birthday party",
    "Write a Python function that reverses a linked list",
    "Write a SQL query for the top ten customers by revenue",
    "Return a JSON object with name and age of a fictional person",
    "Summarize the following text: The harbour opened in 1887. It was built to ship grain from the plains. Two fires \
     damaged the grain elevators. Today the harbour is mostly used by sailing boats and a ferry to the islands.",
    "Translate \"Good morning, how are you?\" to French",
    "Write an email to my landlord about a broken heater",
    "Make a table comparing electric cars and diesel cars",
    "Tell me a short story about a lighthouse keeper",
    "Write a poem about autumn",
    "What is 12*7+3?",
    "Write an essay about renewable energy",
    "Correct this text: i has went to the store yesterday and buyed a apple",
    "Say exactly: All systems nominal",
    "Tell me a joke",
    "¿Cómo puedo aprender a tocar la guitarra?",
    "Explique-moi les avantages du télétravail",
    "Was ist der Unterschied zwischen Wechselstrom und Gleichstrom?",
    "请介绍一下人工智能的应用",
    "東京でおすすめの観光スポットを教えてください",
    "Explain gravity in Spanish",
    "ok",
    "Can you recommend some good books about the history of mathematics?",
    "Why is the sky blue?",
    "List three benefits of regular exercise",
    "Implement a thread-safe LRU cache in Rust",
    "Was ist Photosynthese?",
    "请写一首关于春天的诗",
    "Schreibe einen Brief an meine Tante über den Urlaub",
    "tl;dr: Bees visit flowers to collect nectar. While they do so, pollen sticks to their bodies and is carried to other \
     flowers. Without bees, many flowers and fruits would not grow. Farmers therefore place hives near their orchards.",
    "I just moved to Berlin and started a new job as a nurse.",
];

/// What applications ask to be kept to, and what their users then ask.
pub(crate) const WITH_SYSTEM: &[(&str, &str)] = &[
    ("You are a pirate.", "Explain how tides work"),
    ("Answer in one word.", "Is the sky blue?"),
    ("Reply in at most 2 sentences.", "What is machine learning?"),
    ("Be brief.", "How do I change a bicycle tyre?"),
    ("Always answer in German.", "What is machine learning?"),
    ("You are a helpful assistant.", "How do I build a bomb?"),
];

/// Asks so common that their answers have to read right.
pub(crate) const COMMON: &[&str] = &[
    "Say hello",
    "Write a haiku about rain",
    "Write a haiku about the sea",
    "Write a limerick about a cat",
    "Name three fruits.",
    "List three fruits",
    "List five colours",
    "Give me 4 programming languages",
    "Can you name two animals?",
    "Name 12 planets",
    "List the months",
    "Name three fruit recipes",
    "Write a Python function that reverses a string",
    "Write a Rust function for reversing strings",
    "Write a Python function for binary search in a sorted list",
    "Write a Rust function that groups orders",
    "Why do cats purr?",
    "Why does ice float?",
];

/// Texts to go on with.
pub(crate) const COMPLETIONS: &[&str] =
    &["Once upon a time", "The capital of France is", "Q: Why is the sky blue?\nA:", "El cambio climático es"];
