//! One GPU: what it was given to do in a window, and what that does to power, heat and clocks.

use std::time::Duration;

use fakeai_core::Rng;

use super::reading::{Reading, Throttle};
use crate::Gpu;

/// Share of the memory that the driver keeps.
const RESERVED: f64 = 0.007;
/// Memory is this much warmer than the chip, K: the pair of an idle H100 in public logs (35 and 44 C).
const MEMORY_WARMER: f64 = 9.0;
/// Inlet air, degrees Celsius: within ASHRAE's recommended 18 to 27.
pub(super) const INLET_CELSIUS: f64 = 25.0;
/// Time constant of chip and heat sink. Heat sinks answer within tens of seconds; no measurement of these boards.
const THERMAL_S: f64 = 15.0;

/// Work of one GPU, in seconds of each unit and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    pub(super) busy_s: f64,
    pub(super) graphics_s: f64,
    pub(super) tensor_s: f64,
    pub(super) memory_s: f64,
    pub(super) link_bytes: f64,
    pub(super) sent_bytes: f64,
    pub(super) received_bytes: f64,
}

impl Work {
    pub(super) fn add(&mut self, other: &Self, share: f64) {
        self.busy_s += other.busy_s * share;
        self.graphics_s += other.graphics_s * share;
        self.tensor_s += other.tensor_s * share;
        self.memory_s += other.memory_s * share;
        self.link_bytes += other.link_bytes * share;
        self.sent_bytes += other.sent_bytes * share;
        self.received_bytes += other.received_bytes * share;
    }
}

/// The share of a window that so many seconds take; what does not fit is left for the next window.
fn take(seconds: &mut f64, window_s: f64) -> f64 {
    let taken = seconds.min(window_s);
    *seconds -= taken;
    taken / window_s
}

#[derive(Clone, Debug)]
pub(super) struct Sensor {
    pub(super) work: Work,
    pub(super) reading: Reading,
    energy_millijoules: f64,
    link_bytes: f64,
    sent_bytes: f64,
    received_bytes: f64,
}

impl Sensor {
    pub(super) fn new(gpu: &Gpu, used_bytes: f64) -> Self {
        let total = gpu.board.framebuffer_mib;
        let reserved_mib = (f64::from(total) * RESERVED) as u32;
        let used_mib = ((used_bytes / f64::from(1 << 20)) as u32).min(total - reserved_mib);
        let mut reading = Reading {
            power_watts: gpu.board.idle_watts,
            power_limit_watts: gpu.watts,
            celsius: INLET_CELSIUS + gpu.board.kelvin_per_watt * gpu.board.idle_watts,
            used_mib,
            reserved_mib,
            free_mib: total - reserved_mib - used_mib,
            sm_clock_mhz: gpu.board.sm_idle_clock_mhz,
            memory_clock_mhz: gpu.board.memory_idle_clock_mhz,
            throttle: Throttle::IDLE,
            ..Reading::default()
        };
        reading.memory_celsius = reading.celsius + MEMORY_WARMER;
        let work = Work::default();
        Self { work, reading, energy_millijoules: 0.0, link_bytes: 0.0, sent_bytes: 0.0, received_bytes: 0.0 }
    }

    /// Ends a window.
    pub(super) fn close(&mut self, gpu: &Gpu, window_s: f64, errors_per_hour: f64, rng: &mut Rng) {
        let reading = &mut self.reading;
        reading.utilization = take(&mut self.work.busy_s, window_s);
        reading.graphics_active = take(&mut self.work.graphics_s, window_s);
        reading.tensor_active = take(&mut self.work.tensor_s, window_s);
        reading.memory_active = take(&mut self.work.memory_s, window_s);
        set_power(reading, gpu, window_s);
        self.energy_millijoules += reading.power_watts * window_s * 1e3;
        reading.energy_millijoules = self.energy_millijoules as u64;
        warm(reading, gpu, window_s);
        self.count_bytes(gpu);
        if rng.chance(errors_per_hour * window_s / 3600.0) {
            self.reading.corrected_errors += 1;
        }
    }

    fn count_bytes(&mut self, gpu: &Gpu) {
        let Work { link_bytes, sent_bytes, received_bytes, .. } = &mut self.work;
        let link = std::mem::take(link_bytes);
        self.sent_bytes += std::mem::take(sent_bytes);
        self.received_bytes += std::mem::take(received_bytes);
        if gpu.board.nvlink_links > 0 {
            // What one GPU sends another receives: all do the same.
            self.link_bytes += 2.0 * link;
        } else {
            self.sent_bytes += link;
            self.received_bytes += link;
        }
        self.reading.nvlink_bytes = self.link_bytes as u64;
        self.reading.pcie_sent_bytes = self.sent_bytes as u64;
        self.reading.pcie_received_bytes = self.received_bytes as u64;
    }
}

/// Power, clocks and what limits them.
fn set_power(reading: &mut Reading, gpu: &Gpu, window_s: f64) {
    let board = &gpu.board;
    let load = 0.35 * reading.utilization + 0.35 * reading.memory_active + 0.3 * reading.tensor_active;
    let wanted = board.idle_watts + (gpu.watts - board.idle_watts) * load;
    let mut allowed = wanted.min(reading.power_limit_watts.max(board.idle_watts));
    let mut throttle = Throttle::default();
    let window = Duration::from_secs_f64(window_s);
    if allowed < wanted {
        throttle.set(Throttle::POWER_CAP);
        reading.power_violation += window;
    }
    if reading.celsius >= board.operating_celsius && wanted > board.idle_watts {
        // What keeps it at the limit.
        let lasting = (board.operating_celsius - INLET_CELSIUS) / board.kelvin_per_watt;
        allowed = allowed.min(lasting.max(board.idle_watts));
        throttle.set(Throttle::SOFTWARE_THERMAL);
        reading.thermal_violation += window;
    }
    let dynamic = wanted - board.idle_watts;
    let share = if dynamic > 0.0 { (allowed - board.idle_watts) / dynamic } else { 1.0 };
    let mut clock = board.sm_clock_mhz * share.cbrt();
    if reading.celsius >= board.slowdown_celsius {
        throttle.set(Throttle::HARDWARE_SLOWDOWN);
        throttle.set(Throttle::HARDWARE_THERMAL);
        clock = clock.min(board.sm_clock_mhz / 2.0);
    }
    let is_idle = reading.utilization <= 0.0;
    if is_idle {
        throttle.set(Throttle::IDLE);
        clock = board.sm_idle_clock_mhz;
    }
    reading.power_watts = allowed;
    reading.sm_clock_mhz = clock.max(board.sm_idle_clock_mhz);
    reading.memory_clock_mhz = if is_idle { board.memory_idle_clock_mhz } else { board.memory_clock_mhz };
    reading.throttle = throttle;
}

/// The temperature after a window at its power.
fn warm(reading: &mut Reading, gpu: &Gpu, window_s: f64) {
    let lasting = INLET_CELSIUS + gpu.board.kelvin_per_watt * reading.power_watts;
    reading.celsius = lasting + (reading.celsius - lasting) * (-window_s / THERMAL_S).exp();
    reading.memory_celsius = reading.celsius + MEMORY_WARMER;
}
