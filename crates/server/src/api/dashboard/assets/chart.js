// Lines and areas over time, on a canvas.

import { clock, make } from "./format.js";

const HEIGHT = 176;
const PAD = { left: 54, right: 10, top: 10, bottom: 22 };

/** A colour of the page's own. */
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A canvas that is as sharp as its screen, and its width. */
export function prepare(canvas, height = HEIGHT) {
  const [width, ratio] = [canvas.clientWidth, devicePixelRatio || 1];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const brush = canvas.getContext("2d");
  brush.scale(ratio, ratio);
  brush.font = "12px system-ui, 'DejaVu Sans', sans-serif";
  return { brush, width, height };
}

/** Where ticks of the time axis are: a round number of seconds apart, as many as fit. */
export function times(from, to, width) {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
  const step = steps.find((seconds) => ((to - from) / seconds) * 70 <= width) ?? 86_400;
  const offset = new Date(to * 1e3).getTimezoneOffset() * 60;
  const all = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step) all.push(at);
  return { all, name: (at) => (to - from > 86_400 ? clock(at, true) : clock(at).slice(0, step >= 60 ? 5 : 8)) };
}

/** A round number not below `value`, and ticks up to it. */
function scale(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  const top = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * power).find((candidate) => candidate >= value * 0.999);
  return top;
}

export class Chart {
  /**
   * `lines` have `name`, `color`, `value(point)` (null where there is none) and `area`, and are drawn in their order;
   * `stack` puts each on those before. `unit` writes a value.
   */
  constructor(host, { lines, unit, stack = false }) {
    Object.assign(this, { host, lines, unit, stack, points: [], from: 0, to: 1 });
    this.canvas = make("canvas", { role: "img" });
    this.legend = make("div", { class: "legend" });
    host.append(this.canvas, this.legend);
    this.canvas.addEventListener("pointermove", (event) => this.hover(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.hover(null));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** Points in order of their `t`, Unix seconds, between `from` and `to`. */
  show(points, from, to) {
    Object.assign(this, { points, from, to });
    this.draw();
  }

  hover(x) {
    this.at = x;
    this.draw();
  }

  /** The values of each line, with what is below where they are stacked. */
  values(point) {
    let below = 0;
    return this.lines.map((line) => {
      const value = line.value(point);
      if (!this.stack || value === null) return [0, value];
      below += value;
      return [below - value, below];
    });
  }

  draw() {
    if (!this.canvas.clientWidth) return;
    const { brush, width, height } = prepare(this.canvas);
    const rows = this.points.map((point) => this.values(point));
    const top = scale(Math.max(0, ...rows.flat().map(([, value]) => value ?? 0)) || 1);
    const right = width - PAD.right;
    const bottom = height - PAD.bottom;
    const x = (t) => PAD.left + ((t - this.from) / (this.to - this.from)) * (right - PAD.left);
    const y = (value) => bottom - (value / top) * (bottom - PAD.top);
    this.axes(brush, { width, x, y, top, right, bottom });
    brush.save();
    brush.beginPath();
    brush.rect(PAD.left, 0, right - PAD.left, height);
    brush.clip();
    // The first on top: where one adds nothing to another, the other is seen.
    for (const index of this.lines.keys().toArray().toReversed()) this.line(brush, this.lines[index], rows.map((row) => row[index]), x, y);
    brush.restore();
    const near = this.near(x);
    if (near) this.mark(brush, near, rows[near.index], x, y, bottom);
    this.tell(near, x, width);
  }

  axes(brush, { width, x, y, top, right, bottom }) {
    brush.strokeStyle = color("grid");
    brush.fillStyle = color("muted");
    brush.lineWidth = 1;
    brush.textAlign = "right";
    brush.textBaseline = "middle";
    for (const share of [0, 0.5, 1]) {
      const at = Math.round(y(top * share)) + 0.5;
      brush.beginPath();
      brush.moveTo(PAD.left, at);
      brush.lineTo(right, at);
      brush.stroke();
      brush.fillText(share ? this.unit(top * share) : "0", PAD.left - 7, at);
    }
    brush.textAlign = "center";
    brush.textBaseline = "top";
    const { all, name } = times(this.from, this.to, width);
    for (const at of all) {
      if (x(at) > PAD.left + 18 && x(at) < right - 22) brush.fillText(name(at), x(at), bottom + 7);
    }
  }

  line(brush, line, values, x, y) {
    const own = color(line.color);
    brush.strokeStyle = own;
    brush.lineWidth = 1.7;
    brush.lineJoin = "round";
    let run = [];
    const end = () => {
      if (run.length) this.run(brush, run, own, line.area);
      run = [];
    };
    values.forEach(([below, value], index) => {
      if (value === null) end();
      else run.push([x(this.points[index].t), y(value), y(below)]);
    });
    end();
  }

  run(brush, run, own, area) {
    brush.beginPath();
    run.forEach(([x, y], index) => (index ? brush.lineTo(x, y) : brush.moveTo(x, y)));
    // A value alone has no length: a dot shows it.
    if (run.length === 1) brush.arc(run[0][0], run[0][1], 1.2, 0, 7);
    brush.stroke();
    if (!area) return;
    for (const [x, , below] of run.toReversed()) brush.lineTo(x, below);
    brush.closePath();
    brush.globalAlpha = 0.16;
    brush.fillStyle = own;
    brush.fill();
    brush.globalAlpha = 1;
  }

  near(x) {
    if (this.at === null || this.at === undefined || !this.points.length) return null;
    let index = 0;
    this.points.forEach((point, place) => {
      if (Math.abs(x(point.t) - this.at) < Math.abs(x(this.points[index].t) - this.at)) index = place;
    });
    return { index, point: this.points[index] };
  }

  mark(brush, { point }, row, x, y, bottom) {
    brush.strokeStyle = color("muted");
    brush.beginPath();
    brush.moveTo(Math.round(x(point.t)) + 0.5, PAD.top);
    brush.lineTo(Math.round(x(point.t)) + 0.5, bottom);
    brush.stroke();
    row.forEach(([, value], index) => {
      if (value === null) return;
      brush.fillStyle = color(this.lines[index].color);
      brush.beginPath();
      brush.arc(x(point.t), y(value), 3.2, 0, 7);
      brush.fill();
    });
  }

  /** The legend with the last values, and beside the pointer those under it. */
  tell(near, x, width) {
    const figure = (line, point) => {
      const value = point ? line.value(point) : null;
      return value === null ? "–" : this.unit(value);
    };
    const last = this.points.findLast((point) => this.lines.some((line) => line.value(point) !== null));
    const shown = this.lines.map((line) => make("span", { own: line.color }, line.name, make("b", {}, figure(line, last))));
    this.legend.replaceChildren(...shown);
    this.canvas.setAttribute("aria-label", this.lines.map((line) => `${line.name} ${figure(line, last)}`).join(", "));
    this.tip?.remove();
    if (!near) return;
    const lines = this.lines.map((line) => make("div", {}, make("i", { own: line.color }, line.name), make("b", {}, figure(line, near.point))));
    this.tip = make("div", { class: "tip" }, clock(near.point.t, this.to - this.from > 86_400), ...lines.toReversed());
    this.host.append(this.tip);
    const at = x(near.point.t);
    const left = at > width / 2 ? at - this.tip.offsetWidth - 10 : at + 10;
    this.tip.style.left = `${Math.max(0, left)}px`;
  }
}
