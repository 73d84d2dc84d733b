// The page of traffic: what was asked, how fast it was answered, what it costs.

import { Chart } from "./chart.js";
import { Feed } from "./feed.js";
import { amount, dollars, make, meter, percent, save, time } from "./format.js";
import { Frame } from "./frame.js";
import { HeatMap } from "./heat.js";
import { Log } from "./log.js";
import { Models } from "./models.js";
import { Tile } from "./tiles.js";

const KINDS = "throughput,latency,cache,streaming,error,cost,totals,models,series,requests,streams";
const find = (id) => document.getElementById(id);
const state = { data: null, points: [], step: 1, range: 300, now: 0, bounds: [] };
/** What a span has each second; the one that has not ended is measured over its age. */
const rate = (value) => (point) => value(point) / point.seconds;
/** A percentile of a span, where anything ended in it. */
const percentile = (name, index) => (point) => (point[name]?.[index] ? point[name][index] : null);
const spread = (name) => [["p99", 2, "red"], ["p90", 1, "amber"], ["p50", 0, "blue"]].map(([label, index, color]) => ({ name: label, color, value: percentile(name, index) }));

const tiles = Object.fromEntries([
  ["requests", "Requests", "blue"], ["errors", "Errors", "red"], ["ttft", "Time to first token", "violet"], ["latency", "Latency p99", "amber"],
  ["tokens", "Tokens out", "green"], ["streams", "Streams in flight", "teal"], ["cache", "Cached prompt tokens", "violet"], ["cost", "Cost", "green"],
].map(([id, name, color]) => [id, new Tile(find("tiles"), name, color)]));
const charts = [
  new Chart(find("requests"), { stack: true, unit: amount, lines: [
    { name: "failed", color: "red", area: true, value: rate((p) => p.errors) },
    { name: "left by the client", color: "amber", area: true, value: rate((p) => p.client_closed) },
    { name: "answered", color: "blue", area: true, value: rate((p) => p.requests - p.errors - p.client_closed) }] }),
  new Chart(find("latency"), { unit: time, lines: spread("latency") }),
  new Chart(find("ttft"), { unit: time, lines: spread("ttft") }),
  new Chart(find("tokens"), { unit: amount, lines: [
    { name: "read", color: "violet", value: rate((p) => p.prompt_tokens) },
    { name: "of those cached", color: "amber", value: rate((p) => p.cached_tokens) },
    { name: "written", color: "green", area: true, value: rate((p) => p.completion_tokens) }] }),
];
const heat = new HeatMap(find("heat"));
const models = new Models(find("models"), find("compare"));
const log = new Log({ table: find("log"), timeline: find("timeline"), filters: find("filters"), count: find("log-count") });
const inFlight = [];

const chooseRange = (index) => () => {
  find("range").selectedIndex = index;
  find("range").dispatchEvent(new Event("change"));
};
const frame = new Frame({
  theme: draw,
  resume: draw,
  keys: () => ({ "/": () => find("find").focus(), ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((key) => [key, chooseRange(key - 1)])) }),
});
const feed = new Feed({ metric_type: KINDS, interval: 1, time_range: Number(find("range").value) }, {
  history(data) {
    state.points = [];
    state.bounds = data.series.bounds_ms;
    log.begin(data.requests);
    take(data);
  },
  update(data) {
    log.add(data.requests);
    take(data);
  },
  status: (now) => frame.status(now),
});
find("range").addEventListener("change", () => feed.change({ metric_type: KINDS, time_range: Number(find("range").value) }));
find("curl").textContent = `curl ${location.origin}/v1/chat/completions -H 'Content-Type: application/json' -d '{"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'`;
find("save-series").addEventListener("click", () => save("fakeai-series.csv", "text/csv", csv()));
find("save-log").addEventListener("click", () => save("fakeai-requests.json", "application/json", JSON.stringify(log.entries, null, 1)));

function take(data) {
  const { points, step, range, now } = data.series;
  for (const point of points) {
    // The date of a span may differ by a millisecond from one message to the next.
    const known = state.points.findIndex((old) => Math.abs(old.t - point.t) < step / 2);
    if (known >= 0) state.points[known] = point;
    else state.points.push(point);
  }
  state.points = state.points.filter((point) => point.t + step > now - range).toSorted((a, b) => a.t - b.t);
  Object.assign(state, { data, step, range, now });
  inFlight.push(data.streaming.active_streams);
  inFlight.splice(0, inFlight.length - 60);
  if (!frame.paused) draw();
}

