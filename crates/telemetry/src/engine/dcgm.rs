//! `DCGM_FI_*`, as NVIDIA's dcgm-exporter shows them (`etc/default-counters.csv`, with the profiling fields of
//! `dcp-metrics-included.csv` and the limits that benchmarks read).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::table::{Metric, Table, counter, gauge};
use crate::exposition::Manner;

pub(super) const TABLE: Table<Gpu> = Table { metrics: METRICS, manner: Manner::Plain, labels };

/// The driver whose sensors are imitated.
const DRIVER_VERSION: &str = "580.95.05";
/// The name of the machine, which is none.
const HOST: &str = "fakeai";

/// What the sensors of one GPU show. Shares are from 0 to 1; counters are since the beginning.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gpu {
    /// Its number in the deployment.
    #[serde(rename = "gpu_id")]
    pub index: u32,
    /// As the driver writes it.
    pub uuid: String,
    /// Domain, bus, device, function.
    pub pci_bus_id: String,
    /// For example `NVIDIA H100 80GB HBM3`.
    pub name: String,
    /// Clock of the multiprocessors, MHz.
    pub sm_clock_mhz: f64,
    /// Clock of the memory, MHz.
    pub memory_clock_mhz: f64,
    /// Temperature of the chip, degrees Celsius.
    pub temperature_c: f64,
    /// Temperature of the memory, degrees Celsius.
    pub memory_temp_c: f64,
    /// Power, W.
    pub power_usage_w: f64,
    /// Limit of the power, W.
    pub power_limit_w: f64,
    /// Energy, mJ.
    pub total_energy_mj: u64,
    /// Share of time with work.
    pub gpu_utilization: f64,
    /// Share of time in which memory was read or written.
    pub dram_active: f64,
    /// Share of time in which tensor cores were active.
    pub tensor_active: f64,
    /// Share of time in which the graphics and compute engine was active.
    pub graphics_active: f64,
    /// Share of time of the video encoder.
    pub encoder_utilization: f64,
    /// Share of time of the video decoder.
    pub decoder_utilization: f64,
    /// Memory nobody took, MiB.
    pub memory_free_mib: u64,
    /// Memory taken, MiB.
    pub memory_used_mib: u64,
    /// Memory the driver keeps, MiB.
    pub memory_reserved_mib: u64,
    /// Memory errors that were corrected.
    pub ecc_sbe_total: u64,
    /// Memory errors that were not.
    pub ecc_dbe_total: u64,
    /// The last XID error; 0 for none.
    pub xid: u32,
    /// Bytes sent to the host.
    pub pcie_tx_bytes: u64,
    /// Bytes received from the host.
    pub pcie_rx_bytes: u64,
    /// Packets sent again.
    pub pcie_replays: u64,
    /// Bytes sent to and received from other GPUs over `NVLink`.
    pub nvlink_bytes: u64,
    /// What holds the clocks down: the bits of `nvmlClocksEventReasons`.
    pub throttle_reasons: u64,
    /// Time at the power limit, microseconds.
    pub power_violation_us: u64,
    /// Time above the operating temperature, microseconds.
    pub thermal_violation_us: u64,
}

/// `GET /dcgm/metrics/json`: by `gpu_0`, `gpu_1` …, in the original system's shape.
pub fn by_name(gpus: Vec<Gpu>) -> BTreeMap<String, Gpu> {
    gpus.into_iter().map(|gpu| (format!("gpu_{}", gpu.index), gpu)).collect()
}

/// Prometheus text of the GPUs; empty without any.
pub fn render(gpus: &[Gpu]) -> String {
    let mut text = String::new();
    TABLE.write(&mut text, gpus);
    text
}

fn labels(gpu: &Gpu) -> Vec<(&'static str, String)> {
    vec![
        ("gpu", gpu.index.to_string()),
        ("UUID", gpu.uuid.clone()),
        ("pci_bus_id", gpu.pci_bus_id.clone()),
        ("device", format!("nvidia{}", gpu.index)),
        ("modelName", gpu.name.clone()),
        ("Hostname", HOST.to_owned()),
        ("DCGM_FI_DRIVER_VERSION", DRIVER_VERSION.to_owned()),
    ]
}

/// A share as a whole number of percent, as NVML gives it.
const fn percent(share: f64) -> f64 {
    (share * 100.0).round()
}

