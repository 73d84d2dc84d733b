//! What the sensors of one GPU show.

use std::time::Duration;

/// Why the clocks are not at their highest: the bits of `nvmlClocksEventReasons`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle(pub u64);

impl Throttle {
    /// Nothing to do.
    pub const IDLE: Self = Self(0x1);
    /// The power limit.
    pub const POWER_CAP: Self = Self(0x4);
    /// The hardware halves the clocks.
    pub const HARDWARE_SLOWDOWN: Self = Self(0x8);
    /// Warmer than it should operate.
    pub const SOFTWARE_THERMAL: Self = Self(0x20);
    /// Much too warm.
    pub const HARDWARE_THERMAL: Self = Self(0x40);

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What a GPU did in the last window, and its counters since the board was made. Shares are from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Share of time with work.
    pub utilization: f64,
    /// Share of time in which the graphics and compute engine was active.
    pub graphics_active: f64,
    /// Share of time in which tensor cores were active.
    pub tensor_active: f64,
    /// Share of time in which memory was read or written.
    pub memory_active: f64,
    /// Share of time of the video encoder: never used here.
    pub encoder: f64,
    /// Share of time of the video decoder: never used here.
    pub decoder: f64,
    /// Mean power, W.
    pub power_watts: f64,
    /// The power limit that holds, W.
    pub power_limit_watts: f64,
    /// Energy since the beginning, mJ.
    pub energy_millijoules: u64,
    /// Temperature of the chip at the end of the window, degrees Celsius.
    pub celsius: f64,
    /// Temperature of the memory, degrees Celsius.
    pub memory_celsius: f64,
    /// Clock of the multiprocessors, MHz.
    pub sm_clock_mhz: f64,
    /// Clock of the memory, MHz.
    pub memory_clock_mhz: f64,
    /// What holds the clocks down.
    pub throttle: Throttle,
    /// Time at the power limit since the beginning.
    pub power_violation: Duration,
    /// Time above the operating temperature since the beginning.
    pub thermal_violation: Duration,
    /// Memory taken by weights, cache and the engine, MiB. Engines take it when they start, so it does not change.
    pub used_mib: u32,
    /// Memory nobody took, MiB.
    pub free_mib: u32,
    /// Memory the driver keeps, MiB.
    pub reserved_mib: u32,
    /// Bytes sent to and received from other GPUs over `NVLink` since the beginning.
    pub nvlink_bytes: u64,
    /// Bytes sent to the host, or without `NVLink` to other GPUs, since the beginning.
    pub pcie_sent_bytes: u64,
    /// Bytes received from there since the beginning.
    pub pcie_received_bytes: u64,
    /// Packets of the host link sent again since the beginning.
    pub pcie_replays: u64,
    /// Memory errors that were corrected.
    pub corrected_errors: u64,
    /// Memory errors that were not.
    pub uncorrected_errors: u64,
    /// The last XID error; 0 for none.
    pub xid: u32,
}
