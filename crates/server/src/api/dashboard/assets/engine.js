// The page of the engine: workers, batches, caches, GPUs, and how well the server keeps the times it was asked for.

import { Chart } from "./chart.js";
import { Feed } from "./feed.js";
import { amount, make, meter, percent, time } from "./format.js";
import { Frame } from "./frame.js";
import { Tile } from "./tiles.js";
import { gpuCard, workerCard } from "./workers.js";

const EVERY_MS = 1000;
const MOST_POINTS = 300;
const COLORS = ["blue", "green", "amber", "violet", "teal", "red"];
const find = (id) => document.getElementById(id);
const state = { points: [], live: null, dynamo: null, cache: null, workers: [], gpus: [] };

const tiles = Object.fromEntries([
  ["running", "Running", "blue"], ["waiting", "Waiting", "amber"], ["usage", "KV cache in use", "teal"], ["hits", "Prefix hit rate", "violet"],
  ["tokens", "Tokens out", "green"], ["ttft", "Time to first token", "violet"], ["power", "GPU power", "amber"], ["late", "Tokens late by, p99", "red"],
].map(([id, name, color]) => [id, new Tile(find("tiles"), name, color)]));
const charts = {
  batch: new Chart(find("batch"), { unit: amount, lines: [
    { name: "waiting", color: "amber", value: (p) => p.waiting }, { name: "running", color: "blue", area: true, value: (p) => p.running }] }),
  cache: new Chart(find("cache"), { unit: (value) => percent(value), lines: [
    { name: "hit rate since the start", color: "violet", value: (p) => p.hits }, { name: "in use", color: "teal", area: true, value: (p) => p.usage }] }),
  routing: null,
};
const frame = new Frame({ theme: draw, resume: draw });
new Feed({ metric_type: "pacing,throughput,streaming,queue", interval: 1 }, {
  history: (data) => (state.live = data),
  update: (data) => (state.live = data),
  status: (now) => frame.status(now),
});

/** What a route says; `null` where there is none. Not counted as traffic. */
async function ask(path) {
  const answer = await fetch(path, { cache: "no-store", headers: { "x-fakeai-watcher": "dashboard" } });
  return answer.ok ? answer.json() : null;
}

async function look() {
  if (!document.hidden && !frame.paused) {
    try {
      await update();
      draw();
    } catch {
      // The feed says that the server is not reached.
    }
  }
  setTimeout(look, EVERY_MS);
}

async function update() {
  state.dynamo = await ask("/dynamo/metrics/json");
  // Without a physical engine there is nothing behind the other routes.
  if (!state.dynamo?.queue) return;
  const [cache, workers, gpus] = await Promise.all([ask("/kv-cache/metrics"), ask("/fakeai/workers"), ask("/dcgm/metrics/json")]);
  Object.assign(state, { cache, workers: workers?.data ?? [], gpus: Object.values(gpus ?? {}).toSorted((a, b) => a.gpu_id - b.gpu_id) });
  const { dynamo, points } = state;
  const routed = Object.values(cache?.smart_router.workers ?? {}).map((worker) => worker.total_requests);
  points.push({
    t: Date.now() / 1e3,
    running: state.workers.reduce((sum, worker) => sum + worker.running, 0),
    waiting: state.workers.reduce((sum, worker) => sum + worker.waiting, 0),
    usage: (dynamo.cache?.usage ?? 0) * 100,
    hits: (dynamo.cache?.hit_rate ?? 0) * 100,
    tokens: dynamo.throughput.tokens_per_second,
    power: state.gpus.reduce((sum, gpu) => sum + gpu.power_usage_w, 0),
    late: state.live?.pacing.p99_us ?? 0,
    ttft: dynamo.latency.ttft_ms.p50,
    routed,
  });
  points.splice(0, points.length - MOST_POINTS);
}

