//! Cases and what comes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use fakeai_engine::{Deployment, LatencyTable, Precision};
use serde::{Serialize, Serializer};

use crate::SimulateError;
use crate::cost::Price;
use crate::run::{Options, Run, run};
use crate::search::{Find, Found, search};
use crate::series::Series;
use crate::slo::Slo;
use crate::summary::{Curves, Summary, summarise};
use crate::workload::{Load, Source};

/// What serves.
#[derive(Clone, Debug)]
pub struct Served {
    /// The deployment.
    pub deployment: Deployment,
    /// Measured latencies, instead of simulated steps.
    pub table: Option<Arc<LatencyTable>>,
}

/// A deployment and its load.
#[derive(Clone, Debug)]
pub struct Case {
    /// What tells it from the other cases of a sweep: names and values.
    pub labels: Labels,
    /// What serves.
    pub served: Served,
    /// What is asked.
    pub load: Load,
}

/// Names and values, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(pub Vec<(String, String)>);

impl Labels {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// What is measured of each case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measure {
    /// How runs are made.
    pub options: Options,
    /// Promises that make goodput.
    pub slo: Option<Slo>,
    /// Price of the GPUs; `None` for the usual one.
    pub price: Option<Price>,
    /// What is searched in each case, to keep the promises.
    pub find: Option<Find>,
}

/// A case and its figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// What tells it from the others.
    pub labels: Labels,
    /// What served and what was asked.
    pub configuration: Labels,
    /// What the search found; absent where nothing was searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// The figures.
    pub summary: Summary,
    /// What happened over time.
    pub series: Series,
    /// Distributions to plot.
    #[serde(skip)]
    pub curves: Curves,
}

/// A case that could not be simulated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What tells it from the others.
    pub labels: Labels,
    /// Why.
    pub reason: String,
    /// Whether that is what a search found, and no mistake of the caller's.
    #[serde(skip)]
    pub is_finding: bool,
}

/// All cases of one call.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Results {
    /// What all cases have in common, and how they were measured.
    pub configuration: Labels,
    /// What was promised, for marks in charts.
    #[serde(skip)]
    pub slo: Option<Slo>,
    /// The names that change from case to case.
    pub axes: Vec<String>,
    /// Cases that ran.
    pub points: Vec<Point>,
    /// Cases that could not.
    pub failures: Vec<Failure>,
}

impl Served {
    /// Names and values that describe it.
    pub fn configuration(&self) -> Labels {
        let Deployment { architecture, gpu, tensor_parallel, replicas, memory, settings, .. } = &self.deployment;
        let word = |precision: Precision| format!("{precision:?}").to_lowercase();
        let mut labels = vec![
            ("model".to_owned(), architecture.name.clone()),
            ("engine".to_owned(), format!("{:?}", settings.kind).to_lowercase()),
            ("GPU".to_owned(), gpu.name.clone()),
            ("tensor parallel".to_owned(), tensor_parallel.to_string()),
            ("replicas".to_owned(), replicas.to_string()),
            ("GPUs".to_owned(), self.deployment.gpus().to_string()),
            ("weights".to_owned(), word(memory.weights)),
            ("KV cache".to_owned(), word(memory.kv)),
        ];
        let mut add = |name: &str, value: String| labels.push((name.to_owned(), value));
        if let Some(disaggregation) = &self.deployment.disaggregation {
            add("replicas that read prompts", disaggregation.prefill_replicas.to_string());
        }
        if self.deployment.gpus() > *tensor_parallel {
            add("router", self.deployment.cluster.route.strategy.name().to_owned());
        }
        if self.table.is_some() {
            add("latencies", "from a table of measurements".to_owned());
            return Labels(labels);
        }
        if let Ok(capacity) = self.deployment.capacity() {
            let (blocks, size) = (capacity.blocks, capacity.block_tokens);
            add("KV blocks per replica", format!("{blocks} of {size} tokens"));
        }
        add("sequences per step", settings.max_sequences.to_string());
        add("tokens per step", settings.max_batched_tokens.to_string());
        if let Some(drafts) = &settings.speculation {
            let chances: Vec<String> = drafts.acceptance.iter().map(ToString::to_string).collect();
            add("speculation", format!("drafts hold by {}", chances.join(", ")));
        }
        if !settings.is_prefix_cached {
            add("prefix cache", "off".to_owned());
        }
        Labels(labels)
    }
}

