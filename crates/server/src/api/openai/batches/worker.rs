//! The worker of a batch: does what is due, keeps what it did, and rests until the next is due.
//!
//! Everything it has to know stands in the batch's document, which it reads anew before each step; so another worker
//! can go on where this one was. A lease says which of several it is. Requests are answered on blocking threads, so
//! that they keep nobody waiting who has a connection.

use std::sync::Arc;
use std::time::Duration;

use fakeai_core::Clock;
use fakeai_store::{Change, Lease, Space, StoreError};
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use http::HeaderValue;

use super::batch::{Batch, Checked, End, KIND, LineError};
use super::check::Check;
use super::line::Asker;
use super::live::Live;
use super::parts::{Slice, gather};
use super::queue::overflow;
use crate::api::openai::files::{File, LineReader};
use crate::app::App;
use crate::error::ApiError;
use crate::jobs::{Moment, OpenJob, forget};
use crate::layers::Door;
use crate::workspace::Workspace;

/// Requests of a slice that are under way at a time.
const AT_A_TIME: usize = 8;
/// Most lines of a slice, and bytes of answers after which it takes no more: what is in memory of a batch.
const MOST_LINES: u64 = 1000;
const MOST_BYTES: usize = 4 << 20;
/// How long a lease lasts without a step. Whoever finds it over may go on with the batch.
const LEASE: Duration = Duration::from_secs(60);

/// The note of a batch under way.
pub(super) fn open_job(workspace: &str, id: &str) -> OpenJob {
    OpenJob { workspace: workspace.to_owned(), kind: KIND.to_owned(), id: id.to_owned() }
}

/// Goes on with a batch that a process before this one began.
pub(in crate::api::openai) fn resume(app: &Arc<App>, job: &OpenJob) {
    match app.workspaces.get(&job.workspace, app.kit.clock.now()) {
        Ok(workspace) if job.kind == KIND => drop(ensure(app, &workspace, &job.id)),
        Ok(_) => {}
        Err(problem) => tracing::warn!(id = job.id, ?problem, "a batch can't go on: its workspace can't be made"),
    }
}

/// The worker of a batch, begun if there is none.
pub(super) fn ensure(app: &Arc<App>, workspace: &Arc<Workspace>, id: &str) -> Arc<Live> {
    app.batches.worker(&workspace.name, id, |live| {
        let worker = Worker {
            app: Arc::clone(app),
            workspace: Arc::clone(workspace),
            door: Door::new(Arc::clone(app)),
            id: id.to_owned(),
            live,
        };
        app.kit.tasks.spawn(worker.run());
    })
}

struct Worker {
    app: Arc<App>,
    workspace: Arc<Workspace>,
    door: Door,
    id: String,
    live: Arc<Live>,
}

/// What is to be done after a step.
enum Step {
    /// The next step.
    Next,
    /// Nothing: it is over.
    Over,
    /// Nothing now: the server stops.
    Stop,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.app.batches.leave(&self.workspace.name, &self.id, &self.live);
    }
}

impl Worker {
    async fn run(self) {
        if let Err(error) = self.work().await {
            // Whoever looks at the batch begins a new worker.
            tracing::error!(id = self.id, %error, "a batch could not go on");
        }
    }

    async fn work(&self) -> Result<(), ApiError> {
        let Some(mut lease) = self.lease(None).await? else { return Ok(()) };
        let worked = self.steps(&mut lease).await;
        self.space().home().release(self.space().name(), &lease).await?;
        worked
    }

    /// Goes step by step to the batch's end, as long as the lease is its own.
    async fn steps(&self, lease: &mut Lease) -> Result<(), ApiError> {
        while let Some(batch) = self.load().await? {
            match self.step(batch).await? {
                Step::Next => {}
                Step::Over => break,
                Step::Stop => return Ok(()),
            }
            match self.lease(Some(lease)).await? {
                Some(renewed) => *lease = renewed,
                None => return Ok(()),
            }
        }
        forget(self.space().home(), &open_job(&self.workspace.name, &self.id)).await?;
        Ok(())
    }

    /// Holds the lease for longer, or takes it.
    async fn lease(&self, held: Option<&Lease>) -> Result<Option<Lease>, StoreError> {
        let (space, now) = (self.space(), milliseconds(&self.workspace.clock()));
        let until = now.saturating_add(LEASE.as_millis() as i64);
        if let Some(held) = held
            && let Some(renewed) = space.home().renew(space.name(), held, now, until).await?
        {
            return Ok(Some(renewed));
        }
        space.home().acquire(space.name(), &format!("{KIND}/{}", self.id), now, until).await
    }

    fn space(&self) -> &Space {
        self.workspace.space()
    }

    fn now(&self) -> Moment {
        Moment::now(&self.workspace.clock())
    }

