// The official Node SDK's Realtime socket against the release binary.

import assert from "node:assert/strict";
import net from "node:net";
import { after, before, it } from "node:test";

import { OpenAIRealtimeWS } from "openai/realtime/ws";

import { connect, start } from "../process.js";

let server;
let client;

before(async () => {
  server = await start();
  client = connect(server.url);
});

after(() => server.stop());

it("holds a spoken conversation with a key made for it", async () => {
  const speech = await client.audio.speech.create({
    model: "gpt-4o-mini-tts",
    voice: "ash",
    input: "What is the capital of France?",
    response_format: "pcm",
  });
  const sound = Buffer.concat([Buffer.from(await speech.arrayBuffer()), Buffer.alloc(48_000)]);
  const secret = await client.realtime.clientSecrets.create({
    session: { type: "realtime", audio: { output: { voice: "marin" } } },
  });

  // The SDK takes TLS for granted, even to this machine.
  const options = { createConnection: ({ host, port }) => net.connect({ host, port }) };
  const keyed = client.withOptions({ apiKey: secret.value });
  const realtime = new OpenAIRealtimeWS({ model: "gpt-realtime", options }, keyed);
  const events = [];
  const done = new Promise((resolve, reject) => {
    realtime.on("error", reject);
    realtime.on("event", (event) => {
      events.push(event);
      if (event.type === "response.done") resolve(event.response);
    });
  });
  await new Promise((resolve) => realtime.socket.once("open", resolve));
  for (let at = 0; at < sound.length; at += 9600) {
    realtime.send({ type: "input_audio_buffer.append", audio: sound.subarray(at, at + 9600).toString("base64") });
  }
  const response = await done;
  realtime.close();

  assert.equal(events[0].session.audio.output.voice, "marin");
  const kinds = events.map((event) => event.type);
  assert.ok(kinds.indexOf("input_audio_buffer.speech_started") < kinds.indexOf("input_audio_buffer.speech_stopped"));
  assert.match(response.output[0].content[0].transcript, /Paris/);
  const bytes = events
    .filter((event) => event.type === "response.output_audio.delta")
    .reduce((sum, event) => sum + Buffer.from(event.delta, "base64").length, 0);
  assert.equal(response.usage.output_token_details.audio_tokens, Math.ceil(bytes / 2400));
});
