//! The sounds of English and what a vocal tract does for each.
//!
//! Vowel formants are those of men in Peterson and Barney, "Control methods used in a study of the vowels" (1952),
//! table II; the other targets are usual values of formant synthesis (Klatt, "Software for a cascade/parallel formant
//! synthesizer", 1980, table II), rounded.

/// A sound of speech, by its ARPABET name; diphthongs and affricates are spelt as two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    Iy,
    Ih,
    Eh,
    Ae,
    Aa,
    Ao,
    Uh,
    Uw,
    Ah,
    Er,
    Ax,
    M,
    N,
    Ng,
    L,
    R,
    W,
    Y,
    H,
    S,
    Z,
    Sh,
    Zh,
    F,
    V,
    Th,
    Dh,
    P,
    B,
    T,
    D,
    K,
    G,
}

/// A stretch of sound with one target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Phone {
    /// Resonances of the tract, in Hz.
    pub(super) formants: [f32; 3],
    /// How long it lasts at usual speed.
    pub(super) milliseconds: f32,
    /// How much of the voice there is, 0 to 1.
    pub(super) voice: f32,
    /// How much breath goes through the whole tract, 0 to 1.
    pub(super) breath: f32,
    /// How much friction there is at the teeth or lips, 0 to 1.
    pub(super) hiss: f32,
    /// Where the friction is loudest, in Hz.
    pub(super) hiss_hz: f32,
}

const NEUTRAL: Phone = Phone {
    formants: [500.0, 1500.0, 2500.0],
    milliseconds: 60.0,
    voice: 0.0,
    breath: 0.0,
    hiss: 0.0,
    hiss_hz: 4000.0,
};

/// Silence between words and sentences.
pub(super) const fn pause(milliseconds: f32) -> Phone {
    Phone { milliseconds, ..NEUTRAL }
}

const fn vowel(milliseconds: f32, first: f32, second: f32, third: f32) -> Phone {
    Phone { formants: [first, second, third], milliseconds, voice: 1.0, ..NEUTRAL }
}

const fn sonorant(milliseconds: f32, voice: f32, first: f32, second: f32, third: f32) -> Phone {
    Phone { formants: [first, second, third], milliseconds, voice, ..NEUTRAL }
}

const fn fricative(milliseconds: f32, voice: f32, hiss: f32, hiss_hz: f32, second: f32) -> Phone {
    Phone { formants: [320.0, second, 2600.0], milliseconds, voice, hiss, hiss_hz, ..NEUTRAL }
}

const fn closure(voice: f32, second: f32) -> Phone {
    Phone { formants: [220.0, second, 2500.0], milliseconds: 48.0, voice, ..NEUTRAL }
}

const fn burst(breath: f32, hiss: f32, hiss_hz: f32, second: f32) -> Phone {
    Phone { formants: [350.0, second, 2500.0], milliseconds: 26.0, voice: 0.0, breath, hiss, hiss_hz }
}

impl Sound {
    /// What is to be done for it, in order: a stop is a closure and a burst.
    pub(super) fn phones(self) -> &'static [Phone] {
        match self {
            Self::Iy => const { &[vowel(105.0, 270.0, 2290.0, 3010.0)] },
            Self::Ih => const { &[vowel(80.0, 390.0, 1990.0, 2550.0)] },
            Self::Eh => const { &[vowel(90.0, 530.0, 1840.0, 2480.0)] },
            Self::Ae => const { &[vowel(110.0, 660.0, 1720.0, 2410.0)] },
            Self::Aa => const { &[vowel(110.0, 730.0, 1090.0, 2440.0)] },
            Self::Ao => const { &[vowel(110.0, 570.0, 840.0, 2410.0)] },
            Self::Uh => const { &[vowel(80.0, 440.0, 1020.0, 2240.0)] },
            Self::Uw => const { &[vowel(100.0, 300.0, 870.0, 2240.0)] },
            Self::Ah => const { &[vowel(85.0, 640.0, 1190.0, 2390.0)] },
            Self::Er => const { &[vowel(110.0, 490.0, 1350.0, 1690.0)] },
            Self::Ax => const { &[vowel(55.0, 500.0, 1500.0, 2500.0)] },
            Self::M => const { &[sonorant(65.0, 0.55, 250.0, 1100.0, 2200.0)] },
            Self::N => const { &[sonorant(60.0, 0.55, 250.0, 1700.0, 2600.0)] },
            Self::Ng => const { &[sonorant(70.0, 0.5, 250.0, 2000.0, 2700.0)] },
            Self::L => const { &[sonorant(60.0, 0.7, 360.0, 1100.0, 2600.0)] },
            Self::R => const { &[sonorant(60.0, 0.7, 330.0, 1100.0, 1600.0)] },
            Self::W => const { &[sonorant(60.0, 0.65, 300.0, 650.0, 2200.0)] },
            Self::Y => const { &[sonorant(50.0, 0.65, 270.0, 2200.0, 3000.0)] },
            Self::H => const { &[Phone { breath: 0.6, milliseconds: 55.0, ..NEUTRAL }] },
            Self::S => const { &[fricative(90.0, 0.0, 0.75, 6200.0, 1700.0)] },
            Self::Z => const { &[fricative(75.0, 0.4, 0.45, 6000.0, 1700.0)] },
            Self::Sh => const { &[fricative(95.0, 0.0, 0.8, 3000.0, 1900.0)] },
            Self::Zh => const { &[fricative(75.0, 0.4, 0.5, 2900.0, 1900.0)] },
            Self::F => const { &[fricative(80.0, 0.0, 0.3, 7000.0, 1100.0)] },
            Self::V => const { &[fricative(55.0, 0.5, 0.15, 6500.0, 1100.0)] },
            Self::Th => const { &[fricative(75.0, 0.0, 0.25, 7500.0, 1400.0)] },
            Self::Dh => const { &[fricative(45.0, 0.5, 0.12, 6500.0, 1400.0)] },
            Self::P => const { &[closure(0.0, 900.0), burst(0.5, 0.2, 1000.0, 900.0)] },
            Self::B => const { &[closure(0.2, 900.0), burst(0.3, 0.1, 1000.0, 900.0)] },
            Self::T => const { &[closure(0.0, 1700.0), burst(0.3, 0.7, 4800.0, 1700.0)] },
            Self::D => const { &[closure(0.2, 1700.0), burst(0.2, 0.4, 4500.0, 1700.0)] },
            Self::K => const { &[closure(0.0, 2000.0), burst(0.4, 0.6, 2300.0, 2000.0)] },
            Self::G => const { &[closure(0.2, 2000.0), burst(0.3, 0.3, 2200.0, 2000.0)] },
        }
    }

    /// Whether it carries the syllable.
    pub(super) fn is_vowel(self) -> bool {
        use Sound::{Aa, Ae, Ah, Ao, Ax, Eh, Er, Ih, Iy, Uh, Uw};
        matches!(self, Iy | Ih | Eh | Ae | Aa | Ao | Uh | Uw | Ah | Er | Ax)
    }
}
