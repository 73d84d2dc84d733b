//! Accelerators: how fast they compute, read memory and talk to each other. Knows nothing of models.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::EngineError;
use crate::nearest::{fold, nearest};

/// Bytes of a gibibyte.
pub(crate) const GIB: f64 = (1_u64 << 30) as f64;

/// How weights (and the multiplications with them) are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 16 bit.
    #[default]
    Bf16,
    /// 8 bit.
    Fp8,
    /// 4 bit with block scales, NVIDIA's.
    Nvfp4,
    /// 4 bit with block scales, as gpt-oss is published.
    Mxfp4,
    /// 4 bit integers in groups of 128, computed in 16 bit.
    Int4,
}

impl Precision {
    /// Bytes of one weight, its share of the scales included.
    pub const fn bytes(self) -> f64 {
        match self {
            Self::Bf16 => 2.0,
            Self::Fp8 => 1.0,
            Self::Nvfp4 => 0.56,
            Self::Mxfp4 => 0.53,
            Self::Int4 => 0.52,
        }
    }
}

impl FromStr for Precision {
    type Err = EngineError;

    /// By its own name, or by the names of formats and libraries that engines know (`awq`, `modelopt`, `fp8_e4m3` …).
    fn from_str(name: &str) -> Result<Self, EngineError> {
        match name.to_ascii_lowercase().as_str() {
            "bf16" | "bfloat16" | "fp16" | "float16" | "half" => Ok(Self::Bf16),
            "fp8" | "fp8_block" | "fp8_e4m3" | "fp8_e5m2" | "fbgemm_fp8" | "modelopt" | "modelopt_fp8" => Ok(Self::Fp8),
            "nvfp4" | "fp4" | "modelopt_fp4" => Ok(Self::Nvfp4),
            "mxfp4" | "w4a16_mxfp4" => Ok(Self::Mxfp4),
            "int4" | "int4_wo" | "awq" | "awq_marlin" | "gptq" | "gptq_marlin" => Ok(Self::Int4),
            _ => Err(EngineError::InvalidSettings {
                what: format!("`{name}` is no precision; bf16, fp8, nvfp4, mxfp4 or int4 are"),
            }),
        }
    }
}

/// One kind of accelerator. Peaks are of dense arithmetic; links are one direction.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// Its usual name, for example `H100`.
    pub name: String,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Peak of 16-bit multiplication, TFLOP/s.
    pub bf16_tflops: f64,
    /// Peak of 8-bit floating point multiplication, TFLOP/s; absent where there is none.
    pub fp8_tflops: Option<f64>,
    /// Peak of 4-bit floating point multiplication, TFLOP/s; absent where there is none.
    pub fp4_tflops: Option<f64>,
    /// Memory bandwidth, TB/s.
    pub hbm_tb_per_second: f64,
    /// Memory an engine can use, GiB.
    pub memory_gib: f64,
    /// Link to the GPUs of the same machine, GB/s.
    pub nvlink_gb_per_second: f64,
    /// GPUs that this link joins.
    pub nvlink_gpus: u32,
    /// Link to the host, GB/s.
    pub pcie_gb_per_second: f64,
    /// Link to other machines, GB/s.
    pub network_gb_per_second: f64,
    /// Power limit, W.
    pub watts: f64,
    /// What its sensors show.
    pub board: Board,
}

/// What the sensors of a GPU show when it idles and when it is busy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its name as the driver says it.
    pub product: String,
    /// Memory as the driver says it, MiB.
    pub framebuffer_mib: u32,
    /// `NVLink` connections; 0 where there are none and GPUs talk over the host link.
    pub nvlink_links: u32,
    /// Power with nothing to do, W.
    pub idle_watts: f64,
    /// Highest clock of the multiprocessors, MHz.
    pub sm_clock_mhz: f64,
    /// Their clock with nothing to do, MHz.
    pub sm_idle_clock_mhz: f64,
    /// Clock of the memory, MHz.
    pub memory_clock_mhz: f64,
    /// Its clock with nothing to do, MHz.
    pub memory_idle_clock_mhz: f64,
    /// Above this the driver lowers the clocks, degrees Celsius.
    pub operating_celsius: f64,
    /// Above this the hardware halves them, degrees Celsius.
    pub slowdown_celsius: f64,
    /// Thermal resistance between chip and inlet air, K/W.
    pub kelvin_per_watt: f64,
}

#[derive(Deserialize)]
struct File {
    gpu: Vec<Gpu>,
}

