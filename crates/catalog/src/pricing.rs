//! What models cost: the price table that every answer is charged by.

use serde::{Deserialize, Deserializer};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Prices in US dollars. `None`: not sold that way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pricing {
    /// A million tokens of prompt.
    pub input_per_million: Option<f64>,
    /// A million tokens of prompt found in the cache.
    pub cached_input_per_million: Option<f64>,
    /// A million tokens of answer.
    pub output_per_million: Option<f64>,
    /// A million tokens of sound in.
    pub audio_input_per_million: Option<f64>,
    /// A million tokens of sound out.
    pub audio_output_per_million: Option<f64>,
    /// One picture of the usual size.
    pub per_image: Option<f64>,
    /// A minute of sound or video second ×60.
    pub per_minute: Option<f64>,
    /// A million characters spoken.
    pub characters_per_million: Option<f64>,
    /// A million tokens of training file, for each pass over it (fine-tuning jobs).
    pub training_per_million: Option<f64>,
    /// A million tokens of prompt of a model fine-tuned from this one.
    pub fine_tuned_input_per_million: Option<f64>,
    /// A million tokens of answer of a model fine-tuned from this one.
    pub fine_tuned_output_per_million: Option<f64>,
    /// What requests of many tokens cost instead.
    pub volume: Option<Volume>,
    /// When tokens are cheaper.
    pub off_peak: Option<OffPeak>,
}

/// Prices of requests whose prompt is longer than so many tokens, for all of their tokens, as Google sells Gemini.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Tokens of prompt that are still sold at the usual prices.
    pub above_tokens: u64,
    /// A million tokens of prompt.
    pub input_per_million: f64,
    /// A million tokens of prompt found in the cache; the usual price unless set.
    #[serde(default)]
    pub cached_input_per_million: Option<f64>,
    /// A million tokens of answer.
    pub output_per_million: f64,
}

/// Hours of every day in which tokens cost a share of their price, as DeepSeek sold them.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffPeak {
    /// The first minute, of the day in UTC; written `16:30`.
    #[serde(deserialize_with = "minute")]
    pub from: u16,
    /// The first minute that costs the usual price again; before `from` it is one of the next day.
    #[serde(deserialize_with = "minute")]
    pub until: u16,
    /// What prices are multiplied by.
    pub factor: f64,
}

fn minute<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    });
    parsed.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no time like 16:30")))
}

impl OffPeak {
    /// Whether a date, in Unix seconds, lies in these hours.
    fn covers(&self, date: i64) -> bool {
        let minute = u16::try_from(date.div_euclid(60).rem_euclid(i64::from(DAY))).unwrap_or_default();
        if self.from <= self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

impl Pricing {
    /// The prices of a request with a prompt of so many tokens, made at `date`, in Unix seconds.
    #[must_use]
    pub fn of_request(&self, prompt_tokens: u64, date: i64) -> Self {
        let mut own = *self;
        if let Some(volume) = own.volume.filter(|volume| prompt_tokens > volume.above_tokens) {
            own.input_per_million = Some(volume.input_per_million);
            own.cached_input_per_million = volume.cached_input_per_million.or(own.cached_input_per_million);
            own.output_per_million = Some(volume.output_per_million);
        }
        if let Some(off_peak) = own.off_peak.filter(|off_peak| off_peak.covers(date)) {
            let prices = [&mut own.input_per_million, &mut own.cached_input_per_million, &mut own.output_per_million];
            for price in prices.into_iter().flatten() {
                *price *= off_peak.factor;
            }
        }
        own
    }

    /// US dollars for an answer: `prompt_tokens` of which `cached_tokens` came from the prompt cache, and
    /// `completion_tokens`. Cached tokens cost the full price where no other is set; unsold kinds cost nothing.
    pub fn cost_usd(&self, prompt_tokens: u64, cached_tokens: u64, completion_tokens: u64) -> f64 {
        let cached = cached_tokens.min(prompt_tokens);
        let input = self.input_per_million.unwrap_or(0.0);
        let cached_price = self.cached_input_per_million.unwrap_or(input);
        let output = self.output_per_million.unwrap_or(0.0);
        let cost = |tokens: u64, price: f64| tokens as f64 * price / 1e6;
        cost(prompt_tokens - cached, input) + cost(cached, cached_price) + cost(completion_tokens, output)
    }

    /// Every price and factor that is set.
    pub(crate) fn all(&self) -> impl Iterator<Item = f64> {
        let volume = self.volume.map(|volume| {
            [Some(volume.input_per_million), volume.cached_input_per_million, Some(volume.output_per_million)]
        });
        [
            self.input_per_million,
            self.cached_input_per_million,
            self.output_per_million,
            self.audio_input_per_million,
            self.audio_output_per_million,
            self.per_image,
            self.per_minute,
            self.characters_per_million,
            self.training_per_million,
            self.fine_tuned_input_per_million,
            self.fine_tuned_output_per_million,
            self.off_peak.map(|off_peak| off_peak.factor),
        ]
        .into_iter()
        .chain(volume.into_iter().flatten())
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Pricing = Pricing {
        input_per_million: Some(2.0),
        cached_input_per_million: Some(1.0),
        output_per_million: Some(8.0),
        audio_input_per_million: None,
        audio_output_per_million: None,
        per_image: None,
        per_minute: None,
        characters_per_million: None,
        training_per_million: None,
        fine_tuned_input_per_million: None,
        fine_tuned_output_per_million: None,
        volume: Some(Volume {
            above_tokens: 1000,
            input_per_million: 4.0,
            cached_input_per_million: None,
            output_per_million: 12.0,
        }),
        off_peak: Some(OffPeak { from: 16 * 60 + 30, until: 30, factor: 0.5 }),
    };

    #[test]
    fn a_long_prompt_costs_more_and_an_off_hour_less() {
        let noon = 12 * 3600;
        let cost = |prompt, date| USUAL.of_request(prompt, date).cost_usd(prompt, 0, 1_000_000);
        assert!((cost(1000, noon) - (0.002 + 8.0)).abs() < 1e-9);
        assert!((cost(1001, noon) - (0.004_004 + 12.0)).abs() < 1e-9);
        assert!((cost(1000, 17 * 3600) - (0.001 + 4.0)).abs() < 1e-9);
        let halved = |date| USUAL.of_request(1, date).output_per_million == Some(4.0);
        let minutes = [16 * 60 + 29, 16 * 60 + 30, 0, 29, 30].map(|minute| halved(86_400 * 20_000 + minute * 60));
        assert_eq!(minutes, [false, true, true, true, false]);
    }

    #[test]
    fn hours_are_read_as_clocks_show_them() {
        let read = |from: &str| toml::from_str::<OffPeak>(&format!("from = '{from}'\nuntil = '00:30'\nfactor = 0.5"));
        assert_eq!(read("16:30").unwrap().from, 990);
        for wrong in ["24:00", "1630", "16:60", "", "a:b"] {
            assert!(read(wrong).unwrap_err().to_string().contains("is no time like 16:30"), "{wrong}");
        }
    }

    #[test]
    fn prices_do_not_change_without_tiers() {
        let plain = Pricing { volume: None, off_peak: None, ..USUAL };
        assert_eq!(plain.of_request(1_000_000, i64::MIN), plain);
    }
}
