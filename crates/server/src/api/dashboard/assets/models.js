// The table of models, and two of them side by side.

import { amount, dollars, make, percent, time } from "./format.js";

const share = (part, whole) => (whole ? (part / whole) * 100 : 0);

/** `less` says whether less is better; without it neither is. What is `compared` is not in the table, which is full. */
const ALL = [
  { name: "Model", value: (m) => m.model, text: true },
  { name: "Requests", value: (m) => m.requests, show: amount },
  { name: "per s", value: (m) => m.requests_per_sec, show: amount, minor: true },
  { name: "Errors", value: (m) => share(m.errors, m.requests), show: percent, less: true },
  { name: "TTFT p50", value: (m) => m.ttft.p50, show: time, less: true, has: (m) => m.ttft.count },
  { name: "TTFT p99", value: (m) => m.ttft.p99, show: time, less: true, minor: true, has: (m) => m.ttft.count },
  { name: "ITL p50", value: (m) => m.itl.p50, show: time, less: true, minor: true, has: (m) => m.itl.count },
  { name: "Latency p50", value: (m) => m.latency.p50, show: time, less: true, minor: true, has: (m) => m.latency.count },
  { name: "Latency p99", value: (m) => m.latency.p99, show: time, less: true, has: (m) => m.latency.count },
  { name: "Tokens in", value: (m) => m.prompt_tokens, show: amount, minor: true },
  { name: "Tokens out", value: (m) => m.completion_tokens, show: amount },
  { name: "Out per s", value: (m) => m.completion_tokens_per_sec, show: amount, less: false, compared: true },
  { name: "Cached", value: (m) => share(m.cached_tokens, m.prompt_tokens), show: percent, less: false, minor: true },
  { name: "Cost", value: (m) => m.cost_usd, show: dollars, less: true },
];

const COLUMNS = ALL.filter((column) => !column.compared);
const shown = (column, model) => (column.has && !column.has(model) ? "–" : column.show(column.value(model)));

export class Models {
  constructor(table, compare) {
    Object.assign(this, { table, compare, models: [], chosen: [], by: 1, rising: false });
  }

  show(models) {
    this.models = models ?? [];
    this.chosen = this.chosen.filter((name) => this.models.some((model) => model.model === name));
    this.draw();
  }

  draw() {
    const focus = document.activeElement?.dataset?.focus;
    const column = COLUMNS[this.by];
    const order = (left, right) => {
      const [a, b] = [column.value(left), column.value(right)];
      return (column.text ? a.localeCompare(b) : a - b) * (this.rising ? 1 : -1);
    };
    const head = COLUMNS.map((each, index) => {
      const sort = index === this.by ? (this.rising ? "ascending" : "descending") : null;
      const classes = [each.text ? "text" : "", each.minor ? "minor" : ""].join(" ").trim();
      return make("th", { class: classes || null, "aria-sort": sort, scope: "col" }, make("button", { type: "button", "data-focus": `sort ${index}`, onclick: () => this.sort(index) }, each.name));
    });
    const rows = this.models.toSorted(order).map((model) => this.row(model));
    const body = rows.length ? make("table", {}, make("thead", {}, make("tr", {}, make("th"), ...head)), make("tbody", {}, ...rows)) : make("p", { class: "nothing" }, "No request has named a model yet.");
    this.table.replaceChildren(body);
    if (focus) this.table.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
    this.drawComparison();
  }

  row(model) {
    const box = make("input", { type: "checkbox", "aria-label": `compare ${model.model}`, "data-focus": `model ${model.model}`, onchange: () => this.choose(model.model) });
    box.checked = this.chosen.includes(model.model);
    const cells = COLUMNS.map((column) => {
      if (column.text) return make("td", { class: "text name", title: model.model }, model.model);
      return make("td", { class: column.minor ? "minor" : null }, shown(column, model));
    });
    return make("tr", { "data-model": model.model }, make("td", {}, box), ...cells);
  }

  sort(index) {
    this.rising = index === this.by ? !this.rising : COLUMNS[index].text === true;
    this.by = index;
    this.draw();
  }

  /** The last two that were ticked are compared. */
  choose(name) {
    this.chosen = this.chosen.includes(name) ? this.chosen.filter((other) => other !== name) : [...this.chosen, name].slice(-2);
    this.draw();
  }

  drawComparison() {
    const [left, right] = this.chosen.map((name) => this.models.find((model) => model.model === name));
    this.compare.hidden = !right;
    if (!right) return;
    const rows = ALL.slice(1).map((column) => {
      const [a, b] = [column.value(left), column.value(right)];
      const known = (column.has?.(left) ?? true) && (column.has?.(right) ?? true);
      const better = column.less === undefined || a === b || !known ? null : a < b === column.less ? 0 : 1;
      const change = known && a ? `${b >= a ? "+" : "−"}${percent(Math.abs((b - a) / a) * 100)}` : "–";
      const cell = (model, index) => make("td", { class: better === index ? "better" : null }, shown(column, model));
      return make("tr", {}, make("th", { class: "text", scope: "row" }, column.name), cell(left, 0), cell(right, 1), make("td", { class: "muted" }, change));
    });
    const head = make("tr", {}, make("th"), make("th", { scope: "col" }, left.model), make("th", { scope: "col" }, right.model), make("th", { scope: "col" }, "difference"));
    const close = make("button", { class: "control", type: "button", onclick: () => ((this.chosen = []), this.draw()) }, "Close");
    const table = make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
    this.compare.replaceChildren(make("header", {}, make("b", {}, "Side by side"), make("span", { class: "muted" }, "green is better"), close), table);
  }
}
