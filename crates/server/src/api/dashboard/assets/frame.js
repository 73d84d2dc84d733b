// What both pages have: theme, pause, status, keys, and the command to copy.

const find = (id) => document.getElementById(id);

/** `on` has `theme`, called when colours have changed, and `resume`. */
export class Frame {
  constructor(on) {
    this.paused = false;
    this.state = "connecting";
    const system = matchMedia("(prefers-color-scheme: dark)");
    const saved = () => localStorage.getItem("fakeai-theme");
    const theme = () => saved() ?? (system.matches ? "dark" : "light");
    const paint = () => {
      document.documentElement.dataset.theme = theme();
      find("theme").textContent = theme() === "dark" ? "Light" : "Dark";
      on.theme?.();
    };
    const turn = () => {
      localStorage.setItem("fakeai-theme", theme() === "dark" ? "light" : "dark");
      paint();
    };
    const pause = () => {
      this.paused = !this.paused;
      find("pause").setAttribute("aria-pressed", this.paused);
      find("pause").textContent = this.paused ? "Resume" : "Pause";
      this.show();
      if (!this.paused) on.resume?.();
    };
    system.addEventListener("change", paint);
    find("theme").addEventListener("click", turn);
    find("pause").addEventListener("click", pause);
    find("copy").addEventListener("click", () => copy(find("curl").textContent, find("copy")));
    document.addEventListener("click", (event) => {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        if (!menu.contains(event.target)) menu.open = false;
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") document.activeElement?.blur();
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select")) return;
      const act = { p: pause, t: turn, ...on.keys?.() }[event.key];
      if (act) {
        event.preventDefault();
        act();
      }
    });
    document.documentElement.dataset.theme = theme();
    find("theme").textContent = theme() === "dark" ? "Light" : "Dark";
  }

  /** Says how the page gets its data: `live`, `polling`, `connecting` or `lost`. */
  status(state) {
    this.state = state;
    this.show();
  }

  show() {
    const state = this.paused ? "paused" : this.state;
    find("status").dataset.state = state;
    find("status").textContent = state === "lost" ? "server not reached" : state;
  }
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Only pages of this machine or over TLS may write to the clipboard: select it instead.
    getSelection().selectAllChildren(document.getElementById("curl"));
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 1500);
}