function draw() {
  const { dynamo, points } = state;
  if (!dynamo) return;
  const physical = Boolean(dynamo.queue);
  find("empty").hidden = physical;
  find("full").hidden = !physical;
  drawTiles(physical);
  drawPacing();
  drawModels(dynamo.per_model);
  if (!physical) return;
  const now = points.at(-1)?.t ?? Date.now() / 1e3;
  const from = Math.min(points[0]?.t ?? now, now - 60);
  charts.batch.show(points, from, now);
  charts.cache.show(points, from, now);
  drawRouting(from, now);
  drawWorkers();
  drawPrefix();
  find("gpus").replaceChildren(...state.gpus.map(gpuCard));
  find("gpu-count").textContent = state.gpus.length ? `${state.gpus.length}, as DCGM would show them` : "not available";
}

function drawTiles(physical) {
  const { dynamo, live, points, gpus } = state;
  const last = points.at(-1);
  const line = (name) => points.map((point) => point[name]);
  const figure = (value, show) => (physical && last ? show(value) : "–");
  tiles.running.show(physical ? amount(last?.running ?? 0) : amount(dynamo.summary.active_requests), physical ? `${amount(dynamo.batch.avg_tokens_per_step)} tokens a step, mean` : "requests being answered", line("running"));
  tiles.waiting.show(figure(last?.waiting, amount), physical ? `${time(dynamo.queue.avg_wait_ms)} wait, mean` : "no queue", line("waiting"));
  tiles.usage.show(figure(last?.usage, percent), physical ? `${amount(dynamo.cache.used_blocks)} of ${amount(dynamo.cache.total_blocks)} blocks · ${amount(dynamo.cache.preemptions)} preempted` : "no cache", line("usage"));
  tiles.hits.show(figure(last?.hits, percent), "of prompt tokens, since the start", line("hits"));
  tiles.tokens.show(`${amount(dynamo.throughput.tokens_per_second)} /s`, `${amount(dynamo.throughput.requests_per_second)} requests /s`, line("tokens"));
  const ttft = dynamo.latency.ttft_ms;
  tiles.ttft.show(ttft.rate ? time(ttft.p50) : "–", `p50 · p99 ${ttft.rate ? time(ttft.p99) : "–"}`, line("ttft"));
  const hottest = Math.max(...gpus.map((gpu) => gpu.temperature_c), 0);
  tiles.power.show(gpus.length ? `${Math.round(last?.power ?? 0)} W` : "–", gpus.length ? `${gpus.length} GPUs · hottest ${Math.round(hottest)} °C` : "no GPUs", line("power"));
  tiles.late.show(live?.pacing.tokens ? time(live.pacing.p99_us / 1e3) : "–", live ? `${amount(live.pacing.tokens)} tokens measured` : "not available", line("late"));
}

function drawWorkers() {
  const { workers, cache } = state;
  const most = Math.max(...workers.map((worker) => worker.running), 1);
  const known = cache?.smart_router.workers ?? {};
  find("workers").replaceChildren(...workers.map((worker) => workerCard(worker, known[`worker-${worker.number}`], most)));
  const up = workers.filter((worker) => worker.state === "up").length;
  find("worker-count").textContent = `${up} of ${workers.length} up`;
}

/** Requests that went to each worker each second, and their shares. */
function drawRouting(from, now) {
  const { points, cache } = state;
  const workers = Object.entries(cache?.smart_router.workers ?? {});
  charts.routing ??= new Chart(find("routing"), { unit: (value) => `${amount(value)} /s`, stack: true, lines: workers.slice(0, COLORS.length).map(([name], index) => ({ name, color: COLORS[index], area: true, value: (p) => p.rates?.[index] ?? 0 })) });
  const rates = points.slice(1).map((point, index) => {
    const before = points[index];
    return { t: point.t, rates: point.routed.map((count, worker) => (count - (before.routed[worker] ?? 0)) / (point.t - before.t)) };
  });
  charts.routing.show(rates, from, now);
  const all = workers.reduce((sum, [, worker]) => sum + worker.total_requests, 0);
  const rows = workers.map(([name, worker], index) => meter(name, `${amount(worker.total_requests)} requests · ${percent(all ? (worker.total_requests / all) * 100 : 0)}`, worker.total_requests / (all || 1), COLORS[index % COLORS.length]));
  find("shares").replaceChildren(...rows);
}

