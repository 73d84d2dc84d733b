//! How often a question finds the text that answers it: a thousand texts, each about one thing of one kind, and a
//! question about each in other words.

use serde_json::json;

use crate::files::put;
use crate::harness::TestServer;
use crate::vector_stores::id;

/// What texts are about: as the text calls it, with what else it says, and as the question does.
const SUBJECTS: [(&str, &str, &str); 40] = [
    ("car", "It has four wheels and an engine that runs on petrol.", "automobile"),
    ("physician", "Patients come to the clinic with fever and pain.", "doctor"),
    ("sofa", "It stands in the living room before the television.", "couch"),
    ("apartment", "It has three rooms, a kitchen and a balcony.", "flat"),
    ("attorney", "Clients come before they go to court.", "lawyer"),
    ("refrigerator", "Milk and butter stay fresh in it for days.", "fridge"),
    ("child", "Toys lie all over the nursery.", "kid"),
    ("picture", "It hangs in a frame over the fireplace.", "photo"),
    ("aircraft", "It takes off from the runway and flies over the clouds.", "airplane"),
    ("garbage", "The bins are emptied on Mondays.", "trash"),
    ("mattress", "People sleep on it under a blanket.", "bed"),
    ("lawn", "Grass and daisies grow there in summer.", "garden"),
    ("employee", "The office has forty desks and a canteen.", "staff"),
    ("enterprise", "It was founded by two brothers and has shareholders.", "company"),
    ("shopper", "The store has baskets, shelves and tills.", "customer"),
    ("computer", "It has a keyboard, a screen and a mouse.", "laptop"),
    ("telephone", "One dials a number and hears a ring.", "phone"),
    ("bicycle", "It has two wheels, pedals and a bell.", "bike"),
    ("meal", "There are potatoes, beans and a sauce on the plate.", "food"),
    ("holiday", "Many go to the sea and lie on the beach.", "vacation"),
    ("instructor", "The pupils sit in rows before the blackboard.", "teacher"),
    ("infant", "It drinks from a bottle and lies in a cradle.", "baby"),
    ("dog", "It barks at the postman and chases sticks.", "puppy"),
    ("cat", "It purrs on the windowsill and hunts mice.", "kitten"),
    ("illness", "It begins with a cough and a high temperature.", "disease"),
    ("letter", "It has a stamp and an envelope.", "message"),
    ("castle", "A drawbridge leads over the moat to the tower.", "palace"),
    ("song", "The band plays it with guitars and drums.", "music"),
    ("novel", "It has chapters, heroes and a happy ending.", "book"),
    ("film", "It is shown in the cinema with popcorn.", "movie"),
    ("street", "Traffic lights stand at each crossing.", "road"),
    ("railway", "Carriages roll over the tracks from station to station.", "train"),
    ("bank account", "Its interest is paid at the end of the year.", "savings"),
    ("password", "It has letters, digits and signs.", "login"),
    ("coffee", "The beans are roasted and ground.", "espresso"),
    ("fracture", "The arm is put into plaster.", "broken bone"),
    ("storm", "Lightning and hail come with it.", "thunder"),
    ("tooth", "It is brushed each morning with a paste.", "dentist"),
    ("marriage", "The bride wears white and there is a cake.", "wedding"),
    ("election", "Citizens put their ballots into a box.", "vote"),
];

/// What is said of them: as the text says it, and as the question asks.
const ASPECTS: [(&str, &str); 25] = [
    ("what it takes to buy one, and how much is paid", "purchasing {}: the price"),
    ("how to repair what is broken there", "how can I fix the damaged {}"),
    ("how it is washed and tidied", "cleaning of {}"),
    ("how it is guarded and kept secure", "protecting the {} so that it is safe"),
    ("where it can be discovered", "searching for the {}: where do I look"),
    ("how it was invented long ago by an inventor", "history of the invention of {}"),
    ("how one begins with it at the start", "commencing with {}: launch"),
    ("how it is ended and finished", "completing the {}: conclusion"),
    ("how big and enormous it can grow", "the size of a huge {}"),
    ("how tiny and little ones are", "small, miniature {}"),
    ("how fast and swift it goes", "speed of {}: quickly, rapid"),
    ("how it is taught to those who study it", "learning about {}: lessons and training"),
    ("why it makes people glad and cheerful", "does the {} make you happy, joyful"),
    ("why it makes people weep and sad", "unhappy, sorrow about {}"),
    ("which mistakes are made with it", "errors, wrong with {}"),
    ("which advice and tips experts give on it", "recommendations and suggestions for {}"),
    ("what is forbidden with it by law", "prohibited, banned {}"),
    ("how it is sent abroad by mail", "shipping, dispatching {}"),
    ("how it is measured and counted", "calculating the {}: gauge"),
    ("how loud and noisy it is", "noise of {}"),
    ("how silent and calm it is", "quiet, peaceful {}"),
    ("what is difficult and tricky about it", "challenging, hard {}"),
    ("what is simple and effortless about it", "easy {}"),
    ("how it is painted in bright colors", "hue and shade of {}"),
    ("who shares it with friends and pals", "splitting the {} with a buddy"),
];

/// The words of a text that tell something, without their endings.
fn telling(text: &str) -> Vec<String> {
    let words = fakeai_writer::condense(text).to_lowercase();
    words.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 2).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_question_in_other_words_finds_its_text() {
    let server = TestServer::new();
    let (mut questions, mut ids, mut shared, mut asked) = (Vec::new(), Vec::new(), 0, 0);
    for (subject, setting, other) in SUBJECTS {
        for (number, (aspect, question)) in ASPECTS.iter().enumerate() {
            let beginning =
                ["This page tells", "Here we explain", "You can read here", "The chapter shows"][number % 4];
            let text = format!(
                "{beginning} {aspect}. It is about the {subject}. {setting} More about the {subject}: {aspect}."
            );
            let question = question.replace("{}", other);
            let known = telling(&text);
            let words = telling(&question);
            shared += words.iter().filter(|word| known.contains(word)).count();
            asked += words.len();
            let name = format!("{}.txt", questions.len());
            ids.push(id(&put(&server, "assistants", &name, text.as_bytes()).await.json()));
            questions.push((question, name));
        }
    }
    assert_eq!(ids.len(), 1000);
    assert!(
        shared * 20 <= asked,
        "{shared} of {asked} words of the questions are in their texts: more than a twentieth"
    );
    let store = id(&server.post("/v1/vector_stores", json!({})).await.json());
    let batch = server.post(&format!("/v1/vector_stores/{store}/file_batches"), json!({"file_ids": ids})).await;
    assert_eq!(batch.status, 200, "{}", batch.text());
    server.clock.advance(std::time::Duration::from_secs(3600));
    let (mut first, mut found) = (0, 0);
    for (question, name) in &questions {
        let body = json!({"query": question, "max_num_results": 5});
        let answer = server.post(&format!("/v1/vector_stores/{store}/search"), body).await.json();
        let names: Vec<&str> =
            answer["data"].as_array().unwrap().iter().map(|one| one["filename"].as_str().unwrap()).collect();
        first += usize::from(names.first() == Some(&name.as_str()));
        found += usize::from(names.contains(&name.as_str()));
    }
    println!("recall@1 {first} ‰, recall@5 {found} ‰; {shared} of {asked} words of the questions are in their texts");
    assert!(found >= 900, "recall@5 is {found} ‰");
}
