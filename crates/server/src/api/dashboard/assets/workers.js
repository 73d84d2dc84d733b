// Cards of workers and GPUs.

import { amount, make, meter, percent } from "./format.js";

const TONES = { up: null, draining: "warn", failed: "bad" };

/** A worker of `/fakeai/workers`, with what the KV cache knows of it. */
export function workerCard(worker, cache, most) {
  const used = worker.blocks - worker.free_blocks;
  const figure = (value, name) => make("div", {}, make("span", { class: "big" }, value), make("small", {}, name));
  return make("div", { class: "card", "data-worker": worker.number },
    make("h3", {}, `Worker ${worker.number}`, make("span", { class: "muted" }, worker.role), make("span", { class: "tag", "data-tone": TONES[worker.state] }, worker.state)),
    make("div", { class: "split" }, figure(amount(worker.running), "running"), figure(amount(worker.waiting), "waiting"), cache && figure(amount(cache.total_requests), "requests"), cache && figure(amount(cache.tokens_processed), "tokens")),
    meter("batch", `${amount(worker.running)} sequences`, worker.running / most, "blue"),
    meter("KV blocks in use", `${amount(used)} of ${amount(worker.blocks)}`, used / worker.blocks, used / worker.blocks > 0.9 ? "red" : "teal"),
    cache ? meter("KV blocks cached", amount(cache.cached_blocks), cache.cached_blocks / worker.blocks, "violet") : null);
}

/** A GPU of `/dcgm/metrics/json`; shares are between 0 and 1. */
export function gpuCard(gpu) {
  const memory = gpu.memory_free_mib + gpu.memory_used_mib + gpu.memory_reserved_mib;
  const gib = (mib) => `${(mib / 1024).toFixed(1)}`;
  const share = (value) => percent(value * 100);
  const troubles = [gpu.throttle_reasons > 1 ? "throttled" : null, gpu.xid ? `XID ${gpu.xid}` : null, gpu.ecc_dbe_total ? `${gpu.ecc_dbe_total} ECC` : null].filter(Boolean);
  const tag = troubles.length ? make("span", { class: "tag", "data-tone": "warn" }, troubles.join(", ")) : null;
  return make("div", { class: "card", "data-gpu": gpu.gpu_id },
    make("h3", {}, `GPU ${gpu.gpu_id}`, make("span", { class: "muted" }, gpu.name), tag),
    meter("utilisation", share(gpu.gpu_utilization), gpu.gpu_utilization, "green"),
    meter("tensor cores", share(gpu.tensor_active), gpu.tensor_active, "blue"),
    meter("memory bandwidth", share(gpu.dram_active), gpu.dram_active, "violet"),
    meter("memory", `${gib(gpu.memory_used_mib)} of ${gib(memory)} GiB`, gpu.memory_used_mib / memory, "teal"),
    meter("power", `${Math.round(gpu.power_usage_w)} of ${Math.round(gpu.power_limit_w)} W`, gpu.power_usage_w / gpu.power_limit_w, "amber"),
    meter("temperature", `${Math.round(gpu.temperature_c)} °C`, gpu.temperature_c / 95, gpu.temperature_c > 85 ? "red" : "amber"),
    make("div", { class: "row" }, make("span", { class: "muted" }, `${Math.round(gpu.sm_clock_mhz)} MHz`), make("span", {}, `${amount(gpu.total_energy_mj / 1e6)} kJ`)));
}
