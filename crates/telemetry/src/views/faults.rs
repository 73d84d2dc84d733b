//! Faults on purpose, under the original's names.

use crate::exposition::Family;

/// What went wrong on purpose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultFigures {
    /// Whether anything may.
    pub enabled: bool,
    /// The highest rate of all rules, 0 to 1.
    pub rate: f64,
    /// Requests that were looked at.
    pub checks: u64,
    /// Faults by kind.
    pub kinds: Vec<(&'static str, u64)>,
    /// Faults by endpoint.
    pub endpoints: Vec<(String, u64)>,
    /// What rates are multiplied with now, if there is a spike.
    pub spike: Option<f64>,
}

impl FaultFigures {
    /// Appends them as Prometheus text.
    pub fn write(&self, text: &mut String) {
        let errors: u64 = self.kinds.iter().map(|(_, count)| count).sum();
        let mut gauge = |name, help, value: f64| Family::new(text, name, "gauge", help).sample("", &[], value);
        gauge("fakeai_error_injection_enabled", "Whether faults may happen.", f64::from(u8::from(self.enabled)));
        gauge("fakeai_error_injection_global_rate", "Highest rate of all rules of faults.", self.rate);
        let share = if self.checks == 0 { 0.0 } else { errors as f64 / self.checks as f64 };
        gauge("fakeai_error_injection_rate", "Faults as a share of the requests looked at.", share);
        let is_spike = f64::from(u8::from(self.spike.is_some()));
        gauge("fakeai_error_injection_load_spike_active", "Whether faults are more likely now.", is_spike);
        let multiplier = self.spike.unwrap_or(1.0);
        gauge("fakeai_error_injection_load_spike_multiplier", "What rates of faults are multiplied with.", multiplier);
        let help = "Requests that were looked at for faults.";
        Family::new(text, "fakeai_error_injection_checks_total", "counter", help).sample("", &[], self.checks);
        Family::new(text, "fakeai_error_injection_errors_total", "counter", "Faults.").sample("", &[], errors);
        let mut family = Family::new(text, "fakeai_error_injection_by_type_total", "counter", "Faults by kind.");
        for (kind, count) in &self.kinds {
            family.sample("", &[("error_type", kind)], count);
        }
        let mut family =
            Family::new(text, "fakeai_error_injection_by_endpoint_total", "counter", "Faults by endpoint.");
        for (endpoint, count) in &self.endpoints {
            family.sample("", &[("endpoint", endpoint)], count);
        }
    }
}
