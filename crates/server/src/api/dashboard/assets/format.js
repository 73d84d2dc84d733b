// Numbers and elements as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count or a rate: 3 digits that matter, then k, M, G. */
export function amount(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e9) return `${digits(value / 1e9)} G`;
  if (size >= 1e6) return `${digits(value / 1e6)} M`;
  if (size >= 1e4) return `${digits(value / 1e3)} k`;
  if (size >= 100 || Number.isInteger(value)) return whole.format(value);
  return digits(value);
}

function digits(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Milliseconds. */
export function time(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms === 0) return "0 ms";
  if (ms < 0.1) return `${digits(ms * 1e3)} µs`;
  if (ms < 1000) return `${digits(ms)} ms`;
  if (ms < 120_000) return `${digits(ms / 1e3)} s`;
  return `${digits(ms / 6e4)} min`;
}

export const percent = (value) => (Number.isFinite(value) ? `${value >= 99.95 || value === 0 ? Math.round(value) : digits(value)} %` : "–");

/** US dollars: cents for large sums, more digits for small ones. */
export function dollars(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "$0";
  if (value < 0.0001) return `$${value.toExponential(1)}`;
  return value < 1 ? `$${value.toFixed(4)}` : value < 1e4 ? `$${value.toFixed(2)}` : `$${amount(value)}`;
}

/** A clock time of Unix seconds. */
export function clock(seconds, withDate = false) {
  const date = new Date(seconds * 1e3);
  const day = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };
  return withDate ? date.toLocaleString("en", day) : date.toLocaleTimeString("en", { hour12: false });
}

/** An element: attributes, `class`, and children that are text or elements. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "own") element.style.setProperty("--own", `var(--${value})`);
    else if (key === "width") element.style.width = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A line with a name, a figure and a bar of a share between 0 and 1. */
export function meter(name, figure, share, color = "blue") {
  const width = `${(Math.max(0, Math.min(1, share || 0)) * 100).toFixed(2)}%`;
  const bar = make("div", { class: "meter" }, make("i", { own: color, width }));
  return make("div", { class: "row" }, make("span", { title: name }, name), make("span", {}, figure), bar);
}

/** Offers a text as a file. */
export function save(name, type, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
