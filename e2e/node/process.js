// The release binary as a process of its own: started, waited for, stopped.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import OpenAI from "openai";

const binary = resolve(
  process.env.FAKEAI_BINARY ?? fileURLToPath(new URL("../../target/release/fakeai", import.meta.url)),
);

// The environment without what would configure the server.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(FAKEAI|OPENAI)_/.test(name)),
);

/** Starts `fakeai server` on a free port, in an empty directory; the promise is of its URL and a way to stop it. */
export async function start(...flags) {
  const directory = mkdtempSync(join(tmpdir(), "fakeai-"));
  const child = spawn(binary, ["server", "--port", "0", ...flags], {
    cwd: directory,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((done) => child.once("exit", done));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const found = /listens on (\S+)/.exec(line);
    if (found) {
      // What is left on the card is read and dropped, so that the pipe never fills.
      child.stdout.resume();
      return { url: found[1], stop };
    }
  }
  throw new Error(`the server ended with ${await ended}`);
}

/** The SDK on a server. */
export function connect(url, options = {}) {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test", maxRetries: 0, ...options });
}
