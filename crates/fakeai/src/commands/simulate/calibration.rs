//! `--calibrate` and `--profile`: numbers of the step model from measurements, and from a file of them.

use std::path::Path;

use clap::ArgMatches;
use fakeai_engine::calibrate::{FitOptions, Measurement, Prediction, fit, predict_all, read_csv, score};
use fakeai_engine::step::{Coefficients, Profile};

use super::cases::read_text;
use super::progress::watch;
use crate::commands::World;
use crate::error::Error;
use crate::files;
use crate::table::{Align, Table};

/// The numbers that the flags name; `None` for the built-in ones.
pub(super) fn coefficients(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<Option<Coefficients>, Error> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    if let Some(file) = text("profile") {
        let coefficients = toml::from_str(&read_text(&world.directory, file)?);
        return coefficients.map(Some).map_err(|error| Error::Usage(format!("{file}: {error}")));
    }
    let Some(file) = text("calibrate") else { return Ok(None) };
    let measurements =
        read_csv(&read_text(&world.directory, file)?).map_err(|error| Error::Usage(format!("{file}, {error}")))?;
    let fitted = calibrate(&measurements, super::threads(matches), world)?;
    if let Some(file) = text("save-profile") {
        save(&world.directory.join(file), &fitted)?;
    }
    Ok(Some(fitted))
}

/// Fits, and says how well.
fn calibrate(measurements: &[Measurement], threads: usize, world: &mut World<'_, '_>) -> Result<Coefficients, Error> {
    let usage = |error: fakeai_engine::EngineError| Error::Usage(error.to_string());
    let Some(first) = measurements.first() else { return Err(Error::Usage("there are no measurements".to_owned())) };
    for measurement in measurements {
        measurement.find().map_err(usage)?;
        if (measurement.engine, measurement.is_mixture()) != (first.engine, first.is_mixture()) {
            let what = "all measurements must be of one engine, and either of dense models or of mixtures: their numbers \
                        differ";
            return Err(Error::Usage(what.to_owned()));
        }
    }
    let start = Profile::find(first.engine, &first.gpu, first.is_mixture()).map_err(usage)?.coefficients;
    let options = FitOptions { threads, ..FitOptions::default() };
    let words = || (0.0, format!("fitting {} measurements", measurements.len()));
    let (fit, before, after) = watch(world.terminal, words, || {
        let fit = fit(measurements, &start, &options)?;
        let predict = |coefficients| predict_all(measurements, coefficients, &options);
        Ok((fit, predict(&start), predict(&fit.coefficients)))
    })?
    .map_err(usage)?;
    show(&before, &after, measurements.len(), world)?;
    Ok(fit.coefficients)
}

fn show(before: &[Prediction], after: &[Prediction], given: usize, world: &mut World<'_, '_>) -> Result<(), Error> {
    let columns = ["measurement", "isl", "osl", "clients", "TTFT ms", "fitted", "TPOT ms", "fitted"];
    let aligned = columns
        .into_iter()
        .enumerate()
        .map(|(place, name)| (name, if place == 0 { Align::Left } else { Align::Right }));
    let mut table = Table::new(aligned);
    for Prediction { measurement, outcome } in after {
        table.row([
            format!("{} {}", measurement.id, measurement.model),
            measurement.prompt_tokens.to_string(),
            measurement.output_tokens.to_string(),
            measurement.concurrency.to_string(),
            measurement.ttft_ms.map_or_else(|| "-".to_owned(), |ttft| format!("{ttft:.1}")),
            format!("{:.1}", outcome.ttft_ms),
            format!("{:.2}", measurement.tpot_ms),
            format!("{:.2}", outcome.tpot_ms),
        ]);
    }
    let out = &mut *world.terminal.err;
    table.write(out)?;
    let (before, after) = (score(before), score(after));
    if after.points < given {
        writeln!(out, "{} of {given} measurements cannot be simulated and were left out", given - after.points)?;
    }
    for (name, score) in [("built-in profile", before), ("fitted", after)] {
        writeln!(
            out,
            "{name}: TPOT {:.1} % mean, {:.1} % median error; TTFT {:.1} % mean, {:.1} % median error ({} points)",
            score.tpot_mean * 100.0,
            score.tpot_median * 100.0,
            score.ttft_mean * 100.0,
            score.ttft_median * 100.0,
            score.points
        )?;
    }
    writeln!(out)?;
    Ok(())
}

fn save(path: &Path, coefficients: &Coefficients) -> Result<(), Error> {
    let text = toml::to_string(coefficients).map_err(|error| Error::Failed(error.to_string()))?;
    let head = "# Numbers of the step model, fitted by `fakeai simulate --calibrate`; `--profile` reads them.\n";
    Ok(files::write(path, format!("{head}{text}").as_bytes())?)
}
