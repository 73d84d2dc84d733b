//! How good the ranking is: NDCG@10 over questions and passages written for it. Each question is asked of all passages;
//! its own three are worth 3 (answers it), 2 (answers part of it) and 1 (is about the same thing).

use serde_json::{Value, json};

use crate::harness::TestServer;

/// A question, and its passages from the best on.
type Topic = (&'static str, [&'static str; 3]);

const TOPICS: &[Topic] = &[
    (
        "How do I reset my password?",
        [
            "To reset your password, open the sign-in page, click \"Forgot password\" and follow the link we email you.",
            "If you forgot your password, our support team can send you a link to choose a new one.",
            "Passwords must have at least twelve characters and are changed every year.",
        ],
    ),
    (
        "What is the capital of Australia?",
        [
            "Canberra is the capital city of Australia and the seat of its parliament.",
            "Australia chose to build a new capital between Sydney and Melbourne in 1908.",
            "Sydney is the largest city of Australia.",
        ],
    ),
    (
        "How long does a refund take?",
        [
            "Refunds are paid back to your card within 14 days after we receive the returned goods.",
            "We refund the full price of goods that are returned unused.",
            "Goods can be returned at any of our shops if you have the receipt.",
        ],
    ),
    (
        "Which vitamins does an orange have?",
        [
            "Oranges are rich in vitamin C, and hold some vitamin A, folate and thiamine.",
            "Citrus fruit such as an orange or a lemon is a good source of vitamin C.",
            "An orange tree blossoms in spring and carries fruit in winter.",
        ],
    ),
    (
        "How can I speed up a slow SQL query?",
        [
            "Add an index on the columns in the WHERE clause and read the query plan: most slow SQL queries scan a whole table.",
            "A query runs faster when the database can use an index instead of scanning the table.",
            "SQL was invented at IBM in the seventies as a language for databases.",
        ],
    ),
    (
        "What causes the tides of the sea?",
        [
            "Tides are caused by the gravity of the moon and the sun, which pull on the water of the oceans.",
            "The pull of the moon raises the sea on both sides of the earth, so there are two high tides a day.",
            "Sailors look at a tide table before they leave the harbour.",
        ],
    ),
    (
        "How do I boil an egg?",
        [
            "Put the egg into boiling water: six minutes make a soft boiled egg, ten minutes a hard one.",
            "Eggs boiled for ten minutes are hard, and keep for a week in the fridge.",
            "An egg has about seventy calories and six grams of protein.",
        ],
    ),
    (
        "When was the telephone invented, and by whom?",
        [
            "Alexander Graham Bell invented the telephone and received a patent for it in 1876.",
            "Several inventors claimed the telephone; the patent of 1876 went to Bell.",
            "A telephone turns sound into an electric signal and back.",
        ],
    ),
    (
        "How do I keep a GPU from overheating?",
        [
            "Clean the fans, improve the airflow of the case and lower the power limit to keep a GPU from overheating.",
            "A GPU that gets too hot lowers its clock; more cooling or a lower power limit prevents that.",
            "A GPU has thousands of small cores that work in parallel.",
        ],
    ),
    (
        "What does photosynthesis produce?",
        [
            "Photosynthesis produces oxygen and glucose from carbon dioxide, water and light.",
            "Plants make sugar by photosynthesis and give off oxygen.",
            "Photosynthesis takes place in the chloroplasts of leaves.",
        ],
    ),
    (
        "Where can I park near the airport?",
        [
            "You can park at the airport in garages P1 to P4; P4 is the cheapest and has a free shuttle bus.",
            "Parking near the airport costs between 8 and 30 dollars a day.",
            "The airport is reached by train in twenty minutes from the city.",
        ],
    ),
    (
        "Why do cats purr?",
        [
            "Cats purr when they are content, and also to calm themselves when they are hurt or afraid.",
            "The purring of a cat may soothe it and help its bones to heal.",
            "A cat sleeps up to sixteen hours a day.",
        ],
    ),
    (
        "How do I install Python packages?",
        [
            "Install Python packages with pip: run `pip install` and the name of the package, best in a virtual environment.",
            "pip downloads a package and what it depends on from the Python package index.",
            "Python is a programming language with a large standard library.",
        ],
    ),
    (
        "What is the fastest land animal?",
        [
            "The cheetah is the fastest land animal: it runs at more than 100 kilometres an hour.",
            "A cheetah keeps its highest speed for a few hundred metres only.",
            "Among the animals of the savanna, the elephant is the largest on land.",
        ],
    ),
    (
        "How do I treat a small burn?",
        [
            "Cool a small burn under running water for twenty minutes and cover it with a clean dressing.",
            "Do not put ice or butter on a burn: they harm the skin.",
            "Doctors sort burns of the skin into three degrees.",
        ],
    ),
    (
        "Who painted the Mona Lisa?",
        [
            "Leonardo da Vinci painted the Mona Lisa at the beginning of the sixteenth century.",
            "The Mona Lisa is a portrait by Leonardo and hangs in the Louvre.",
            "The Louvre in Paris shows paintings of all of Europe.",
        ],
    ),
    (
        "How much notice must I give to cancel my gym membership?",
        [
            "To cancel your gym membership, give us written notice one month before the end of your contract.",
            "Memberships that are not cancelled in time go on for another year.",
            "Our gym is open from six in the morning to midnight.",
        ],
    ),
    (
        "What is the boiling point of water at high altitude?",
        [
            "At high altitude water boils below 100 degrees: at 3000 metres its boiling point is about 90 degrees.",
            "The boiling point falls as air pressure falls, so water boils sooner on a mountain.",
            "Water covers most of the surface of the earth.",
        ],
    ),
    (
        "How does a vaccine protect against a virus?",
        [
            "A vaccine shows the immune system a harmless part of a virus, so that it makes antibodies that protect against it.",
            "After vaccination the body remembers the virus and fights it faster.",
            "A virus needs a living cell to multiply.",
        ],
    ),
    (
        "Which documents do I need to open a bank account?",
        [
            "To open a bank account you need a passport or identity card and proof of your address.",
            "The bank asks for documents that show who you are and where you live.",
            "Our bank has branches in forty cities.",
        ],
    ),
];

