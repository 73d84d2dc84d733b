// Traffic of many kinds, by fetch.

const TEXT = "The harbour was quiet, and the ships lay at their moorings as if the tide had forgotten them. ".repeat(12);
const QUESTIONS = ["What is the capital of France?", "Tell me a joke", "Summarise this: ", "Write a poem about the sea", "What is 17 * 23?"];

/** One request of a kind that its number chooses; what it says about its tokens. */
export async function ask(url, number, models) {
  const question = `${QUESTIONS[number % QUESTIONS.length]}${number % 3 ? TEXT.slice(0, 200 + (number % 7) * 150) : ""}`;
  const bad = number % 29 === 28;
  const body = {
    model: models[number % 11 < 6 ? 0 : number % models.length],
    messages: bad ? [] : [{ role: "user", content: question }],
    max_tokens: 20 + (number % 13) * 12,
    stream: number % 4 !== 0,
    stream_options: number % 4 !== 0 ? { include_usage: true } : undefined,
  };
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST", headers: { "content-type": "application/json", authorization: "Bearer sk-load" }, body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) return { status: answer.status, prompt: 0, completion: 0 };
  const usage = /"usage":(\{"prompt_tokens.*?\}\}?)/.exec(text)?.[1] ?? "";
  const count = (name) => Number(new RegExp(`"${name}":(\\d+)`).exec(usage)?.[1]);
  return { status: answer.status, prompt: count("prompt_tokens"), completion: count("completion_tokens") };
}

/** Requests `from` to `to`, so many at a time; what all of them say. */
export async function load(url, { from = 0, to, lanes = 8, models = ["gpt-4o", "gpt-4o-mini", "meta-llama/Llama-3.1-8B-Instruct"] }) {
  const all = [];
  let next = from;
  const lane = async () => {
    while (next < to) all.push(await ask(url, next++, models));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return all;
}
