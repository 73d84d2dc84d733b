//! Attacks that were found in texts.

use crate::exposition::Family;

/// What was found in the texts of bodies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingFigures {
    /// What is done with what is found.
    pub mode: &'static str,
    /// Texts with an attack in them, by its kind.
    pub kinds: Vec<(&'static str, u64)>,
}

impl FindingFigures {
    /// Appends them as Prometheus text.
    pub fn write(&self, text: &mut String) {
        let help = "Texts with an attack in them, by its kind and what is done with them.";
        let mut family = Family::new(text, "fakeai_input_findings_total", "counter", help);
        for (kind, count) in &self.kinds {
            family.sample("", &[("kind", kind), ("mode", self.mode)], count);
        }
    }
}
