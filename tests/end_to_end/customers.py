"""People on a local Bluesky who write to a brand, with the words of real customers."""

import csv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice

from tests.servers.fixtures import SHARED_DATA
from tests.servers.pds import Account, Pds, Ref
from vivavoce.networks.demo import story

TWCS = SHARED_DATA / "twcs" / "twcs.csv"
CHARACTERS_MAX = 240  # with the brand's handle before them the words stay under Bluesky's 300 graphemes
AT_A_TIME = 8  # threads that post; the PDS writes one repository at a time and shares two cores with the desk


@dataclass(frozen=True)
class Customers:
    """Some accounts, and the brand that they write to."""

    pds: Pds
    brand: Account
    people: Sequence[Account]

    @classmethod
    def arrive(cls, pds: Pds, *, count: int, name: str) -> "Customers":
        """Make a brand's account and so many people's; `name` sets them apart from other tests' people."""
        brand = pds.create_account(f"brand-{name}")
        with ThreadPoolExecutor(AT_A_TIME) as threads:
            people = list(threads.map(lambda n: pds.create_account(f"p{n}-{name}"), range(count)))
        return cls(pds, brand, people)

    def write(self, texts: Sequence[str]) -> list[Ref]:
        """Let them post the texts in turns, each a mention of the brand, several at a time."""
        with ThreadPoolExecutor(AT_A_TIME) as threads:
            return list(threads.map(self.mention, islice(cycle(self.people), len(texts)), texts))

    def mention(self, person: Account, text: str) -> Ref:
        """Let somebody write to the brand."""
        return self.pds.post(person, f"@{self.brand.handle} {text}", mentions=(self.brand,))

    def of(self, did: str) -> Account:
        """Return the account with a DID."""
        return next(person for person in self.people if person.did == did)


def texts(count: int) -> list[str]:
    """Return what customers wrote to brands, as it stands in the data beside the checkout, or else in the demo."""
    found = _customers_of_twcs() if TWCS.is_file() else _people_of_the_demo()
    return list(islice(found, count))


def _customers_of_twcs() -> Iterator[str]:
    with TWCS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            words = row["text"].strip()[:CHARACTERS_MAX]
            if row["inbound"] == "True" and words:
                yield words


def _people_of_the_demo() -> Iterator[str]:
    return cycle(text[:CHARACTERS_MAX] for _language, text in story.read().texts())
