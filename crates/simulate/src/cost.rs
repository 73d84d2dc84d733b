//! What GPUs cost: money and power.

use fakeai_engine::Gpu;

/// US dollars for an hour of one GPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price(pub f64);

/// Round figures of public on-demand offers of 2025, US dollars for a GPU and hour. They differ by a factor of three
/// between sellers and fall with time: whoever decides by cost gives their own.
const PRICES: [(&str, f64); 9] = [
    ("A100", 1.8),
    ("H100", 3.0),
    ("H200", 3.8),
    ("B100", 4.5),
    ("B200", 5.5),
    ("B300", 6.5),
    ("GB200", 6.5),
    ("GB300", 7.5),
    ("L40S", 1.1),
];

/// The usual price of a GPU; `None` for one that is not in the table.
pub fn gpu_price(gpu: &Gpu) -> Option<Price> {
    PRICES.iter().find(|(name, _)| *name == gpu.name).map(|(_, price)| Price(*price))
}

/// Power of one GPU, idle and at most, W.
pub(crate) const fn watts(gpu: &Gpu) -> (f64, f64) {
    (gpu.board.idle_watts, gpu.watts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gpu_has_a_price() {
        for gpu in Gpu::all().unwrap() {
            assert!(gpu_price(gpu).is_some(), "{}", gpu.name);
        }
    }
}
