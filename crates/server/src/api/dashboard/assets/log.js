// Requests as they end, and where the time of one went.

import { amount, clock, dollars, make, time } from "./format.js";

/** Requests that are kept, and rows that are drawn. */
const MOST = 500;
const MOST_ROWS = 100;

const kind = (entry) => (entry.outcome === "success" || entry.outcome === "client_closed" ? entry.outcome : "error");
const TONES = { success: null, client_closed: "warn", error: "bad" };

/** The parts of a request's time, milliseconds. */
function parts(entry) {
  const whole = [["whole", "answer", entry.latency_ms]];
  if (!entry.stream || entry.ttft_ms === null) return entry.queue_ms ? [["queue", "queue", entry.queue_ms], ["whole", "answer", Math.max(0, entry.latency_ms - entry.queue_ms)]] : whole;
  const queue = Math.min(entry.queue_ms ?? 0, entry.ttft_ms);
  const all = [["queue", "queue", queue], ["prefill", "until the first token", entry.ttft_ms - queue], ["decode", "tokens", Math.max(0, entry.latency_ms - entry.ttft_ms)]];
  return all.filter(([, , ms]) => ms > 0);
}

export class Log {
  constructor({ table, timeline, filters, count }) {
    Object.assign(this, { table, timeline, filters, count, entries: [], endpoints: new Set(), selected: null });
    filters.addEventListener("input", () => this.draw());
    filters.addEventListener("submit", (event) => event.preventDefault());
  }

  /** Begins anew with these. */
  begin(entries) {
    this.entries = [];
    this.add(entries);
  }

  add(entries = []) {
    const known = new Set(this.entries.map((entry) => entry.id));
    this.entries = [...this.entries, ...entries.filter((entry) => !known.has(entry.id))].slice(-MOST);
    for (const { endpoint } of entries) {
      if (this.endpoints.has(endpoint)) continue;
      this.endpoints.add(endpoint);
      this.filters.querySelector("#by-endpoint").append(make("option", { value: endpoint }, endpoint));
    }
  }

  chosen() {
    const value = (id) => this.filters.querySelector(id).value;
    const [text, endpoint, outcome] = [value("#find").trim().toLowerCase(), value("#by-endpoint"), value("#by-outcome")];
    const has = (entry) => [entry.id, entry.model, entry.key, entry.outcome, entry.workspace].some((field) => field?.toLowerCase().includes(text));
    return this.entries.filter((entry) => (!endpoint || entry.endpoint === endpoint) && (!outcome || kind(entry) === outcome) && (!text || has(entry))).toReversed();
  }

  draw() {
    const focus = document.activeElement?.dataset?.request;
    const chosen = this.chosen();
    const rows = chosen.slice(0, MOST_ROWS);
    const longest = Math.max(...rows.map((entry) => entry.latency_ms), 1);
    this.count.textContent = `${chosen.length} of the last ${this.entries.length}`;
    const heads = [["text", "Time"], ["text", "Status"], ["text", "Model"], ["text minor", "Endpoint"], ["minor", "Tokens in"], ["", "Out"], ["minor", "TTFT"], ["", "Latency"], ["text minor", ""]];
    const head = heads.map(([names, name]) => make("th", { class: names || null, scope: "col" }, name));
    const body = rows.map((entry) => this.row(entry, longest));
    const table = rows.length ? make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)) : make("p", { class: "nothing" }, this.entries.length ? "None of the requests kept here is like that." : "Nothing has ended yet.");
    this.table.replaceChildren(table);
    if (focus) this.table.querySelector(`[data-request="${CSS.escape(focus)}"]`)?.focus();
    this.drawTimeline();
  }

  row(entry, longest) {
    const open = () => {
      this.selected = this.selected === entry.id ? null : entry.id;
      this.draw();
    };
    const bars = parts(entry).map(([name, , ms]) => make("i", { class: name, width: `${((ms / longest) * 100).toFixed(2)}%` }));
    const onkeydown = (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open();
      }
    };
    const title = entry.outcome === "success" ? "answered" : entry.outcome;
    return make("tr", { tabindex: 0, "data-request": entry.id, "aria-selected": entry.id === this.selected ? "true" : null, onclick: open, onkeydown },
      make("td", { class: "text" }, clock(entry.ended)),
      make("td", { class: "text" }, make("span", { class: "tag", "data-tone": TONES[kind(entry)], title }, String(entry.status))),
      make("td", { class: "text name", title: entry.model }, entry.model ?? "–"),
      make("td", { class: "text minor" }, entry.endpoint),
      make("td", { class: "minor" }, amount(entry.tokens.prompt)),
      make("td", {}, amount(entry.tokens.completion)),
      make("td", { class: "minor" }, entry.stream ? time(entry.ttft_ms) : "–"),
      make("td", {}, time(entry.latency_ms)),
      make("td", { class: "text minor" }, make("div", { class: "span" }, ...bars)));
  }

  drawTimeline() {
    const entry = this.entries.find((each) => each.id === this.selected);
    this.timeline.hidden = !entry;
    if (!entry) return;
    const all = parts(entry);
    const track = all.map(([name, label, ms]) => make("i", { class: name, width: `${(ms / (entry.latency_ms || 1)) * 100}%`, title: `${label} ${time(ms)}` }));
    const legend = all.map(([name, label, ms]) => make("span", { own: { queue: "amber", prefill: "violet", decode: "blue", whole: "teal" }[name] }, label, make("b", {}, time(ms))));
    const { tokens } = entry;
    const facts = [["Endpoint", entry.endpoint], ["Outcome", `${entry.status} ${entry.outcome}`], ["Prompt", `${amount(tokens.prompt)} tokens, ${amount(tokens.cached)} cached`],
      ["Answer", `${amount(tokens.completion)} tokens${tokens.reasoning ? `, ${amount(tokens.reasoning)} thought` : ""}`], entry.stream && ["Delivered", `${amount(tokens.delivered)} tokens`], ["Between tokens, mean", time(entry.itl_ms)],
      ["Longest gap", entry.longest_gap_ms ? time(entry.longest_gap_ms) : "–"], ["Latest token was late by", entry.stream ? time(entry.latest_ms) : "–"], ["Cost", dollars(entry.cost_usd)],
      ["Worker", entry.worker ?? "–"], ["Workspace", entry.workspace], ["Key", entry.key ?? "–"]];
    const list = make("dl", { class: "facts" }, ...facts.filter(Boolean).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", { title: String(value) }, String(value)))));
    const close = make("button", { class: "control", type: "button", onclick: () => ((this.selected = null), this.draw()) }, "Close");
    this.timeline.replaceChildren(make("header", {}, make("b", {}, entry.model ?? entry.endpoint), make("code", {}, entry.id), make("span", { class: "muted" }, `${time(entry.latency_ms)} in all`), close),
      make("div", { class: "track" }, ...track), make("div", { class: "legend" }, ...legend), entry.detail ? make("p", { class: "nothing" }, entry.detail) : "", list);
  }
}
