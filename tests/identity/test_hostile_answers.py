"""Whatever an identity provider says, in whatever form: its keys can be read, or are said to be unreadable."""

from contextlib import suppress

from marketmind_scheduler.adapters.identity.key_set import read_key_set
from marketmind_scheduler.adapters.identity.key_sources import KeysUnreadable, UrlKeySource, key_client
from tests.answers import answering, answers
from tests.loops import telling_all_misses

SEED, COUNT = 12, 600


async def test_whatever_comes_is_keys_or_none() -> None:
    async with answering() as provider, key_client() as client:
        source = UrlKeySource(f"http://127.0.0.1:{provider.port}/keys", client, answers_within=2)
        with telling_all_misses() as trying:
            for said in answers(SEED, COUNT):
                with trying(said=said.raw[:300]), suppress(KeysUnreadable):
                    provider.raw = said.raw
                    read_key_set(await source.read())
