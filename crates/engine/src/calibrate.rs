//! Fits a profile to measurements of a real engine, and says how well it then predicts them.
//!
//! A [`Measurement`] is one point of a closed-loop benchmark: so many clients, these lengths, this mean TTFT and TPOT.
//! The whole protocol is simulated for each, with its burst at the start and its uneven lengths, because both decide
//! the TTFT. Knows no files: the text of a CSV comes in, coefficients go out.

mod csv;
mod fit;
mod protocol;
mod simplex;

pub(crate) use csv::fields;
pub use csv::read_csv;
pub use fit::{Fit, FitOptions, fit, predict, predict_all, score};
pub use protocol::{ClosedLoop, Outcome, run_closed_loop};

use crate::step::EngineKind;
use crate::{Architecture, EngineError, Gpu, Precision};

/// One measured point.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Its name in the source.
    pub id: String,
    /// The engine.
    pub engine: EngineKind,
    /// The model's name.
    pub model: String,
    /// The GPU's name.
    pub gpu: String,
    /// How weights were stored.
    pub weights: Precision,
    /// GPUs that share every layer.
    pub tensor_parallel: u32,
    /// Groups of GPUs that each hold whole experts.
    pub expert_parallel: u32,
    /// Data-parallel ranks of the attention.
    pub data_parallel: u32,
    /// Nominal prompt length, tokens.
    pub prompt_tokens: u32,
    /// Nominal answer length, tokens.
    pub output_tokens: u32,
    /// Clients.
    pub concurrency: u32,
    /// Mean time to first token, milliseconds; `None` where it was measured by another protocol.
    pub ttft_ms: Option<f64>,
    /// Mean time for each further token, milliseconds.
    pub tpot_ms: f64,
}

impl Measurement {
    /// The model's shape and the GPU.
    ///
    /// # Errors
    /// Either may be unknown.
    pub fn find(&self) -> Result<(&'static Architecture, &'static Gpu), EngineError> {
        Ok((Architecture::find(&self.model)?, Gpu::find(&self.gpu)?))
    }

    /// Whether it is of a mixture of experts.
    pub fn is_mixture(&self) -> bool {
        Architecture::find(&self.model).is_ok_and(|architecture| architecture.experts.is_some())
    }
}

/// A measurement and what the model says of it, milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// What was measured.
    pub measurement: Measurement,
    /// What was predicted.
    pub outcome: Outcome,
}

impl Prediction {
    /// Relative error of the TTFT, where it was measured: 0.1 is ten percent too long.
    pub fn ttft_error(&self) -> Option<f64> {
        self.measurement.ttft_ms.map(|measured| self.outcome.ttft_ms / measured - 1.0)
    }

    /// Relative error of the TPOT.
    pub fn tpot_error(&self) -> f64 {
        self.outcome.tpot_ms / self.measurement.tpot_ms - 1.0
    }
}

/// How far predictions are off, as shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Points.
    pub points: usize,
    /// Points with a TTFT.
    pub ttft_points: usize,
    /// Mean absolute relative error of the TPOT.
    pub tpot_mean: f64,
    /// Median absolute relative error of the TPOT.
    pub tpot_median: f64,
    /// Mean absolute relative error of the TTFT.
    pub ttft_mean: f64,
    /// Median absolute relative error of the TTFT.
    pub ttft_median: f64,
}
