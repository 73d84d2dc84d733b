// A figure to be seen from afar, with how it went.

import { make } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

export class Tile {
  constructor(host, name, color = "blue", help = "") {
    this.value = make("b", { "data-tile": name });
    this.note = make("p");
    this.line = document.createElementNS(SVG, "svg");
    this.line.setAttribute("viewBox", "0 0 100 26");
    this.line.setAttribute("preserveAspectRatio", "none");
    this.line.setAttribute("aria-hidden", "true");
    this.path = document.createElementNS(SVG, "path");
    this.path.setAttribute("fill", "none");
    this.path.setAttribute("stroke-width", "1.5");
    this.path.setAttribute("vector-effect", "non-scaling-stroke");
    this.path.style.stroke = `var(--${color})`;
    this.line.append(this.path);
    this.own = make("div", { class: "tile", title: help }, make("h3", {}, name), this.value, this.note, this.line);
    host.append(this.own);
  }

  /** `value` with its unit after a space set small, `note` below, `history` as a line; `tone` may be `bad`. */
  show(value, note, history, tone = "") {
    const [figure, unit] = /^(.*\d|–)\s(\D+)$/.exec(value)?.slice(1) ?? [value];
    this.value.replaceChildren(figure, ...(unit ? [make("small", {}, unit)] : []));
    this.note.textContent = note;
    this.note.title = note;
    this.own.dataset.tone = tone;
    const values = history.filter((entry) => entry !== null);
    const top = Math.max(...values, 0) || 1;
    const at = (entry, index) => `${((index / Math.max(1, values.length - 1)) * 100).toFixed(2)} ${(24 - (entry / top) * 21).toFixed(2)}`;
    this.path.setAttribute("d", values.length > 1 ? `M${values.map(at).join("L")}` : "");
  }
}
