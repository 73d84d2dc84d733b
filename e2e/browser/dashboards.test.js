// Both dashboards in Chromium, with traffic. With FAKEAI_SCREENSHOTS=FOLDER they are photographed, in both sizes and
// themes; docs/images has the best of them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { start as begin } from "../node/process.js";
import { load } from "./load.js";
import { launch, open } from "./page.js";

const SIZES = [{ width: 1280, height: 900, colorScheme: "dark" }, { width: 390, height: 844, colorScheme: "light" }];
if (process.env.FAKEAI_SCREENSHOTS) SIZES.push(...SIZES.map((size) => ({ ...size, colorScheme: size.colorScheme === "dark" ? "light" : "dark" })));
let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Starts a server that ends with the tests, also where one fails. */
const servers = [];
async function start(...flags) {
  servers.push(await begin(...flags));
  return servers.at(-1);
}
after(() => Promise.all(servers.map((server) => server.stop())));

/** Photographs a page, if it is asked for. */
async function photograph(page, name) {
  const folder = process.env.FAKEAI_SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Nothing is wider than the page, and nothing was complained about. */
async function isWell({ page, complaints }) {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  assert.deepEqual(complaints, []);
}

const figure = (text) => Number(/[\d,.]+/.exec(text)[0].replaceAll(",", "")) * (/ k/.test(text) ? 1000 : 1);

/** Waits until the page has this number of requests. */
const untilCounted = (page, requests) =>
  page.waitForFunction((count) => document.querySelector("#tiles")?.textContent.includes(`${count.toLocaleString("en")} since the start`), requests);

test("an idle server shows what to do", async () => {
  const server = await start();
  for (const size of SIZES) {
    const opened = await open(browser, `${server.url}/dashboard`, size);
    await opened.page.locator("#empty").waitFor();
    assert.match(await opened.page.locator("#curl").textContent(), /^curl http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions /);
    await photograph(opened.page, `empty-${size.width}-${size.colorScheme}`);
    await opened.page.goto(`${server.url}/dashboard/dynamo`);
    await opened.page.locator("#empty").waitFor();
    await isWell(opened);
  }
  await server.stop();
});

test("the traffic is what clients counted and what /metrics says", async () => {
  const server = await start();
  const opened = await open(browser, `${server.url}/dashboard`, SIZES[0]);
  const { page } = opened;
  await page.locator("#status[data-state=live]").waitFor();
  const all = await load(server.url, { to: 150 });
  await untilCounted(page, all.length);
  const models = await page.locator("#models tbody tr").evaluateAll((rows) => rows.map((row) => [row.dataset.model, row.cells[2].textContent]));
  const failed = all.filter((answer) => answer.status !== 200).length;
  // Those that were refused count under the model they named.
  assert.equal(models.reduce((sum, [, count]) => sum + figure(count), 0), all.length);
  // The stream has the figures in full; the page rounds them.
  const events = await (await fetch(`${server.url}/metrics/stream?once=true&metric_type=totals,latency`)).text();
  const { totals, latency } = JSON.parse(events.split("\n\n")[1].split("\ndata: ")[1]).data;
  const sum = (name) => all.reduce((total, answer) => total + answer[name], 0);
  assert.deepEqual([totals.requests, totals.errors, totals.prompt_tokens, totals.completion_tokens], [all.length, failed, sum("prompt"), sum("completion")]);
  const metrics = await (await fetch(`${server.url}/metrics`, { headers: { "x-fakeai-watcher": "test" } })).json();
  const chat = metrics.latency["/v1/chat/completions"];
  assert.ok(Math.abs(latency.overall.p99 - chat.p99 * 1e3) < 1e-6);
  assert.equal(await page.locator("[data-tile='Latency p99']").textContent(), await page.evaluate(async (ms) => (await import("/dashboard/assets/format.js")).time(ms).replace(" ", ""), chat.p99 * 1e3));
  await isWell(opened);
  await server.stop();
});

test("the log is searched, a request opened, models compared, all by keys", async () => {
  const server = await start();
  await load(server.url, { to: 60 });
  const opened = await open(browser, `${server.url}/dashboard`, SIZES[0]);
  const { page } = opened;
  await untilCounted(page, 60);
  await page.keyboard.press("/");
  await page.keyboard.type("empty_array");
  await page.waitForFunction(() => document.querySelectorAll("#log tbody tr").length === 2);
  await page.locator("#log tbody tr").first().press("Enter");
  assert.match(await page.locator("#timeline").textContent(), /400 empty_array/);
  await page.locator("#models input").nth(0).press(" ");
  await page.locator("#models input").nth(1).press(" ");
  assert.match(await page.locator("#compare").textContent(), /Side by side/);
  await page.locator("h2").first().click();
  await page.keyboard.press("p");
  assert.equal(await page.locator("#status").textContent(), "paused");
  await page.keyboard.press("t");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "light");
  await page.keyboard.press("p");
  await page.keyboard.press("4");
  assert.equal(await page.locator("#range").inputValue(), "3600");
  await page.locator("#status[data-state=live]").waitFor();
  await isWell(opened);
  await server.stop();
});

test("without a WebSocket it fetches", async () => {
  const server = await start();
  await load(server.url, { to: 10 });
  const context = await browser.newContext();
  await context.addInitScript(() => {
    window.WebSocket = class {
      constructor() {
        setTimeout(() => this.onclose(), 0);
      }
    };
  });
  const page = await context.newPage();
  await page.goto(`${server.url}/dashboard`);
  await page.locator("#status[data-state=polling]").waitFor();
  await untilCounted(page, 10);
  await server.stop();
});

test("the engine's workers, caches and GPUs are those of the routes", async () => {
  const server = await start("--engine", "vllm", "--model", "meta-llama/Llama-3.1-8B-Instruct", "--gpu", "h100", "--replicas", "4", "--router", "kv");
  const pages = [];
  for (const size of SIZES) {
    for (const path of ["/dashboard", "/dashboard/dynamo"]) pages.push({ path, size, ...(await open(browser, server.url + path, size)) });
  }
  // Enough for charts when they are photographed.
  const all = await load(server.url, { to: process.env.FAKEAI_SCREENSHOTS ? 3000 : 120, lanes: 24 });
  const going = load(server.url, { from: all.length, to: all.length + 100, lanes: 24 });
  for (const { path, size, page } of pages) {
    await page.locator(path === "/dashboard" ? "#log tbody tr" : "[data-worker]").first().waitFor();
    await photograph(page, `${path.split("/").at(-1)}-${size.width}-${size.colorScheme}`);
  }
  await going;
  const engine = pages[1].page;
  assert.deepEqual([await engine.locator("[data-worker]").count(), await engine.locator("[data-gpu]").count()], [4, 4]);
  const { cache_performance: cache } = await (await fetch(`${server.url}/kv-cache/metrics`)).json();
  await engine.waitForFunction((hits) => document.querySelector("#prefix").textContent.includes(hits), `${cache.total_cache_hits.toLocaleString("en")} of`);
  for (const opened of pages) await isWell(opened);
  await server.stop();
});