    async fn load(&self) -> Result<Option<Batch>, StoreError> {
        let found = self.space().at(milliseconds(&self.workspace.clock())).get(KIND, &self.id).await?;
        Ok(found.as_ref().and_then(Batch::read))
    }

    /// Changes the batch as it is now, together with `more`.
    async fn store(&self, more: Vec<Change>, change: impl FnOnce(&mut Batch) + Send) -> Result<(), ApiError> {
        let _turn = self.space().alone(&self.id).await;
        // One that is gone is found out by the next step.
        let Some(mut batch) = self.load().await? else { return Ok(()) };
        change(&mut batch);
        let mut changes = vec![batch.change()?];
        changes.extend(more);
        self.space().at(milliseconds(&self.workspace.clock())).apply(changes).await?;
        Ok(())
    }

    async fn step(&self, batch: Batch) -> Result<Step, ApiError> {
        if batch.ended.is_some() {
            return Ok(Step::Over);
        }
        if self.app.kit.tasks.is_stopping() {
            return Ok(Step::Stop);
        }
        if let Some(asked) = batch.cancelling {
            let ends = asked + batch.schedule.finalizing();
            return self.when(ends, self.deliver(&batch, End::Cancelled, ends)).await;
        }
        if !batch.errors.is_empty() {
            let fails = batch.progress.reached.max(batch.schedule.begins());
            return self.when(fails, self.store(Vec::new(), |batch| batch.ended = Some((fails, End::Failed)))).await;
        }
        let Some(Checked { requests, .. }) = batch.checked else { return self.check(&batch).await };
        if batch.began.is_none() {
            let begins = batch.progress.reached.max(batch.schedule.begins());
            let began = |batch: &mut Batch| (batch.began, batch.progress.reached) = (Some(begins), begins);
            return self.when(begins, self.store(Vec::new(), began)).await;
        }
        if let Some(finalizing) = batch.finalizing {
            let ends = finalizing + batch.schedule.finalizing();
            return self.when(ends, self.deliver(&batch, End::Completed, ends)).await;
        }
        self.advance(&batch, requests).await
    }

    /// Deals with the lines that are due, or that never will be.
    async fn advance(&self, batch: &Batch, requests: u64) -> Result<Step, ApiError> {
        let (done, expires) = (batch.progress.done(), batch.schedule.expires());
        if done >= requests {
            if batch.expired {
                let ends = batch.progress.reached;
                return self.when(ends, self.deliver(batch, End::Expired, ends)).await;
            }
            self.store(Vec::new(), |batch| batch.finalizing = Some(batch.progress.reached)).await?;
            return Ok(Step::Next);
        }
        let next = batch.schedule.due(done, requests);
        if next > expires {
            return self.when(expires, self.slice(batch, requests, expires, true)).await;
        }
        let due = batch.schedule.due_by(self.now(), requests);
        let last = batch.schedule.due(due.max(done + 1) - 1, requests);
        self.when(next, self.slice(batch, due.max(done + 1), last, false)).await
    }

    /// Does `work` at `moment`. What others did meanwhile is looked at first.
    async fn when(
        &self,
        moment: Moment,
        work: impl Future<Output = Result<(), ApiError>> + Send,
    ) -> Result<Step, ApiError> {
        let clock = self.workspace.clock();
        if Moment::now(&clock) >= moment {
            work.await?;
            return Ok(Step::Next);
        }
        self.live.rest(moment);
        let step = tokio::select! {
            () = self.app.kit.tasks.stopping() => Step::Stop,
            () = clock.sleep_until(moment.tick(&clock)) => Step::Next,
            () = self.live.poked() => Step::Next,
        };
        self.live.work();
        Ok(step)
    }

    /// Looks the file through.
    async fn check(&self, batch: &Batch) -> Result<Step, ApiError> {
        let began = self.now();
        let lines = LineReader::from(self.space().clone(), &batch.input_file_id, 0, 0);
        let (app, workspace, endpoint) = (Arc::clone(&self.app), Arc::clone(&self.workspace), batch.endpoint.clone());
        let found = self.aside(async move {
            let model_error = |model: &str| {
                let unknown = app.peek_model(&workspace, model).err();
                unknown.map(|_| format!("The provided model '{model}' is not supported by the Batch API."))
            };
            Check::new(&endpoint, &model_error).run(lines).await
        });
        let mut found = if self.has_input(batch).await? { found.await? } else { Err(vec![gone()]) };
        if let (Ok(checked), Some(quotas)) = (&found, &self.app.gate.quotas) {
            let documents = self.space().at(milliseconds(&self.workspace.clock()));
            if let Some(error) = overflow(quotas, &documents, batch, checked).await? {
                found = Err(vec![error]);
            }
        }
        let spent = self.now().since(began);
        let looked = |batch: &mut Batch| {
            batch.progress.reached = batch.progress.reached + spent;
            match found {
                Ok(checked) => batch.checked = Some(checked),
                Err(errors) => batch.errors = errors,
            }
        };
        self.store(Vec::new(), looked).await?;
        Ok(Step::Next)
    }

