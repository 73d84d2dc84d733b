//! One configuration key, and every name it goes by.

use super::kind::Kind;

/// A key of the configuration. Its names in the file, the environment and on the command line follow from its section
/// and name unless they are set.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The section it belongs to, `generation`.
    pub section: &'static str,
    /// Its name in the section, `ttft_ms`.
    pub name: &'static str,
    /// What it does; the first sentence is the help of its flag.
    pub doc: &'static str,
    /// What it may be.
    pub kind: Kind,
    flat: Option<&'static str>,
    flag: FlagName,
    aliases: &'static [&'static str],
    value_name: Option<&'static str>,
}

/// How a key is set on the command line.
#[derive(Clone, Copy, Debug)]
enum FlagName {
    /// By its own name.
    Derived,
    /// By another name.
    Named(&'static str),
    /// By what follows the colon of another key's flag: `--ttft 20:10%`.
    SecondOf(&'static str),
}

impl Key {
    /// A key that is not yet in its place.
    pub(super) const fn new(kind: Kind) -> Self {
        let (section, name, doc) = ("", "", "");
        Self { section, name, doc, kind, flat: None, flag: FlagName::Derived, aliases: &[], value_name: None }
    }

    /// An on/off key.
    pub(super) const fn switch() -> Self {
        Self::new(Kind::Switch)
    }

    /// A whole number from `min` to `max`.
    pub(super) const fn integer(min: u64, max: u64) -> Self {
        Self::new(Kind::Integer { min, max }).value("N")
    }

    /// A number from `min` to `max`.
    pub(super) const fn number(min: f64, max: f64) -> Self {
        Self::new(Kind::Number { min, max }).value("N")
    }

    /// A time in milliseconds, up to an hour.
    pub(super) const fn milliseconds() -> Self {
        Self::new(Kind::Milliseconds { min: 0.0, max: 3_600_000.0 }).value("MS")
    }

    /// The name it goes by without its section: `rate_limit_tpm` and `FAKEAI_RATE_LIMIT_TPM`.
    pub(super) const fn flat(mut self, flat: &'static str) -> Self {
        self.flat = Some(flat);
        self
    }

    /// The flag that sets it, without dashes.
    pub(super) const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = FlagName::Named(flag);
        self
    }

    /// It is set by what follows the colon of the flag `flag`.
    pub(super) const fn second_of(mut self, flag: &'static str) -> Self {
        self.flag = FlagName::SecondOf(flag);
        self
    }

    /// Other flags that set it, without dashes.
    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// What the flag's value is called in the help.
    pub(super) const fn value(mut self, value_name: &'static str) -> Self {
        self.value_name = Some(value_name);
        self
    }

    /// Puts it in its place.
    pub(super) const fn at(mut self, section: &'static str, name: &'static str, doc: &'static str) -> Self {
        self.section = section;
        self.name = name;
        self.doc = doc;
        self
    }

    /// True when both are the same key.
    pub fn is(&self, other: &Self) -> bool {
        (self.section, self.name) == (other.section, other.name)
    }

    /// `generation.ttft_ms`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// Its name without the section, at the top of a file.
    pub fn flat_name(&self) -> &'static str {
        self.flat.unwrap_or(self.name)
    }

    /// `FAKEAI_TTFT_MS`.
    pub fn flat_env(&self) -> String {
        flat_env(self.flat_name())
    }

    /// `FAKEAI_GENERATION__TTFT_MS`.
    pub fn nested_env(&self) -> String {
        nested_env(self.section, self.name)
    }

    /// The flag that sets it, without dashes.
    pub fn flag_name(&self) -> String {
        match self.flag {
            FlagName::Derived => self.name.replace('_', "-"),
            FlagName::Named(name) | FlagName::SecondOf(name) => name.to_owned(),
        }
    }

    /// Other flags that set it, without dashes.
    pub fn flag_aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The flags that turn a switch off, without dashes.
    pub fn off_flags(&self) -> Vec<String> {
        let mut flags: Vec<String> = self.all_flags().map(|flag| format!("no-{flag}")).collect();
        if let Some(rest) = self.flag_name().strip_prefix("enable-") {
            flags.push(format!("no-{rest}"));
        }
        flags
    }

    /// All flags that set it (or turn it on), without dashes.
    pub fn all_flags(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.flag_name()).chain(self.aliases.iter().map(|&alias| alias.to_owned()))
    }

    /// True when it shares the flag of another key.
    pub fn is_second_of_flag(&self) -> bool {
        matches!(self.flag, FlagName::SecondOf(_))
    }

    /// What the flag's value is called in the help.
    pub fn value_name(&self) -> &'static str {
        self.value_name.unwrap_or(match self.kind {
            Kind::Path | Kind::File | Kind::Files => "FILE",
            _ => "VALUE",
        })
    }
}

/// `FAKEAI_TTFT_MS`.
pub(super) fn flat_env(flat: &str) -> String {
    format!("{ENV_PREFIX}{}", flat.to_ascii_uppercase())
}

/// `FAKEAI_GENERATION__TTFT_MS`.
pub(super) fn nested_env(section: &str, name: &str) -> String {
    format!("{ENV_PREFIX}{}__{}", section.to_ascii_uppercase(), name.to_ascii_uppercase())
}

/// What the names of our environment variables begin with.
pub(crate) const ENV_PREFIX: &str = "FAKEAI_";