static GPUS: LazyLock<Result<Vec<Gpu>, EngineError>> = LazyLock::new(|| {
    let file: Result<File, _> = toml::from_str(include_str!("../data/gpus.toml"));
    file.map(|file| file.gpu)
        .map_err(|error| EngineError::Data { file: "engine/data/gpus.toml", reason: error.to_string() })
});

impl Gpu {
    /// All that are known.
    ///
    /// # Errors
    /// [`EngineError::Data`] when the table that was built in is broken; a test keeps it whole.
    pub fn all() -> Result<&'static [Self], EngineError> {
        GPUS.as_deref().map_err(Clone::clone)
    }

    /// The GPU of that name or alias, whatever its case and punctuation.
    ///
    /// # Errors
    /// [`EngineError::UnknownGpu`], which names the nearest.
    pub fn find(name: &str) -> Result<&'static Self, EngineError> {
        let all = Self::all()?;
        let folded = fold(name);
        let is_named = |gpu: &&Self| gpu.names().any(|known| fold(known) == folded);
        all.iter().find(is_named).ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|gpu| gpu.name.as_str()).collect();
            EngineError::UnknownGpu {
                name: name.to_owned(),
                nearest: nearest(name, known.iter().copied()),
                known: known.join(", "),
            }
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// Peak rate of multiplications with weights of this precision, FLOP/s. A precision the GPU has no arithmetic for
    /// is unpacked into the next wider one it has (as Marlin kernels do for 4-bit weights on Hopper).
    pub fn flops(&self, precision: Precision) -> f64 {
        let tflops = match precision {
            Precision::Bf16 | Precision::Int4 => self.bf16_tflops,
            Precision::Fp8 => self.fp8_tflops.unwrap_or(self.bf16_tflops),
            Precision::Nvfp4 | Precision::Mxfp4 => self.fp4_tflops.unwrap_or(self.bf16_tflops),
        };
        tflops * 1e12
    }

    /// Peak memory bandwidth, bytes/s.
    pub const fn memory_bandwidth(&self) -> f64 {
        self.hbm_tb_per_second * 1e12
    }

    /// Peak bandwidth to a GPU of the same machine, bytes/s.
    pub const fn link_bandwidth(&self) -> f64 {
        self.nvlink_gb_per_second * 1e9
    }

    /// Peak bandwidth to a GPU of another machine, bytes/s.
    pub const fn network_bandwidth(&self) -> f64 {
        self.network_gb_per_second * 1e9
    }

    /// Memory an engine can use, bytes.
    pub const fn memory_bytes(&self) -> f64 {
        self.memory_gib * GIB
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_found_however_they_are_typed() {
        for (typed, name) in [("h100", "H100"), ("H100_SXM", "H100"), ("nvidia-b200", "B200"), ("l40S", "L40S")] {
            assert_eq!(Gpu::find(typed).unwrap().name, name);
        }
        assert_eq!(Gpu::all().unwrap().len(), 9);
    }

    #[test]
    fn boards_can_be() {
        for gpu in Gpu::all().unwrap() {
            let board = &gpu.board;
            assert!(board.idle_watts < 0.3 * gpu.watts && board.sm_idle_clock_mhz < board.sm_clock_mhz, "{}", gpu.name);
            // At the power limit it is warm, but its clocks hold.
            let hottest = 25.0 + board.kelvin_per_watt * gpu.watts;
            assert!((60.0..board.operating_celsius).contains(&hottest), "{}: {hottest}", gpu.name);
            let gib = f64::from(board.framebuffer_mib) / 1024.0;
            assert!((gib / gpu.memory_gib - 1.0).abs() < 0.01, "{}: {gib} GiB", gpu.name);
        }
    }

    #[test]
    fn an_unknown_gpu_names_the_nearest() {
        let error = Gpu::find("H1000").unwrap_err();
        assert!(matches!(&error, EngineError::UnknownGpu { nearest, .. } if nearest == "H100"), "{error}");
    }

    #[test]
    fn narrow_weights_are_computed_in_what_the_gpu_has() {
        let (a100, h100, b200) = (Gpu::find("a100").unwrap(), Gpu::find("h100").unwrap(), Gpu::find("b200").unwrap());
        assert!((a100.flops(Precision::Fp8) - 312e12).abs() < 1.0);
        assert!((h100.flops(Precision::Mxfp4) - 989e12).abs() < 1.0);
        assert!((b200.flops(Precision::Nvfp4) - 9000e12).abs() < 1.0);
    }
}