    async fn has_input(&self, batch: &Batch) -> Result<bool, StoreError> {
        Ok(File::read_content(self.space(), &batch.input_file_id, 0).await?.is_some())
    }

    /// Runs `work` on a thread that serves nobody.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        // Never closed.
        let _bench = self.app.batches.benches().acquire().await.map_err(|_| ApiError::internal())?;
        let runtime = tokio::runtime::Handle::current();
        let done = self.app.kit.tasks.compute(move || runtime.block_on(work)).await;
        Ok(done.ok_or_else(ApiError::internal)??)
    }

    /// Answers lines up to `end` of them, the last of which was due at `due`; or says that they have `expired`.
    async fn slice(&self, batch: &Batch, end: u64, due: Moment, expired: bool) -> Result<(), ApiError> {
        let began = self.now();
        if !self.has_input(batch).await? {
            return self.store(Vec::new(), |batch| batch.errors = vec![gone()]).await;
        }
        let progress = &batch.progress;
        let lines = LineReader::from(self.space().clone(), &batch.input_file_id, progress.offset, progress.line);
        let asker = Asker {
            door: self.door.clone(),
            batch: Arc::from(&*self.id),
            caller: batch.caller.clone().map(|owner| Arc::new(owner.into())),
            // Names of workspaces are letters, digits and a few signs.
            workspace: HeaderValue::from_str(&self.workspace.name).map_err(|_| ApiError::internal())?,
            endpoint: Arc::from(&*batch.endpoint),
        };
        let most = (end - progress.done()).min(MOST_LINES);
        let (live, tasks) = (Arc::clone(&self.live), self.app.kit.tasks.clone());
        let stops = move || live.is_cancelled() || tasks.is_stopping();
        let mut slice = self.aside(answer(asker, lines, most, expired, stops)).await?;
        if slice.lines() == 0 && !self.live.is_cancelled() && !self.app.kit.tasks.is_stopping() {
            return Err(StoreError::Damaged("the input file of a batch has fewer lines than before".into()).into());
        }
        let parts = slice.keep(self.space(), &self.id, progress.slices).await?;
        let spent = self.now().since(began);
        let kept = |batch: &mut Batch| {
            let progress = &mut batch.progress;
            progress.completed += slice.completed;
            progress.failed += slice.failed;
            progress.usage.add(slice.usage);
            progress.reached = progress.reached.max(due) + spent;
            if slice.lines() > 0 {
                (progress.line, progress.offset) = (slice.number, slice.next);
                progress.slices += 1;
            }
            batch.expired |= expired;
        };
        self.store(parts, kept).await
    }

    /// Puts the files together and ends it.
    async fn deliver(&self, batch: &Batch, end: End, at: Moment) -> Result<(), ApiError> {
        let began = self.now();
        let ([output, error], changes) = gather(self.space(), batch, at.unix()).await?;
        let at = at + self.now().since(began);
        let finish = |batch: &mut Batch| {
            (batch.output_file_id, batch.error_file_id) = (output, error);
            batch.ended = Some((at, end));
        };
        self.store(changes, finish).await?;
        let progress = &batch.progress;
        tracing::info!(
            id = self.id,
            ?end,
            completed = progress.completed,
            failed = progress.failed,
            workspace = &*self.workspace.name,
            "a batch has ended"
        );
        Ok(())
    }
}

fn gone() -> LineError {
    LineError {
        code: "input_file_not_found".to_owned(),
        line: None,
        message: "The input file was deleted before all of its requests were answered.".to_owned(),
        param: Some("input_file_id".to_owned()),
    }
}

fn milliseconds(clock: &Clock) -> i64 {
    clock.unix_nanos().div_euclid(1_000_000)
}

/// Answers at most `most` lines, several at a time and in their order, until somebody `stops` it.
async fn answer(
    asker: Asker,
    mut lines: LineReader,
    most: u64,
    expired: bool,
    stops: impl Fn() -> bool + Send,
) -> Result<Slice, StoreError> {
    let (mut slice, mut begun) = (Slice::default(), 0);
    let mut under_way = FuturesOrdered::new();
    loop {
        while under_way.len() < AT_A_TIME && begun < most && slice.bytes() < MOST_BYTES && !stops() {
            let Some(line) = lines.next().await? else { break };
            begun += 1;
            if expired {
                slice.take(asker.expire(&line));
            } else {
                under_way.push_back(asker.clone().answer(line));
            }
        }
        match under_way.next().await {
            Some(answered) => slice.take(answered),
            None => return Ok(slice),
        }
    }
}
