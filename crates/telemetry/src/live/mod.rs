//! The last minute, kept up to date for those who watch all the time.
//!
//! Views that somebody asks for now and then read the archive's records each time. Who asks every second would read each
//! record sixty times; a [`Window`] takes each over once, as the few numbers that figures are made of. What it says
//! agrees with the core view to the last digit.

mod figures;
mod points;
mod window;

pub use figures::{
    CacheFigures, CostFigures, ErrorFigures, Figures, ModelFigures, QueueFigures, Spread, StreamingFigures,
    ThroughputFigures, TotalFigures,
};
pub use points::{Point, Points, bounds_ms};
pub use window::{Choice, Sample, Window};
