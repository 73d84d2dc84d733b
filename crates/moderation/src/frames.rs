//! What surrounds a dangerous word and says how it is meant: a report, a story, a negation, help.

use crate::pattern::find;
use crate::words::Sentence;

/// What frames a sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frames {
    /// Somebody tells what happened: news, history, courts, studies.
    pub is_report: bool,
    /// A story, a game, a song.
    pub is_fiction: bool,
    /// Against it: denied, prevented, condemned.
    pub is_against: bool,
    /// Help, medicine, teaching, law.
    pub is_help: bool,
    /// Somebody else's words.
    pub is_quoted: bool,
}

#[rustfmt::skip]
const REPORT: &[&str] = &[
    "police|authorities|officials|investigators|prosecutors|detectives|firefighters|paramedics|historians|journalists|reporters|witnesses|researchers|scientists|archaeologists|soldiers|troops|rebels|militants|lawmakers",
    "reported|reports|reportedly|allegedly|alleged|suspected|according|announced|convicted|sentenced|acquitted|charged|arrested|accused|indicted|jailed|pleaded|testified|apologized|fined|banned|investigating|suspended|fired",
    "court|trial|jury|verdict|article|headline|headlines|newspaper|documentary|museum|memorial|anniversary|century|war|wars|battle|empire|treaty|battlefield|regime|holocaust|genocide|biography|history|historical|lecture|news|essay|thesis|census",
    "was|were|been|being|is|are killed|shot|stabbed|murdered|executed|assassinated|injured|wounded|attacked|bombed|beheaded|hanged|poisoned|burned|drowned|massacred|victims",
    "earthquake|flood|hurricane|tornado|wildfire|crash|avalanche|tsunami|landslide|pandemic|volcano|collision|accident|cyclone",
    "in 1*|2*|the 1*|2*|early|late|ancient|medieval|middle", "caesar|lincoln|kennedy|napoleon|gandhi|hitler|stalin|franz|socrates|anne|king|nazi|nazis|romans|aztecs|vikings", "study|studies|survey|data|statistics|percent|polls|report|rate|rates",
];

#[rustfmt::skip]
const FICTION: &[&str] = &[
    "story|novel|novels|character|characters|movie|movies|film|films|game|games|chapter|song|songs|lyrics|poem|fiction|fictional|villain|hero|protagonist|dragon|dragons|vampire|vampires|zombie|zombies|wizard|orc|orcs|monster|monsters|knight|witch|detective|plot|thriller|mystery|comic|anime|manga|episode|sequel|season|fairy|myth|legend|opera|tragedy|shakespeare|macbeth|hamlet|screenplay|dungeon|sherlock|joker|batman|alien|aliens|pirate|pirates|werewolf|minecraft|quest|goblin|goblins|rpg|campaign|dungeons|ghost",
];

#[rustfmt::skip]
const AGAINST: &[&str] = &[
    "stop|stopped|stopping|prevent|prevents|preventing|prevention|avoid|avoids|avoiding|protect|protects|protecting|protection|protected|against|condemn|condemned|condemns|condemning|denounce|denounced|oppose|opposes|opposed|reject|rejects|rejected|combat|combating|illegal|wrong|unacceptable|racist|sexist|stereotype|stereotypes|harmful|false|shameful|discrimination|prejudice|bigotry|bigot|bigots|offensive|horrible|dangers|danger|warn|warned|warns|warning|safe|safely|safety|outlaw|antisemitism|islamophobia|xenophobia|dehumanizing|myth|challenge|challenging|accept|tolerate",
    "no one|human|person|room|place|excuse|matter|longer|race|child|evidence", "detect|detecting|detection|defend|defending|identify|recognize|recognise|spot|spotting|moderate|moderating|moderation|filter|classify|report|reporting",
];

#[rustfmt::skip]
const HELP: &[&str] = &[
    "hotline|helpline|lifeline|support|therapist|therapists|therapy|counselor|counselling|counseling|psychologist|psychiatrist|recovery|recover|recovering|prevention|awareness|survivor|survivors|charity|nurse|nurses|doctor|doctors|patient|patients|hospital|clinic|clinical|medical|medicine|surgery|surgeon|surgical|diagnosis|symptom|symptoms|treatment|treat|treated|treating|dose|pediatric|gynecologist|midwife|biology|anatomy|textbook|curriculum|education|educational|teach|teaching|lesson|class|course|training|policy|policies|law|laws|legal|legislation|lawyer|attorney|rights|research|workshop|988|rehab|sober|antidote|vaccine|cpr|firstaid|paramedic|exam|pregnant|pregnancy|contraception|puberty|menopause|parents' |insurance|compliance|cybersecurity|defenders|forensics|overcome|loved|warning|assessment|pharmacist|pharmacology|veterinarian|vet",
    "first aid", "reach out", "call 911|988|999|112|emergency", "help a|my|someone|people|them|him|her|others ?friend",
];

/// Words that turn what follows into its opposite.
const NEGATIONS: &[&str] = &[
    "not",
    "never",
    "don't",
    "dont",
    "didn't",
    "doesn't",
    "isn't",
    "aren't",
    "wasn't",
    "won't",
    "wouldn't",
    "can't",
    "cannot",
    "shouldn't",
    "refuse",
    "refused",
    "refuses",
    "without",
    "nor",
];
/// So many words before a hit may negate it.
const NEGATION_REACH: usize = 3;

/// Whether what stands from `start` to before `end` is negated: shortly before it, or between its words where `pattern`
/// itself says no negation.
pub(crate) fn is_negated(words: &[String], start: usize, end: usize, pattern: &str) -> bool {
    let negates = |word: &String| NEGATIONS.contains(&word.as_str());
    let speaks = pattern.split([' ', '|', '?']).any(|word| NEGATIONS.contains(&word));
    words[start.saturating_sub(NEGATION_REACH)..start].iter().any(negates)
        || (!speaks && words[start..end].iter().any(negates))
}

impl Frames {
    /// The frames of a sentence.
    pub(crate) fn of(sentence: &Sentence) -> Self {
        let any = |patterns: &[&str]| patterns.iter().any(|pattern| find(pattern, &sentence.words).is_some());
        let says = any(&[
            "said|says|say|saying|shouted|yelled|screamed|wrote|called|calling|phrase|word|words|slogan|chanted|quote|quoted|texted|told|tweeted|read|translate|translation|sentence|message|comment|messages",
        ]);
        let quotes = sentence.quoted.iter().any(|quoted| *quoted);
        Self {
            is_report: any(REPORT),
            is_fiction: any(FICTION),
            is_against: any(AGAINST),
            is_help: any(HELP),
            is_quoted: quotes && says,
        }
    }

    /// Both.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self {
            is_report: self.is_report || other.is_report,
            is_fiction: self.is_fiction || other.is_fiction,
            is_against: self.is_against || other.is_against,
            is_help: self.is_help || other.is_help,
            is_quoted: self.is_quoted || other.is_quoted,
        }
    }
}