function drawPrefix() {
  const { cache } = state;
  if (!cache) return find("prefix").replaceChildren(make("p", { class: "nothing" }, "Not available."));
  const { cache_performance: found, smart_router: router } = cache;
  const blocks = Object.values(router.workers).reduce((sum, worker) => sum + worker.total_blocks, 0);
  const { speedup_stats: speed } = found;
  const rows = [
    meter("Prompts that found something", `${percent(found.cache_hit_rate)} · ${amount(found.total_cache_hits)} of ${amount(found.total_cache_hits + found.total_cache_misses)}`, found.cache_hit_rate / 100, "violet"),
    meter("Prompt tokens found", `${percent(found.token_reuse_rate)} · ${amount(found.cached_tokens_reused)} of ${amount(found.total_tokens_processed)}`, found.token_reuse_rate / 100, "violet"),
    meter("Blocks in the tree", `${amount(router.radix_tree.total_cached_blocks)} of ${amount(blocks)}, ${router.config.block_size} tokens each`, router.radix_tree.total_cached_blocks / (blocks || 1), "teal"),
    meter("Nodes of the tree", router.radix_tree.total_nodes === null ? "not available" : amount(router.radix_tree.total_nodes), 0),
    meter("Prefix found, mean", `${amount(Math.round(found.average_prefix_length))} tokens`, speed.avg_cache_hit_ratio, "blue"),
  ];
  if (speed.total_speedup_records) {
    const most = Math.max(speed.avg_baseline_ttft_ms, speed.avg_actual_ttft_ms);
    rows.push(meter("First token without the cache", time(speed.avg_baseline_ttft_ms), speed.avg_baseline_ttft_ms / most, "amber"), meter("First token as it was", `${time(speed.avg_actual_ttft_ms)} · ${speed.avg_speedup_ratio.toFixed(2)} times as fast`, speed.avg_actual_ttft_ms / most, "green"));
  }
  find("prefix").replaceChildren(...rows);
}

function drawPacing() {
  const pacing = state.live?.pacing;
  if (!pacing?.tokens) return find("pacing").replaceChildren(make("p", { class: "nothing" }, "No token has been streamed yet."));
  const names = [["p50_us", "half of the tokens, at most"], ["p90_us", "90 %"], ["p99_us", "99 %"], ["p999_us", "99.9 %"], ["max_us", "all"]];
  // By orders of magnitude, from a microsecond to ten seconds.
  const rows = names.map(([key, name]) => meter(name, time(pacing[key] / 1e3), Math.log10(pacing[key] + 1) / 7, pacing[key] > 10_000 ? "red" : pacing[key] > 1000 ? "amber" : "green"));
  const note = make("p", { class: "nothing" }, `How late ${amount(pacing.tokens)} tokens left, against the time they were due. If it is small, what you measure is what you asked for. Bars grow by orders of magnitude.`);
  find("pacing").replaceChildren(...rows, note);
}

function drawModels(models) {
  const names = ["Model", "Requests", "Active", "TTFT", "ITL", "Whole"];
  const head = names.map((name, index) => make("th", { class: index ? (index === 2 ? "minor" : null) : "text", scope: "col" }, name));
  const rows = Object.entries(models).map(([name, m]) => make("tr", {}, make("td", { class: "text name", title: name }, name), make("td", {}, amount(m.requests)), make("td", { class: "minor" }, amount(m.active_requests)),
    make("td", {}, time(m.avg_ttft_ms)), make("td", {}, time(m.avg_itl_ms)), make("td", {}, time(m.avg_total_ms))));
  const table = rows.length ? make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)) : make("p", { class: "nothing" }, "No model has been asked yet.");
  find("models").replaceChildren(table);
}

look();
