// The official Node SDK against the release binary with zero configuration.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import OpenAI from "openai";

import { connect, start } from "../process.js";

const messages = [{ role: "user", content: "Hello! Tell me something about the sea." }];
const chat = { model: "gpt-4o-mini", messages, max_tokens: 20 };

let server;
let client;

before(async () => {
  server = await start();
  client = connect(server.url);
});

after(() => server.stop());

async function collect(stream) {
  const items = [];
  for await (const item of await stream) items.push(item);
  return items;
}

describe("models", () => {
  it("lists and retrieves", async () => {
    const models = await collect(client.models.list());
    assert.ok(models.length >= 80);
    assert.ok(models.every((model) => model.object === "model" && model.owned_by));
    assert.equal((await client.models.retrieve("gpt-4o")).id, "gpt-4o");
    assert.equal((await client.models.retrieve("acme/with/slashes")).id, "acme/with/slashes");
  });

  it("deletes what was made by use", async () => {
    const model = "acme/made-by-node";
    await client.chat.completions.create({ ...chat, model, max_tokens: 1 });
    assert.deepEqual(await client.models.delete(model), { id: model, object: "model", deleted: true });
    await assert.rejects(client.models.delete("gpt-4o"), OpenAI.PermissionDeniedError);
  });
});

describe("chat", () => {
  it("answers whole", async () => {
    const answer = await client.chat.completions.create(chat);
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.choices[0].finish_reason, "length");
    assert.equal(answer.choices[0].message.role, "assistant");
    assert.equal(answer.usage.completion_tokens, 20);
    assert.match(answer._request_id, /^req_/);
  });

  it("streams one chunk for each token", async () => {
    const request = { ...chat, stream: true, stream_options: { include_usage: true } };
    const chunks = await collect(client.chat.completions.create(request));
    const last = chunks.at(-1);
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.completion_tokens, 20);
    assert.equal(chunks.length, 20 + 3);
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    assert.equal(chunks.at(-2).choices[0].finish_reason, "length");
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  });

  it("says the same in a stream and whole", async () => {
    const stream = client.chat.completions.stream({ ...chat, seed: 5 });
    const deltas = [];
    stream.on("content", (delta) => deltas.push(delta));
    const said = await stream.finalContent();
    const whole = await client.chat.completions.create({ ...chat, seed: 5 });
    assert.equal(deltas.join(""), said);
    assert.equal(said, whole.choices[0].message.content);
    assert.equal((await stream.finalChatCompletion()).choices[0].finish_reason, "length");
  });

  it("interleaves two choices", async () => {
    const chunks = await collect(client.chat.completions.create({ ...chat, n: 2, stream: true }));
    const order = chunks.map((chunk) => chunk.choices[0].index).join("");
    assert.match(order, /10+1/);
  });

  it("shows its headers", async () => {
    const { data, response } = await client.chat.completions.create(chat).withResponse();
    assert.equal(data.object, "chat.completion");
    assert.match(response.headers.get("x-request-id"), /^req_/);
    assert.ok(Number(response.headers.get("openai-processing-ms")) >= 1);
    assert.equal(response.headers.get("openai-version"), "2020-10-01");
  });
});

describe("completions", () => {
  const request = { model: "gpt-3.5-turbo-instruct", prompt: ["Once upon a time", "The end"], max_tokens: 6, seed: 2 };

  it("answers each prompt, whole and streamed", async () => {
    const whole = await client.completions.create(request);
    assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1]);
    const chunks = await collect(client.completions.create({ ...request, stream: true }));
    for (const { index, text } of whole.choices) {
      const said = chunks.map((chunk) => chunk.choices[0]).filter((choice) => choice.index === index);
      assert.equal(said.map((choice) => choice.text).join(""), text);
    }
  });
});

describe("embeddings", () => {
  const request = { model: "text-embedding-3-small", input: ["cat", "dog"] };

  it("reads base64 by default, the same numbers as floats", async () => {
    const packed = await client.embeddings.create(request);
    const plain = await client.embeddings.create({ ...request, encoding_format: "float" });
    assert.deepEqual(packed.data.map((item) => item.index), [0, 1]);
    assert.equal(packed.data[0].embedding.length, 1536);
    packed.data[0].embedding.forEach((number, index) => {
      assert.ok(Math.abs(number - plain.data[0].embedding[index]) < 1e-6);
    });
    const norm = Math.hypot(...plain.data[1].embedding);
    assert.ok(Math.abs(norm - 1) < 1e-4);
  });

  it("shortens", async () => {
    const answer = await client.embeddings.create({ ...request, dimensions: 64 });
    assert.equal(answer.data[1].embedding.length, 64);
  });
});

describe("errors", () => {
  it("are the SDK's own", async () => {
    await assert.rejects(client.chat.completions.create({ ...chat, temperature: 3 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual([error.status, error.param, error.type], [400, "temperature", "invalid_request_error"]);
      assert.match(error.requestID, /^req_/);
      return true;
    });
    await assert.rejects(client.post("/nowhere", { body: {} }), OpenAI.NotFoundError);
  });

  it("say which model is unknown when models are strict", async () => {
    const strict = await start("--strict-models");
    try {
      const request = connect(strict.url).chat.completions.create({ ...chat, model: "gpt-99" });
      await assert.rejects(request, (error) => {
        assert.ok(error instanceof OpenAI.NotFoundError);
        assert.equal(error.code, "model_not_found");
        return true;
      });
    } finally {
      await strict.stop();
    }
  });
});

describe("hanging up", { timeout: 60_000 }, () => {
  it("ends the generation and is recorded", async () => {
    const slow = await start("--itl", "50");
    try {
      const controller = new AbortController();
      const request = { ...chat, stream: true, max_tokens: 4000, ignore_eos: true, min_tokens: 4000 };
      const stream = await connect(slow.url).chat.completions.create(request, { signal: controller.signal });
      let seen = 0;
      for await (const _ of stream) {
        seen += 1;
        if (seen === 3) controller.abort();
      }
      assert.ok(seen >= 3);
      await hungUp(slow.url);
    } finally {
      await slow.stop();
    }
  });
});

/** Asks until the server has written the hang-up down; the test's timeout is the deadline. */
async function hungUp(url) {
  for (;;) {
    const text = await (await fetch(`${url}/metrics/prometheus`)).text();
    if (/^fakeai_client_closed_total(?:\{[^}]*\})? 1$/m.test(text) && /^fakeai_active_streams 0$/m.test(text)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