/// Discounted cumulative gain of the first ten: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
/// techniques" (2002), with gains of 2^grade - 1.
fn gain(grades: impl Iterator<Item = u32>) -> f64 {
    let gains = grades.take(10).enumerate();
    gains.map(|(place, grade)| (f64::from(grade).exp2() - 1.0) / (place as f64 + 2.0).log2()).sum()
}

#[tokio::test]
async fn ranking_knows_what_answers_a_question() {
    let server = TestServer::new();
    let passages: Vec<Value> =
        TOPICS.iter().flat_map(|(_, own)| own.iter().map(|text| json!({"text": text}))).collect();
    let (mut sum, mut worst) = (0.0, (1.0, ""));
    for (topic, (query, _)) in TOPICS.iter().enumerate() {
        let answer = server
            .post(
                "/v1/ranking",
                json!({"model": "nvidia/llama-3.2-nv-rerankqa-1b-v2", "query": {"text": query}, "passages": passages}),
            )
            .await;
        let places: Vec<usize> = answer.json()["rankings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ranking| ranking["index"].as_u64().unwrap() as usize)
            .collect();
        let grade = |place: usize| if place / 3 == topic { 3 - (place % 3) as u32 } else { 0 };
        let score = gain(places.iter().map(|place| grade(*place))) / gain([3, 2, 1].into_iter());
        if score < worst.0 {
            worst = (score, query);
        }
        sum += score;
    }
    let mean = sum / TOPICS.len() as f64;
    println!("NDCG@10 is {mean:.4}; the worst is {:.4}: {}", worst.0, worst.1);
    assert!(mean >= 0.9, "NDCG@10 is {mean}; the worst is {worst:?}");
}
