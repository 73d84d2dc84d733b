"""The official SDK behind one face, so that each test runs with its sync and its async client."""

import asyncio

import openai

KEY = "sk-test"


class Sync:
    """`openai.OpenAI`."""

    def __init__(self, base_url, **options):
        self.client = openai.OpenAI(base_url=base_url, api_key=KEY, max_retries=0, **options)

    def call(self, request):
        """The result of `request(client)`."""
        return request(self.client)

    def stream(self, request):
        """Everything that the stream of `request(client)` brings."""
        return list(request(self.client))

    def drain(self, stream):
        """Everything an open stream still brings."""
        return list(stream)

    def events(self, request, final="get_final_completion"):
        """The events of a stream helper, and what it makes of them."""
        with request(self.client) as stream:
            return list(stream), getattr(stream, final)()

    def close(self):
        self.client.close()


class Async:
    """`openai.AsyncOpenAI`, on an event loop of its own."""

    def __init__(self, base_url, **options):
        self.loop = asyncio.new_event_loop()
        self.client = openai.AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0, **options)

    def call(self, request):
        async def wait():
            return await request(self.client)

        return self.loop.run_until_complete(wait())

    def stream(self, request):
        async def wait():
            return [item async for item in await request(self.client)]

        return self.loop.run_until_complete(wait())

    def drain(self, stream):
        async def wait():
            return [item async for item in stream]

        return self.loop.run_until_complete(wait())

    def events(self, request, final="get_final_completion"):
        async def wait():
            async with request(self.client) as stream:
                return [event async for event in stream], await getattr(stream, final)()

        return self.loop.run_until_complete(wait())

    def close(self):
        self.loop.run_until_complete(self.client.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


KINDS = {"sync": Sync, "async": Async}
