// The live stream: a WebSocket, and if there can't be one, the same messages fetched again and again.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const POLL_MS = 2000;
/** Sockets that never opened before fetching begins. */
const TRIES = 3;

export class Feed {
  /** `filters` as `subscribe` has them; `on` has `history`, `update` and `status`. */
  constructor(filters, on) {
    this.filters = filters;
    this.on = on;
    this.failures = 0;
    this.connect();
  }

  /** Asks for something else; history follows. */
  change(filters) {
    this.filters = { ...this.filters, ...filters };
    if (this.socket?.readyState === WebSocket.OPEN) this.subscribe();
    else if (this.polling) this.poll();
  }

  get query() {
    return new URLSearchParams(Object.entries(this.filters).map(([name, value]) => [name, String(value)]));
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    let opened = false;
    this.on.status("connecting");
    // The filters are in the address too, so that the first history is the right one.
    const socket = new WebSocket(`${scheme}://${location.host}/metrics/stream?${this.query}`);
    this.socket = socket;
    socket.onopen = () => {
      opened = true;
      this.failures = 0;
      this.on.status("live");
    };
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = () => {
      this.failures += 1;
      if (!opened && this.failures >= TRIES) return this.poll();
      this.on.status("lost");
      setTimeout(() => this.connect(), Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures));
    };
  }

  subscribe() {
    this.socket.send(JSON.stringify({ type: "subscribe", filters: this.filters }));
  }

  take(message) {
    if (message.type === "historical_data") this.on.history(message.data, message);
    else if (message.type === "metrics_update") this.on.update(message.data, message);
  }

  async poll() {
    clearTimeout(this.polling);
    try {
      const answer = await fetch(`/metrics/stream?once=true&${this.query}`, { cache: "no-store" });
      for (const event of (await answer.text()).split("\n\n")) {
        const data = event.split("\ndata: ")[1];
        if (data) this.take(JSON.parse(data));
      }
      this.on.status("polling");
    } catch {
      this.on.status("lost");
    }
    this.polling = setTimeout(() => this.poll(), POLL_MS);
  }
}
