//! The work of a run: samples and grades, some rows at a time, kept as they come.

use fakeai_store::Lease;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::rows::{self, Row, Wrong};
use super::run::{Outcome, Run};
use super::sample::{self, Sample};
use super::source::Source;
use crate::api::openai::graders::{Fault, Grader, Scope};
use crate::api::openai::service::Service;
use crate::context::Context;
use crate::error::ApiError;

/// Rows that are asked for at the same time, and kept together.
const AT_ONCE: usize = 8;
/// How long nobody else may do the work unless it is heard of again, milliseconds.
const LEASED_MS: i64 = 10 * 60 * 1000;

/// Begins the work of a run, or goes on with it, unless it is done or somebody does it.
pub(super) async fn begin(context: &Context, service: Service, run: &Run) -> Result<(), ApiError> {
    if !run.is_open() {
        return Ok(());
    }
    let Some(lease) = acquire(context, &run.id).await? else { return Ok(()) };
    let (context, run) = (context.clone(), (run.eval_id.clone(), run.id.clone()));
    context.app().kit.tasks.clone().spawn(async move {
        if let Err(error) = work(&context, &service, &run.0, &run.1, lease.clone()).await {
            tracing::error!(%error, run = run.1, "the work of an eval's run stopped");
        }
        let space = context.workspace().space();
        // It ends by itself if this fails.
        let _ = space.home().release(space.name(), &lease).await;
    });
    Ok(())
}

fn now_ms(context: &Context) -> i64 {
    context.clock().unix_nanos().div_euclid(1_000_000)
}

async fn acquire(context: &Context, id: &str) -> Result<Option<Lease>, ApiError> {
    let (space, now) = (context.workspace().space(), now_ms(context));
    Ok(space.home().acquire(space.name(), &format!("eval.run/{id}"), now, now + LEASED_MS).await?)
}

async fn work(context: &Context, service: &Service, eval: &str, id: &str, mut lease: Lease) -> Result<(), ApiError> {
    let (run, _) = Run::find(context, eval, id).await?;
    let prepared = prepare(context, service, &run).await;
    let Prepared { rows, source, graders } = match prepared {
        Ok(prepared) => prepared,
        Err(Wrong(code, message)) => {
            return change(context, eval, id, |run| {
                run.end("failed", Some((code.to_owned(), message)));
                Ok(Vec::new())
            })
            .await
            .map(drop);
        }
    };
    let total = rows.len();
    if !change(context, eval, id, |run| {
        run.begin(total);
        Ok(Vec::new())
    })
    .await?
    {
        return Ok(());
    }
    for rows in rows[run.done.min(total)..].chunks(AT_ONCE) {
        let space = context.workspace().space();
        let Some(renewed) =
            space.home().renew(space.name(), &lease, now_ms(context), now_ms(context) + LEASED_MS).await?
        else {
            return Ok(());
        };
        lease = renewed;
        let mut under_way = Vec::with_capacity(rows.len());
        for row in rows {
            under_way.push(outcome(service, &source, &graders, row));
        }
        let outcomes: Vec<Outcome> = join_all(under_way).await;
        let kept = change(context, eval, id, |run| outcomes.iter().map(|one| run.count(context, one)).collect());
        if !kept.await? || context.app().kit.tasks.is_stopping() {
            return Ok(());
        }
    }
    let ended = change(context, eval, id, |run| {
        run.end("completed", None);
        Ok(Vec::new())
    });
    ended.await.map(drop)
}

/// What the work needs.
struct Prepared {
    rows: Vec<Row>,
    source: Source,
    graders: Vec<Grader>,
}

async fn prepare(context: &Context, service: &Service, run: &Run) -> Result<Prepared, Wrong> {
    let source = Source::parse(Some(&run.data_source))?;
    let rows = rows::read(context, service, &source.rows).await?;
    rows::check(&rows, &run.data_source_config)?;
    let graders = run.testing_criteria.iter().map(|criterion| Grader::parse(criterion, "testing_criteria"));
    let graders = graders.collect::<Result<_, _>>()?;
    Ok(Prepared { rows, source, graders })
}

/// Changes the run unless somebody ended it: false then.
async fn change(
    context: &Context,
    eval: &str,
    id: &str,
    change: impl FnOnce(&mut Run) -> Result<Vec<fakeai_store::Change>, ApiError> + Send,
) -> Result<bool, ApiError> {
    let _turn = context.workspace().space().alone(id).await;
    let (mut run, version) = match Run::find(context, eval, id).await {
        Ok((run, version)) if run.is_open() => (run, version),
        Ok(_) => return Ok(false),
        Err(error) if error.status == http::StatusCode::NOT_FOUND => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut changes = change(&mut run)?;
    changes.push(run.change(Some(version))?);
    context.documents().apply(changes).await?;
    Ok(true)
}

/// What becomes of a row.
async fn outcome(service: &Service, source: &Source, graders: &[Grader], row: &Row) -> Outcome {
    let sample = match &source.asks {
        None => sample::given(row.sample.as_ref()),
        Some(asks) => match asks.messages.fill(&row.item) {
            Ok(messages) => sample::ask(service, asks, messages).await,
            Err(unfilled) => {
                let message = Fault::from(unfilled).message();
                let error = Some(("invalid_template".to_owned(), message.clone()));
                let mut sample = Sample { error, ..sample::given(None) };
                sample.shown["error"] = json!({"code": "invalid_template", "message": message});
                sample
            }
        },
    };
    graded(graders, row, &sample)
}

fn graded(graders: &[Grader], row: &Row, sample: &Sample) -> Outcome {
    let mut usage = Vec::new();
    if let Some(model) = sample.seen["model"].as_str().filter(|_| sample.usage != [0; 3]) {
        usage.push((model.to_owned(), sample.usage));
    }
    let (mut shown, mut results, mut is_wrong) = (Vec::new(), Vec::new(), sample.error.is_some());
    if !is_wrong {
        for grader in graders {
            let grade = grader.grade(Scope { item: &row.item, sample: &sample.seen });
            usage.extend(
                grade
                    .asked
                    .iter()
                    .map(|asked| (asked.model.clone(), [asked.prompt_tokens, asked.completion_tokens, 0])),
            );
            let mut result =
                json!({"type": grader.kind, "name": grader.name, "score": grade.score, "passed": grade.passed});
            if let Some(fault) = &grade.fault {
                is_wrong = true;
                result["error"] = fault.message().into();
            }
            if let Some(label) = &grade.label {
                result["sample"] = json!({"output": [{"role": "assistant", "content": label}]});
            }
            shown.push(result);
            results.push((grader.name.clone(), grade.passed));
        }
    }
    let status = match () {
        () if is_wrong => "error",
        () if results.iter().all(|(_, passed)| *passed) => "pass",
        () => "fail",
    };
    let item: Value = json!({"datasource_item": row.item, "results": shown, "sample": sample.shown});
    Outcome { item, status, results, usage }
}
