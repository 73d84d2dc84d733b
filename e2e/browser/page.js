// Chromium on the dashboards: a page that remembers what it complained about.

import { chromium } from "playwright-core";

/** Starts Debian's Chromium, or the one that `CHROMIUM` names. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** A page of so many pixels; `complaints` are errors of the console, of scripts and of the network. */
export async function open(browser, url, { width = 1280, height = 900, colorScheme = "dark", ...rest } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, ...rest });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  await page.goto(url);
  return { page, complaints };
}
