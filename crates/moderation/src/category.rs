//! The thirteen categories and a score for each.

/// What may be wrong with a text or a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// Insults and humiliation of a person.
    Harassment,
    /// Insults with a threat.
    HarassmentThreatening,
    /// Contempt of a group for what its members are.
    Hate,
    /// The same with a threat.
    HateThreatening,
    /// Advice on wrongdoing.
    Illicit,
    /// Advice on wrongdoing with violence or weapons.
    IllicitViolent,
    /// Harm to oneself, told or encouraged.
    SelfHarm,
    /// The speaker means to do it.
    SelfHarmIntent,
    /// How to do it.
    SelfHarmInstructions,
    /// Meant to arouse.
    Sexual,
    /// The same with somebody under 18.
    SexualMinors,
    /// Death, violence, injury.
    Violence,
    /// The same in detail.
    ViolenceGraphic,
}

impl Category {
    /// Every category, in the order of `OpenAI`'s answers.
    pub const ALL: [Self; 13] = [
        Self::Harassment,
        Self::HarassmentThreatening,
        Self::Sexual,
        Self::Hate,
        Self::HateThreatening,
        Self::Illicit,
        Self::IllicitViolent,
        Self::SelfHarmIntent,
        Self::SelfHarmInstructions,
        Self::SelfHarm,
        Self::SexualMinors,
        Self::Violence,
        Self::ViolenceGraphic,
    ];

    /// Its name on the wire, `self-harm/intent`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Harassment => "harassment",
            Self::HarassmentThreatening => "harassment/threatening",
            Self::Hate => "hate",
            Self::HateThreatening => "hate/threatening",
            Self::Illicit => "illicit",
            Self::IllicitViolent => "illicit/violent",
            Self::SelfHarm => "self-harm",
            Self::SelfHarmIntent => "self-harm/intent",
            Self::SelfHarmInstructions => "self-harm/instructions",
            Self::Sexual => "sexual",
            Self::SexualMinors => "sexual/minors",
            Self::Violence => "violence",
            Self::ViolenceGraphic => "violence/graphic",
        }
    }

    /// The category of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    /// Whether pictures are judged by it, as `OpenAI`'s models do.
    pub const fn sees_pictures(self) -> bool {
        matches!(
            self,
            Self::SelfHarm
                | Self::SelfHarmIntent
                | Self::SelfHarmInstructions
                | Self::Sexual
                | Self::Violence
                | Self::ViolenceGraphic
        )
    }

    /// Whether the older models for text alone know it.
    pub const fn is_known_to_text_models(self) -> bool {
        !matches!(self, Self::Illicit | Self::IllicitViolent)
    }

    pub(crate) const fn place(self) -> usize {
        self as usize
    }
}

/// A score for each category, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores(pub(crate) [f64; 13]);

impl Scores {
    /// The score of a category.
    pub const fn of(&self, category: Category) -> f64 {
        self.0[category.place()]
    }

    /// Whether any category reaches `threshold`.
    pub fn reaches(&self, threshold: f64) -> bool {
        self.0.iter().any(|score| *score >= threshold)
    }

    /// The larger score of both for each category.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(one, other)| *one = one.max(other));
        self
    }
}