/** The points in the middle of their spans, with the spans in which nothing ended. */
function filled() {
  const { points, step, range, now } = state;
  const nothing = (t) => ({ t, requests: 0, errors: 0, client_closed: 0, prompt_tokens: 0, cached_tokens: 0, completion_tokens: 0, cost_usd: 0, heat: [] });
  const all = [];
  const fill = (until) => {
    for (let t = all.at(-1).t + step; t < until - step / 2; t += step) all.push(nothing(t));
  };
  all.push(nothing((points[0]?.t ?? now) - step * Math.ceil(((points[0]?.t ?? now) - (now - range)) / step)));
  for (const point of points) {
    fill(point.t);
    if (Math.abs(all.at(-1).t - point.t) < step / 2) all.pop();
    all.push(point);
  }
  fill(now);
  const timed = all.map((point) => ({ ...point, t: point.t + step / 2, seconds: Math.min(step, now - point.t) }));
  // A span that has hardly begun says nothing yet.
  return timed.filter((point) => point.seconds > step * 0.6);
}

function draw() {
  const { data, now, range, step, bounds } = state;
  if (!data) return;
  const empty = data.totals.requests === 0 && data.streams.count === 0;
  find("empty").hidden = !empty;
  find("full").hidden = empty;
  if (empty) return;
  // A server that has seen little has its charts full of it.
  const from = Math.max(now - range, Math.min(now - 60, (state.points[0]?.t ?? now) - 5 * step));
  const points = filled().filter((point) => point.t >= from);
  drawTiles(data, points);
  for (const chart of charts) chart.show(points, from, now);
  heat.show(points, from, now, step, bounds);
  drawStreams(data.streams);
  drawErrors(data.error);
  models.show(data.models);
  log.draw();
}

function drawTiles(data, points) {
  const { throughput, latency, streaming, error, cache, cost, totals } = data;
  const per = (value) => points.map(rate(value));
  const line = (name, index) => points.map(percentile(name, index));
  tiles.requests.show(`${amount(throughput.total_requests_per_sec)} /s`, `${amount(totals.requests)} since the start`, per((p) => p.requests));
  tiles.errors.show(percent(error.error_rate), `${amount(error.total_errors_per_sec)} /s · ${amount(totals.errors)} in all`, per((p) => p.errors), error.error_rate > 1 ? "bad" : "");
  const ttft = streaming.ttft.count ? streaming.ttft : null;
  tiles.ttft.show(time(ttft?.p50), `p50 · p99 ${time(ttft?.p99)}`, line("ttft", 0));
  const all = latency.overall.count ? latency.overall : null;
  tiles.latency.show(time(all?.p99), `p50 ${time(all?.p50)} · p90 ${time(all?.p90)}`, line("latency", 2));
  tiles.tokens.show(`${amount(throughput.completion_tokens_per_sec)} /s`, `${amount(totals.completion_tokens)} written · ${amount(totals.prompt_tokens)} read`, per((p) => p.completion_tokens));
  const itl = streaming.itl.count ? streaming.itl.p50 : null;
  tiles.streams.show(amount(streaming.active_streams), `${time(itl)} between tokens, p50`, [...inFlight]);
  tiles.cache.show(percent(cache.token_reuse_rate), `${percent(cache.hit_rate)} of prompts hit`, per((p) => p.cached_tokens));
  tiles.cost.show(dollars(totals.cost_usd), `${dollars(cost.per_hour_usd)} an hour, at this pace`, per((p) => p.cost_usd));
}

function drawStreams(streams) {
  const count = streams.count ? `${amount(streams.count)}, the oldest first` : "";
  find("stream-count").textContent = count;
  const rows = streams.oldest.map((stream) => meter(stream.model ?? stream.endpoint, `${stream.delivered} of ${stream.tokens} tokens · ${time(stream.age_ms)}`, stream.delivered / stream.tokens, "teal"));
  find("streams").replaceChildren(...(rows.length ? rows : [make("p", { class: "nothing" }, "None is being written.")]));
}

function drawErrors(error) {
  const most = Math.max(...Object.values(error.by_type), error.client_closed, 1);
  const rows = Object.entries(error.by_type).toSorted((a, b) => b[1] - a[1]).map(([name, count]) => meter(name, amount(count), count / most, "red"));
  if (error.client_closed) rows.push(meter("left by the client", amount(error.client_closed), error.client_closed / most, "amber"));
  const places = Object.entries(error.by_endpoint).toSorted((a, b) => b[1] - a[1]);
  if (places.length) rows.push(make("p", { class: "nothing" }, `at ${places.map(([name, count]) => `${name} (${amount(count)})`).join(", ")}`));
  find("errors").replaceChildren(...(rows.length ? rows : [make("p", { class: "nothing" }, "None.")]));
}

function csv() {
  const names = ["t", "requests", "errors", "client_closed", "prompt_tokens", "cached_tokens", "completion_tokens", "cost_usd"];
  const spreads = ["latency", "ttft", "itl"].flatMap((name) => ["p50", "p90", "p99"].map((label, index) => [`${name}_${label}_ms`, (p) => p[name][index]]));
  const columns = [...names.map((name) => [name, (p) => p[name]]), ...spreads];
  return [columns.map(([name]) => name), ...state.points.map((p) => columns.map(([, value]) => value(p)))].map((row) => row.join(",")).join("\n");
}
