"""KV events over ZMQ, read as routers read them: with libzmq and with vLLM's own structs in msgspec."""

import json

import httpx
import msgspec
import pytest
import zmq

from process import DEADLINE, run, until

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
TOPIC = "kv-events"
BLOCK = 16
END_OF_REPLAY = -1


def structs(array_like):
    """vLLM's structs (`vllm/distributed/kv_events.py`): arrays up to pull request 42892, then maps."""
    options = {"array_like": array_like, "omit_defaults": True, "gc": False}

    class KVCacheEvent(msgspec.Struct, tag=True, **options):
        pass

    class BlockStored(KVCacheEvent, **options):
        block_hashes: list[int | bytes]
        parent_block_hash: int | bytes | None
        token_ids: list[int]
        block_size: int
        lora_id: int | None
        medium: str | None
        lora_name: str | None

    class BlockRemoved(KVCacheEvent, **options):
        block_hashes: list[int | bytes]
        medium: str | None

    class AllBlocksCleared(KVCacheEvent, **options):
        pass

    class KVEventBatch(msgspec.Struct, **options):
        ts: float
        events: list[BlockStored | BlockRemoved | AllBlocksCleared]
        data_parallel_rank: int | None = None

    return KVEventBatch


class Index:
    """What a router knows of one worker: each block's parent and tokens, by its hash."""

    def __init__(self):
        self.blocks = {}
        self.removed = 0

    def apply(self, event):
        match type(event).__name__:
            case "BlockStored":
                parent = event.parent_block_hash
                assert parent is None or parent in self.blocks
                assert len(event.token_ids) == len(event.block_hashes) * event.block_size
                for place, block in enumerate(event.block_hashes):
                    tokens = event.token_ids[place * event.block_size : (place + 1) * event.block_size]
                    assert block not in self.blocks
                    self.blocks[block] = (parent, tuple(tokens))
                    parent = block
            case "BlockRemoved":
                for block in event.block_hashes:
                    del self.blocks[block]
                    self.removed += 1
            case "AllBlocksCleared":
                self.blocks.clear()

    def cached(self, prompt):
        """Tokens of a prompt that the worker will find: whole blocks, and not all of the prompt."""
        children = {content: block for block, content in self.blocks.items()}
        parent, found = None, 0
        while (parent := children.get((parent, tuple(prompt[found : found + BLOCK])))) is not None:
            found += BLOCK
        return min(found, (len(prompt) - 1) // BLOCK * BLOCK)


class Watch:
    """A server with KV events, a subscriber to its first worker, and plain HTTP to it."""

    def __init__(self, start, *flags, array_like=True, workers=1):
        config = {"enable_kv_cache_events": True, "publisher": "zmq", "endpoint": "tcp://*:0"}
        config = json.dumps(config | {"replay_endpoint": "tcp://*:0", "topic": TOPIC})
        self.server = start("--engine", "vllm", "--time-scale", 1000, "--kv-events-config", config, *flags)
        self.http = httpx.Client(base_url=self.server.url, trust_env=False, timeout=DEADLINE)
        self.context, self.sockets = zmq.Context(), []
        self.decoder = msgspec.msgpack.Decoder(structs(array_like))
        self.status = self.http.get("/fakeai/kv-events").json()["data"]
        assert len(self.status) == workers
        self.index, self.next = Index(), 0

    def subscribe(self, worker=0):
        self.subscriber = self.socket(zmq.SUB, self.status[worker]["endpoint"])
        self.subscriber.setsockopt(zmq.SUBSCRIBE, TOPIC.encode())
        self.worker = worker

    def socket(self, kind, endpoint):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.RCVTIMEO, int(DEADLINE * 1000))
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(endpoint)
        self.sockets.append(socket)
        return socket

    def receive(self):
        """The next batch; numbers have no gaps."""
        topic, sequence, payload = self.subscriber.recv_multipart()
        batch = self.decoder.decode(payload)
        assert (topic.decode(), len(sequence), batch.data_parallel_rank) == (TOPIC, 8, self.worker)
        sequence = int.from_bytes(sequence, "big")
        assert sequence == self.next, "a batch is missing"
        self.next = sequence + 1
        for event in batch.events:
            self.index.apply(event)
        return batch

    def catch_up(self):
        """Receives all that has been published."""
        batches = self.http.get("/fakeai/kv-events").json()["data"][self.worker]["batches"]
        while self.next < batches:
            self.receive()

    def replay(self, start):
        """The batches from `start` on, by number."""
        dealer = self.socket(zmq.DEALER, self.status[self.worker]["replay_endpoint"])
        dealer.send_multipart((b"", start.to_bytes(8, "big")))
        batches = {}
        while True:
            empty, sequence, payload = dealer.recv_multipart()
            assert empty == b""
            sequence = int.from_bytes(sequence, "big", signed=True)
            if sequence == END_OF_REPLAY:
                assert payload == b""
                return batches
            batches[sequence] = self.decoder.decode(payload)

    def tokens(self, body):
        return self.http.post("/tokenize", json=body).json()["tokens"]

    def chat(self, body):
        answer = self.http.post("/v1/chat/completions", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def warm(self):
        """A subscription takes effect a moment after it was made, and PUB sockets do not wait for it."""
        def arrives():
            self.http.post("/reset_prefix_cache")
            return self.subscriber.poll(100)

        until(arrives)
        topic, sequence, payload = self.subscriber.recv_multipart()
        self.next = int.from_bytes(sequence, "big") + 1
        self.catch_up()

    def close(self):
        self.http.close()
        for socket in self.sockets:
            socket.close()
        self.context.term()


@pytest.fixture
def watch(start):
    watches = []

    def watch(*flags, subscribe=True, **options):
        watches.append(Watch(start, *flags, **options))
        if subscribe:
            watches[-1].subscribe()
            watches[-1].warm()
        return watches[-1]

    yield watch
    for each in watches:
        each.close()


def body(text, **more):
    return {"model": LLAMA, "messages": [{"role": "user", "content": text}], "max_tokens": 40, "ignore_eos": True} | more


@pytest.mark.parametrize(
    ("flags", "array_like", "kind"),
    [
        ((), True, int),
        (("--kv-events-format", "maps"), False, int),
        (("--kv-events-block-hashes", "bytes"), True, bytes),
    ],
)
def test_stored_blocks_have_the_prompts_tokens(watch, flags, array_like, kind):
    watch = watch(*flags, array_like=array_like)
    asked = body("Tell me about the tides. " * 30)
    prompt = watch.tokens(asked)
    usage = watch.chat(asked)["usage"]
    assert usage["prompt_tokens"] == len(prompt)
    watch.catch_up()
    assert all(isinstance(block, kind) for block in watch.index.blocks)
    # The chain from the first block on is the prompt, and then the answer but for its last token.
    children = {parent: (block, tokens) for block, (parent, tokens) in watch.index.blocks.items()}
    told, parent = [], None
    while parent in children:
        parent, tokens = children[parent]
        told += tokens
    whole = len(prompt) // BLOCK * BLOCK
    assert told[:whole] == prompt[:whole]
    assert len(told) == (len(prompt) + 39) // BLOCK * BLOCK


def test_an_index_of_events_predicts_cached_tokens(watch):
    watch = watch("--kv-blocks", 120)
    hits = 0
    for number in range(40):
        asked = body(f"{number % 5}: " + "the tides and the moon and " * (number % 7 * 8 + 3))
        watch.catch_up()
        predicted = watch.index.cached(watch.tokens(asked))
        assert watch.chat(asked)["usage"]["prompt_tokens_details"]["cached_tokens"] == predicted
        hits += predicted > 0
    watch.catch_up()
    # The cache is small: what was evicted was told, or the index would have predicted too much.
    assert hits > 5 and watch.index.removed > 50


def test_a_replay_returns_what_was_missed(watch):
    watch = watch(subscribe=False)
    for number in range(5):
        watch.chat(body(f"{number}: tell me about the tides. " * 8))
    watch.subscribe()
    published = watch.http.get("/fakeai/kv-events").json()["data"][0]["batches"]
    batches = watch.replay(0)
    assert list(batches) == list(range(published))
    for batch in batches.values():
        for event in batch.events:
            watch.index.apply(event)
    asked = body("3: tell me about the tides. " * 8)
    assert watch.index.cached(watch.tokens(asked)) > 0
    assert list(watch.replay(published - 2)) == [published - 2, published - 1]
    assert watch.replay(published) == {}


def test_what_is_no_replay_request_is_passed_over(watch):
    watch = watch(subscribe=False)
    watch.subscribe()
    watch.chat(body("Tell me about the tides. " * 8))
    dealer = watch.socket(zmq.DEALER, watch.status[0]["replay_endpoint"])
    for wrong in [(b"",), (b"", b"123456789"), (b"x", b"12345678"), (b"", b"", b""), (b"", b"")]:
        dealer.send_multipart(wrong)
    assert len(watch.replay(0)) > 0


def test_each_worker_has_sockets_of_its_own(watch):
    watch = watch("--replicas", 2, subscribe=False, workers=2)
    assert len({worker["endpoint"] for worker in watch.status}) == 2
    for number in range(8):
        watch.chat(body(f"{number}: tell me about the tides. " * 8))
    for worker in (0, 1):
        watch.subscribe(worker)
        assert {batch.data_parallel_rank for batch in watch.replay(0).values()} == {worker}


def test_a_port_that_is_taken_is_a_clear_error(watch):
    taken = watch(subscribe=False).status[0]["endpoint"].rsplit(":", 1)[1]
    ended = run("server", "--port", 0, "--engine", "vllm", "--kv-events-endpoint", f"tcp://*:{taken}")
    assert ended.returncode == 1
    assert f"can't publish KV events on tcp://127.0.0.1:{taken}" in ended.stderr


def test_one_server_reads_and_another_answers(start):
    """What llm-d's sidecar does: prefill with `do_remote_decode`, then decode with what came back."""
    servers = [start("--engine", "vllm", "--time-scale", 100) for _ in range(2)]
    asked = body("Tell me about the tides. " * 100, seed=7)
    with httpx.Client(trust_env=False, timeout=DEADLINE) as http:
        first = {"kv_transfer_params": {"do_remote_decode": True, "do_remote_prefill": False}, "max_tokens": 1}
        read = http.post(f"{servers[0].url}/v1/chat/completions", json=asked | first).json()
        params = read["kv_transfer_params"]
        assert params["do_remote_prefill"] and not params["do_remote_decode"]
        assert (params["remote_host"], params["remote_port"]) == ("127.0.0.1", servers[0].port)
        second = http.post(f"{servers[1].url}/v1/chat/completions", json=asked | {"kv_transfer_params": params}).json()
        alone = http.post(f"{servers[0].url}/v1/chat/completions", json=asked).json()
    assert second["choices"] == alone["choices"]
    assert second["kv_transfer_params"] is None and "kv_transfer_params" not in alone
