// Vercel's AI SDK: objects, streams of them, loops of tools, thoughts. Each loop must end by itself.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";

import { start } from "../process.js";

let server;
let models;
let compatible;
let hasResponses;

before(async () => {
  server = await start();
  const baseURL = `${server.url}/v1`;
  const openai = createOpenAI({ baseURL, apiKey: "sk-test" });
  compatible = createOpenAICompatible({
    name: "fakeai",
    baseURL,
    apiKey: "sk-test",
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  models = {
    chat: (name) => openai.chat(name),
    responses: (name) => openai.responses(name),
    compatible: (name) => compatible(name),
  };
  const answer = await fetch(`${baseURL}/responses`, { method: "POST", body: "{}" });
  hasResponses = answer.status !== 404;
});

after(() => server.stop());

const user = z.object({
  name: z.string(),
  age: z.number().int(),
  address: z.object({ city: z.string(), country: z.string() }),
});
const prompt = "Jason is 25 years old and lives in Berlin, Germany.";
const jason = { name: "Jason", age: 25, address: { city: "Berlin", country: "Germany" } };

/** A tool, and the places it was asked for. */
function weather() {
  const cities = [];
  const getWeather = tool({
    description: "Get the current weather in a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      cities.push(city);
      return { city, temperature: 21, sky: "sunny" };
    },
  });
  return { cities, tools: { getWeather } };
}

for (const kind of ["chat", "compatible", "responses"]) {
  describe(kind, () => {
    const model = (name = "gpt-4o") => ({ model: models[kind](name), maxRetries: 0 });
    const check = (name, test) =>
      it(name, (context) => (kind === "responses" && !hasResponses ? context.skip("not built") : test()));

    check("makes objects with the values of the prompt", async () => {
      const { object, usage } = await generateObject({ ...model(), schema: user, prompt });
      assert.deepEqual(object, jason);
      assert.ok(usage.totalTokens > 0);
    });

    check("makes lists and choices", async () => {
      const people = "Jason is 25 years old and Sarah is 30 years old.";
      const schema = z.object({ name: z.string(), age: z.number().int() });
      const { object } = await generateObject({ ...model(), output: "array", schema, prompt: people });
      assert.deepEqual(object, [{ name: "Jason", age: 25 }, { name: "Sarah", age: 30 }]);
      const options = ["spam", "urgent", "normal"];
      const chosen = await generateObject({ ...model(), output: "enum", enum: options, prompt: "This is urgent!" });
      assert.equal(chosen.object, "urgent");
    });

    check("streams objects", async () => {
      const result = streamObject({ ...model(), schema: user, prompt });
      const parts = [];
      for await (const part of result.partialObjectStream) parts.push(part);
      assert.ok(parts.length > 2);
      assert.deepEqual(parts.at(-1), jason);
      assert.deepEqual(await result.object, jason);
    });

    check("ends a loop of tools with a text", async () => {
      const { cities, tools } = weather();
      const ask = "What's the weather in Paris and Tokyo?";
      const result = await generateText({ ...model(), tools, stopWhen: stepCountIs(5), prompt: ask });
      assert.deepEqual(cities, ["Paris", "Tokyo"]);
      assert.equal(result.finishReason, "stop");
      assert.match(result.text, /21/);
      assert.equal(result.steps.length, 2);
    });

    check("streams a loop of tools", async () => {
      const { cities, tools } = weather();
      const result = streamText({ ...model(), tools, stopWhen: stepCountIs(5), prompt: "What's the weather in Rome?" });
      const kinds = new Set();
      let text = "";
      for await (const part of result.fullStream) {
        assert.notEqual(part.type, "error", String(part.error));
        kinds.add(part.type);
        if (part.type === "text-delta") text += part.text;
      }
      for (const kind of ["tool-input-delta", "tool-call", "tool-result", "text-delta", "finish"]) {
        assert.ok(kinds.has(kind), kind);
      }
      assert.deepEqual(cities, ["Rome"]);
      assert.match(text, /21/);
      assert.equal(await result.finishReason, "stop");
    });
  });
}

describe("compatible", () => {
  it("shows what deepseek-reasoner thinks", async () => {
    const result = streamText({ model: compatible("deepseek-reasoner"), prompt: "What is 17 times 3?", maxRetries: 0 });
    let thoughts = "";
    let text = "";
    for await (const part of result.fullStream) {
      if (part.type === "reasoning-delta") {
        assert.equal(text, "", "thoughts come first");
        thoughts += part.text;
      }
      if (part.type === "text-delta") text += part.text;
    }
    assert.ok(thoughts && text);
    assert.equal(await result.reasoningText, thoughts);
    assert.ok((await result.usage).reasoningTokens > 0);
  });

  it("embeds", async () => {
    const model = compatible.textEmbeddingModel("text-embedding-3-small");
    const { embeddings } = await embedMany({ model, values: ["a cat", "a kitten"] });
    assert.deepEqual(embeddings.map((embedding) => embedding.length), [1536, 1536]);
  });
});
