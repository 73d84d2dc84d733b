// How many requests took how long, over time: one column a span, one row a range of durations.

import { color, prepare, times } from "./chart.js";
import { clock, make, time } from "./format.js";

const PAD = { left: 54, right: 10, top: 10, bottom: 22 };
const LEGEND = "brighter is more";

export class HeatMap {
  constructor(host) {
    Object.assign(this, { host, points: [], bounds: [], from: 0, to: 1, step: 1 });
    this.canvas = make("canvas", { role: "img", "aria-label": "Heat map of request durations over time" });
    this.legend = make("div", { class: "legend" });
    host.append(this.canvas, this.legend);
    this.canvas.addEventListener("pointermove", (event) => this.hover(event.offsetX, event.offsetY));
    this.canvas.addEventListener("pointerleave", () => this.hover(null));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** `bounds` are the upper ends of the ranges, milliseconds; each point's `heat` is pairs of range and count. */
  show(points, from, to, step, bounds) {
    Object.assign(this, { points, from, to, step, bounds });
    this.draw();
  }

  hover(x, y) {
    this.at = x === null ? null : { x, y };
    this.draw();
  }

  draw() {
    if (!this.canvas.clientWidth) return;
    const { brush, width, height } = prepare(this.canvas);
    const right = width - PAD.right;
    const bottom = height - PAD.bottom;
    const x = (t) => PAD.left + ((t - this.from) / (this.to - this.from)) * (right - PAD.left);
    const ranges = this.points.flatMap((point) => point.heat.map(([range]) => range));
    // At least six rows, so that one lone duration does not fill the map.
    const low = Math.max(0, Math.min(...ranges, this.bounds.length) - 1);
    const high = Math.max(...ranges, 0, low + 5) + 1;
    const tall = (bottom - PAD.top) / (high - low + 1);
    const y = (range) => bottom - (range - low + 1) * tall;
    const most = Math.max(1, ...this.points.flatMap((point) => point.heat.map(([, count]) => count)));
    brush.strokeStyle = color("grid");
    brush.strokeRect(PAD.left + 0.5, PAD.top + 0.5, right - PAD.left - 1, bottom - PAD.top - 1);
    this.axes(brush, { x, y, low, high, right, bottom, width, tall });
    const wide = Math.max(2, x(this.from + this.step) - x(this.from));
    brush.fillStyle = color("teal");
    let under = null;
    for (const point of this.points) {
      for (const [range, count] of point.heat) {
        const [left, top] = [x(point.t - this.step / 2), y(range)];
        brush.globalAlpha = 0.18 + (0.82 * Math.log1p(count)) / Math.log1p(most);
        brush.fillRect(Math.max(PAD.left, left), top + 0.5, Math.max(1.5, wide - 0.6), Math.max(1, tall - 1));
        const { at } = this;
        if (at && at.x >= left && at.x < left + wide && at.y >= top && at.y < top + tall) under = { point, range, count, top, left };
      }
    }
    brush.globalAlpha = 1;
    this.legend.replaceChildren(make("span", { own: "teal" }, LEGEND), make("span", { own: "grid" }, `at most ${most} in a field`));
    this.tell(under, width);
  }

  axes(brush, { x, y, low, high, right, bottom, width, tall }) {
    brush.fillStyle = color("muted");
    brush.textAlign = "right";
    brush.textBaseline = "middle";
    const every = Math.max(1, Math.ceil((high - low) / 5));
    for (let range = low; range <= high; range += every) {
      if (this.bounds[range]) brush.fillText(time(this.bounds[range]), PAD.left - 7, y(range) + tall / 2);
    }
    brush.textAlign = "center";
    brush.textBaseline = "top";
    const { all, name } = times(this.from, this.to, width);
    for (const at of all) {
      if (x(at) > PAD.left + 18 && x(at) < right - 22) brush.fillText(name(at), x(at), bottom + 7);
    }
  }

  tell(under, width) {
    this.tip?.remove();
    if (!under) return;
    const from = under.range ? this.bounds[under.range - 1] : 0;
    this.tip = make("div", { class: "tip" }, clock(under.point.t), make("div", {}, `${time(from)} – ${time(this.bounds[under.range])}`, make("b", {}, `${under.count}`)));
    this.host.append(this.tip);
    this.tip.style.left = `${under.left > width / 2 ? under.left - this.tip.offsetWidth - 8 : under.left + 14}px`;
    this.tip.style.top = `${under.top}px`;
  }
}