const METRICS: &[Metric<Gpu>] = &[
    gauge("DCGM_FI_DEV_SM_CLOCK", "SM clock frequency (in MHz).", |g| Some(g.sm_clock_mhz.round())),
    gauge("DCGM_FI_DEV_MEM_CLOCK", "Memory clock frequency (in MHz).", |g| Some(g.memory_clock_mhz.round())),
    gauge("DCGM_FI_DEV_MEMORY_TEMP", "Memory temperature (in C).", |g| Some(g.memory_temp_c.round())),
    gauge("DCGM_FI_DEV_GPU_TEMP", "GPU temperature (in C).", |g| Some(g.temperature_c.round())),
    gauge("DCGM_FI_DEV_POWER_USAGE", "Power draw (in W).", |g| Some(g.power_usage_w)),
    gauge("DCGM_FI_DEV_POWER_MGMT_LIMIT", "Current power limit (in W).", |g| Some(g.power_limit_w)),
    counter("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "Total energy consumption since boot (in mJ).", |g| {
        Some(g.total_energy_mj as f64)
    }),
    counter("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "Total number of PCIe retries.", |g| Some(g.pcie_replays as f64)),
    gauge("DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %).", |g| Some(percent(g.gpu_utilization))),
    gauge("DCGM_FI_DEV_MEM_COPY_UTIL", "Memory utilization (in %).", |g| Some(percent(g.dram_active))),
    gauge("DCGM_FI_DEV_ENC_UTIL", "Encoder utilization (in %).", |g| Some(percent(g.encoder_utilization))),
    gauge("DCGM_FI_DEV_DEC_UTIL", "Decoder utilization (in %).", |g| Some(percent(g.decoder_utilization))),
    gauge("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "Current clock throttle reasons (bitmask).", |g| {
        Some(g.throttle_reasons as f64)
    }),
    gauge("DCGM_FI_DEV_XID_ERRORS", "Value of the last XID error encountered.", |g| Some(f64::from(g.xid))),
    counter("DCGM_FI_DEV_POWER_VIOLATION", "Throttling duration due to power constraints (in us).", |g| {
        Some(g.power_violation_us as f64)
    }),
    counter("DCGM_FI_DEV_THERMAL_VIOLATION", "Throttling duration due to thermal constraints (in us).", |g| {
        Some(g.thermal_violation_us as f64)
    }),
    gauge("DCGM_FI_DEV_FB_FREE", "Framebuffer memory free (in MiB).", |g| Some(g.memory_free_mib as f64)),
    gauge("DCGM_FI_DEV_FB_USED", "Framebuffer memory used (in MiB).", |g| Some(g.memory_used_mib as f64)),
    gauge("DCGM_FI_DEV_FB_RESERVED", "Framebuffer memory reserved (in MiB).", |g| Some(g.memory_reserved_mib as f64)),
    gauge("DCGM_FI_DEV_FB_TOTAL", "Total framebuffer memory (in MiB).", |g| {
        Some((g.memory_free_mib + g.memory_used_mib + g.memory_reserved_mib) as f64)
    }),
    counter("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "Total number of single-bit volatile ECC errors.", |g| {
        Some(g.ecc_sbe_total as f64)
    }),
    counter("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "Total number of double-bit volatile ECC errors.", |g| {
        Some(g.ecc_dbe_total as f64)
    }),
    counter("DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "Total number of NVLink bandwidth counters for all lanes", |g| {
        Some(g.nvlink_bytes as f64)
    }),
    gauge("DCGM_FI_DEV_VGPU_LICENSE_STATUS", "vGPU License status", |_| Some(0.0)),
    gauge("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "Ratio of time the graphics engine is active.", |g| Some(g.graphics_active)),
    gauge("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "Ratio of cycles the tensor (HMMA) pipe is active.", |g| {
        Some(g.tensor_active)
    }),
    gauge(
        "DCGM_FI_PROF_DRAM_ACTIVE",
        "Ratio of cycles the device memory interface is active sending or receiving data.",
        |g| Some(g.dram_active),
    ),
    counter(
        "DCGM_FI_PROF_PCIE_TX_BYTES",
        "The number of bytes of active pcie tx data including both header and payload.",
        |g| Some(g.pcie_tx_bytes as f64),
    ),
    counter(
        "DCGM_FI_PROF_PCIE_RX_BYTES",
        "The number of bytes of active pcie rx data including both header and payload.",
        |g| Some(g.pcie_rx_bytes as f64),
    ),
];
