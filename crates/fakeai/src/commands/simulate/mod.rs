//! `fakeai simulate`: a deployment under a load, in virtual time.

mod axes;
mod calibration;
mod cases;
mod flags;
mod output;
mod progress;

use std::io;
use std::num::NonZero;
use std::path::Path;
use std::time::Duration;

use clap::{ArgMatches, Command};
use fakeai_core::Clock;
use fakeai_simulate::{
    Failure, Find, Labels, Measure, Options, Point, Price, Progress, Results, Run, Slo, json, report, simulate_all,
};

use super::World;
use crate::error::Error;
use crate::files;
use cases::Plan;

pub(super) fn command() -> Command {
    flags::command()
}

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let coefficients = calibration::coefficients(matches, world)?;
    let plan = cases::plan(matches, &world.directory, coefficients)?;
    let measure = measure(matches, &plan)?;
    if text("records").is_some() && (plan.cases.len() != 1 || measure.find.is_some()) {
        return Err(Error::Usage("--records is for one run; this is a sweep or a search (--find none)".to_owned()));
    }
    let clock = Clock::system()?;
    let begun = clock.now();
    let (results, run) = simulate(matches, &plan, &measure, world)?;
    let took = clock.now().since(begun);
    let written = match text("format") {
        Some("json") => json::document(&results).map_err(io::Error::from)?.into_bytes(),
        Some("csv") => output::csv(&results).into_bytes(),
        _ => output::table(&results)?,
    };
    match text("output") {
        Some(file) => files::write(&world.directory.join(file), &written)?,
        None => world.terminal.out.write_all(&written)?,
    }
    write_beside(matches, &world.directory, &results, run.as_ref())?;
    tell_speed(&results, took, world)?;
    Ok(())
}

/// `--report` and `--records`.
fn write_beside(matches: &ArgMatches, directory: &Path, results: &Results, run: Option<&Run>) -> Result<(), Error> {
    if let Some(file) = matches.get_one::<String>("report") {
        files::write(&directory.join(file), report::page(results).as_bytes())?;
    }
    if let Some((file, run)) = matches.get_one::<String>("records").zip(run) {
        files::write(&directory.join(file), output::records(run).as_bytes())?;
    }
    Ok(())
}

/// One per core, unless told.
fn threads(matches: &ArgMatches) -> usize {
    let told = matches.get_one::<u32>("threads").map(|threads| *threads as usize);
    told.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get))
}

fn measure(matches: &ArgMatches, plan: &Plan) -> Result<Measure, Error> {
    let usage = |error: fakeai_simulate::SimulateError| Error::Usage(error.to_string());
    let percentile = matches.get_one::<u8>("slo-percentile").copied().unwrap_or(Slo::PERCENTILE);
    let slo = matches
        .get_one::<String>("slo")
        .map(|text| text.parse::<Slo>().and_then(|slo| slo.with_percentile(percentile)).map_err(usage));
    let slo = slo.transpose()?;
    let is_load_swept = flags::LOAD_AXES.iter().any(|name| plan.axes.contains(name));
    let find = match matches.get_one::<String>("find").map(String::as_str) {
        Some("rate") => Some(Find::Rate),
        Some("gpus") => Some(Find::Gpus),
        Some(_) => None,
        None => (slo.is_some() && !is_load_swept).then_some(Find::Rate),
    };
    let price = matches.get_one::<f64>("gpu-price").copied();
    if price.is_some_and(|price| !(0.0..=1e6).contains(&price)) {
        return Err(Error::Usage("--gpu-price is in US dollars, from 0 to a million".to_owned()));
    }
    let warmup = matches.get_one::<f64>("warmup").copied().unwrap_or_default();
    if !(0.0..1.0).contains(&warmup) {
        return Err(Error::Usage("--warmup is a share of the requests, from 0 to below 1".to_owned()));
    }
    let options = Options { warmup, interval: matches.get_one::<Duration>("interval").copied() };
    Ok(Measure { options, slo, price: price.map(Price), find })
}

/// Runs all cases. What fails in a sweep is told beside the rest; if nothing is left, that is the error.
fn simulate(
    matches: &ArgMatches,
    plan: &Plan,
    measure: &Measure,
    world: &mut World<'_, '_>,
) -> Result<(Results, Option<Run>), Error> {
    let progress = Progress::default();
    let (cases, threads) = (&plan.cases, threads(matches));
    let line = || {
        let words = format!("{} cases, {} requests", cases.len(), progress.requests());
        (progress.share(cases.len()), words)
    };
    let all = progress::watch(world.terminal, line, || simulate_all(cases, measure, threads, &progress))?;
    let (mut points, mut failures, mut single): (Vec<Point>, Vec<Failure>, _) =
        (Vec::new(), plan.failures.clone(), None);
    for result in all {
        match result {
            Ok((point, run)) => {
                points.push(point);
                single = single.or(run);
            }
            Err(failure) => failures.push(failure),
        }
    }
    if points.is_empty() {
        let Some(first) = failures.first() else {
            return Err(Error::Failed("there is nothing to simulate".to_owned()));
        };
        let reason = first.reason.clone();
        return Err(if first.is_finding { Error::Failed(reason) } else { Error::Usage(reason) });
    }
    let results = Results {
        configuration: common(&points, measure),
        slo: measure.slo.clone(),
        axes: plan.axes.iter().map(|name| (*name).to_owned()).collect(),
        points,
        failures,
    };
    Ok((results, single))
}

/// What all points have in common, and how they were measured.
fn common(points: &[Point], measure: &Measure) -> Labels {
    let Some((first, others)) = points.split_first() else { return Labels::default() };
    let is_common = |name: &str, value: &str| others.iter().all(|other| other.configuration.get(name) == Some(value));
    let mut labels: Vec<(String, String)> =
        first.configuration.0.iter().filter(|(name, value)| is_common(name, value)).cloned().collect();
    if let Some(slo) = &measure.slo {
        labels.push(("objective".to_owned(), slo.to_string()));
    }
    if measure.options.warmup > 0.0 {
        labels.push(("warm-up".to_owned(), format!("{} % of the requests", measure.options.warmup * 100.0)));
    }
    Labels(labels)
}

/// How fast the simulator was: to the side, so that results are the same bytes each time.
fn tell_speed(results: &Results, took: Duration, world: &mut World<'_, '_>) -> io::Result<()> {
    let simulated: f64 = results.points.iter().map(|point| point.summary.duration_s).sum();
    let runs: usize =
        results.points.iter().map(|point| point.found.as_ref().map_or(1, |found| found.trials.len())).sum();
    if runs > results.points.len() {
        return writeln!(world.terminal.err, "{runs} runs in {:.2} s", took.as_secs_f64());
    }
    let times = simulated / took.as_secs_f64().max(1e-6);
    let traffic = if simulated < 7200.0 { format!("{simulated:.0} s") } else { format!("{:.1} h", simulated / 3600.0) };
    writeln!(world.terminal.err, "{traffic} of traffic in {:.2} s: {times:.0} times as fast", took.as_secs_f64())
}
