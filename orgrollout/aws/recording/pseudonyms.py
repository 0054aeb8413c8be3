"""Other names for what could tell whose organization it is: the same for the same, within a file.

They are counted in the order in which they are met. Nothing of the original is in them, so that
guessing does not help. Names that are made of others (a stack of a stack set, an ARN) are replaced
word by word, so that they still fit together.
"""

import re
from collections import defaultdict
from collections.abc import Callable

_OF_EMAIL = r"[^\s@\"'<>,;:/()=]"
# Bounded as in RFC 5321: without that, a long text takes the square of its length.
_EMAIL = rf"{_OF_EMAIL}{{1,64}}@{_OF_EMAIL}{{1,255}}\.{_OF_EMAIL}{{1,255}}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_UNIT = r"\bou-(?P<of_root>[0-9a-z]{4,32})-[a-z0-9]{8,32}\b"
_ROOT = r"\br-[0-9a-z]{4,32}\b"
_ORGANIZATION = r"\bo-[a-z0-9]{10,32}\b"
_ADDRESS = r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])"
_TYPE = r"\bAWS::[A-Za-z0-9]+(?:::[A-Za-z0-9]+)*"
_ACCOUNT = r"(?<![0-9])[0-9]{12}(?![0-9])"
_WORD = r"(?:(?!(?<![0-9])[0-9]{12}(?![0-9]))[^\W_])+"
_TOKEN = re.compile(
    f"(?P<email>{_EMAIL})|(?P<address>{_ADDRESS})|(?P<uuid>{_UUID})|(?P<unit>{_UNIT})|(?P<root>{_ROOT})"
    f"|(?P<organization>{_ORGANIZATION})|(?P<type>{_TYPE})|(?P<account>{_ACCOUNT})"
    f"|(?P<word>{_WORD})"
)
_EVERYWHERE = frozenset({"0.0.0.0", "127.0.0.1"})  # noqa: S104 - addresses of all machines
_MOST_DIGITS = 7  # a number of more may be one of a customer, a telephone or a card


class Pseudonyms:
    """The names of one file. Words that are ``public`` stay."""

    def __init__(self, public: frozenset[str]) -> None:
        self._public = public
        self._known: dict[str, dict[str, int]] = defaultdict(dict)
        self._of_kind: dict[str, Callable[[re.Match[str]], str]] = {
            "email": lambda found: self.email(found[0]),
            "address": lambda found: self._address(found[0]),
            "uuid": lambda found: f"00000000-0000-4000-8000-a{self._count('uuid', found[0]):011x}",
            "unit": lambda found: self._unit(found["of_root"], found[0]),
            "root": lambda found: self._root(found[0]),
            "organization": lambda found: f"o-{self._count('organization', found[0]):010}",
            "type": lambda found: found[0],
            "account": lambda found: str(900000000000 + self._count("account", found[0])),
            "word": lambda found: self._word(found[0]),
        }

    def text(self, text: str) -> str:
        """Return a text in which ids, addresses and words that are not public are replaced."""
        return _TOKEN.sub(lambda found: self._of_kind[str(found.lastgroup)](found), text)

    def name(self, text: str) -> str:
        """Return another name for what a person named, replaced as a whole."""
        return f"name{self._count('name', text)}" if text else text

    def email(self, text: str) -> str:
        """Return another address."""
        return f"mail{self._count('email', text)}@example.com"

    def caller(self, access_key: str) -> str:
        """Return a name for credentials, by their access key."""
        return f"caller{self._count('caller', access_key)}"

    def _unit(self, root: str, unit: str) -> str:
        above = self._root(f"r-{root}").removeprefix("r-")
        return f"ou-{above}-{self._count('unit', unit):08}"

    def _root(self, root: str) -> str:
        return f"r-{self._count('root', root):04}"

    def _address(self, address: str) -> str:
        if address in _EVERYWHERE:
            return address
        number = self._count("address", address)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def _word(self, word: str) -> str:
        if word in self._public:
            return word
        if not word.isdecimal():
            return f"w{self._count('word', word)}"
        if len(word) <= _MOST_DIGITS and word.isascii():
            return word
        return str(self._count("number", word)).rjust(len(word), "9")

    def _count(self, kind: str, original: str) -> int:
        """Return the number of an original among those of its kind."""
        known = self._known[kind]
        return known.setdefault(original, len(known) + 1)