impl Case {
    /// Names and values that describe it.
    pub fn configuration(&self) -> Labels {
        let mut labels = self.served.configuration();
        let mut add = |name: &str, value: String| labels.0.push((name.to_owned(), value));
        match &self.load.source {
            Source::Trace(trace) => {
                add("requests", format!("{} requests of a {} trace", trace.turns.len(), trace.format));
                if trace.skipped > 0 {
                    add("lines skipped", trace.skipped.to_string());
                }
            }
            Source::Synthetic(synthetic) => {
                add("prompt tokens", synthetic.prompt.to_string());
                add("output tokens", synthetic.output.to_string());
                if let Some(prefixes) = synthetic.prefixes {
                    add("shared prefixes", format!("{} of {} tokens", prefixes.groups, prefixes.tokens));
                }
                if synthetic.turns > 1 {
                    add("turns of a session", synthetic.turns.to_string());
                }
            }
        }
        add("arrivals", self.load.arrivals.to_string());
        add("seed", self.load.seed.value().to_string());
        labels
    }
}

/// Simulates one case. `progress` is told how many requests of how many are done, now and then.
///
/// # Errors
/// What cannot be deployed or asked.
pub fn simulate(
    case: &Case,
    measure: &Measure,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Point, Run), SimulateError> {
    let workload = case.load.workload()?;
    let requests = workload.turns.len() as u64;
    let run = run(&case.served, &workload, &measure.options, &mut |done| progress(done, requests))?;
    let (summary, curves) = summarise(&run, &case.served, measure);
    let point = Point {
        labels: case.labels.clone(),
        configuration: case.configuration(),
        found: None,
        summary,
        series: run.series.clone(),
        curves,
    };
    Ok((point, run))
}

/// How far many cases are.
#[derive(Debug, Default)]
pub struct Progress {
    /// Millionths of cases that are done.
    millionths: AtomicU64,
    /// Requests that were simulated.
    requests: AtomicU64,
}

/// The millionths of one case.
const WHOLE: u64 = 1_000_000;

impl Progress {
    /// The share of `cases` that is done.
    pub fn share(&self, cases: usize) -> f64 {
        self.millionths.load(Ordering::Relaxed) as f64 / (WHOLE * cases.max(1) as u64) as f64
    }

    /// Requests that were simulated so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// A listener for one run: it counts requests, and millionths of a case if `is_whole`.
    pub(crate) fn listen(&self, is_whole: bool) -> impl FnMut(u64, u64) {
        let (mut counted, mut told) = (0, 0);
        move |done: u64, of: u64| {
            self.requests.fetch_add(done - counted, Ordering::Relaxed);
            counted = done;
            if is_whole {
                let share = done * WHOLE / of.max(1);
                self.millionths.fetch_add(share - told, Ordering::Relaxed);
                told = share;
            }
        }
    }
}

/// Simulates all cases on so many threads; results are in the order of the cases. The run itself is kept where there is
/// one case only: a sweep's would not fit in memory.
pub fn simulate_all(
    cases: &[Case],
    measure: &Measure,
    threads: usize,
    progress: &Progress,
) -> Vec<Result<(Point, Option<Run>), Failure>> {
    let next = AtomicUsize::new(0);
    let is_alone = cases.len() == 1;
    let work = || {
        let mut mine = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(place) else { return mine };
            let result = match measure.find {
                None => simulate(case, measure, &mut progress.listen(true))
                    .map(|(point, run)| (point, Some(run).filter(|_| is_alone))),
                Some(find) => search(case, measure, find, progress).map(|point| (point, None)),
            };
            if measure.find.is_some() {
                progress.millionths.fetch_add(WHOLE, Ordering::Relaxed);
            }
            let failed = |error: SimulateError| Failure {
                labels: case.labels.clone(),
                reason: error.to_string(),
                is_finding: matches!(error, SimulateError::Unkept { .. }),
            };
            mine.push((place, result.map_err(failed)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.clamp(1, cases.len().max(1))).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        all.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        all
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, result)| result).collect()
}
