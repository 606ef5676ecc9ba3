"""Room stores. In: passages and a question -> Out: what a model behind an OpenAI-compatible endpoint wrote.

POST {address}/chat/completions; redirects are not followed and a key is sent encrypted, or stays on this machine.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused
from grundstein.stores.outside import FailedError, call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SAFE = re.compile(r"https://|http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)", re.IGNORECASE)
NAMED = re.compile(r"\$\{(env|file):[^}]+\}")
FIELDS = ("address", "model", "key", "timeout")
SECONDS = 60.0
TRIES = 3


@dataclass(frozen=True)
class Chat:
    """A language model behind an address; `reveal` puts the secret of `key` in, `pause` is the first wait."""

    address: str
    model: str
    key: str
    reveal: Callable[[str], str]
    seconds: float = SECONDS
    pause: float = 0.5

    def write(self, told: str, asked: str) -> str:
        """Return what the model writes; Refused where it does not answer."""
        said = [{"role": "system", "content": told}, {"role": "user", "content": asked}]
        body = {"model": self.model, "messages": said, "temperature": 0, "stream": False}
        headers = {"Authorization": f"Bearer {self.reveal(self.key)}"} if self.key else {}
        address = self.reveal(self.address).rstrip("/") + "/chat/completions"
        for attempt in range(TRIES):
            try:
                return written(call(address, body, headers, self.seconds))
            except FailedError as error:
                if not error.again or attempt == TRIES - 1:
                    raise Refused(
                        f"The language model does not answer: {error.reason}.",
                        "An OpenAI-compatible address that takes chat completions.",
                        "Mend `writer` in the case, or ask without it",
                    ) from None
                time.sleep(max(error.wait, self.pause * 2**attempt))
        raise AssertionError


def chat_of(given: Mapping[str, Any], reveal: Callable[[str], str]) -> Chat:
    """Return the model that a case names; Refused where a field is strange, a key is shown or would be overheard."""
    strange = sorted(set(given) - set(FIELDS))
    if strange or not given.get("address") or not given.get("model"):
        what = f"`writer` has no field `{strange[0]}`" if strange else "`writer` names no `address` or no `model`"
        raise Refused(what, ", ".join(FIELDS), "correct `writer` in the case")
    key, address = str(given.get("key", "")), str(given["address"])
    if key and not NAMED.fullmatch(key):
        raise Refused("`key` of `writer` shows a secret", "${env:NAME} or ${file:PATH} in its place", "name it so")
    if key and not SAFE.match(address):
        raise Refused("the key would be sent unencrypted", "an address with https://, or on this machine", "correct it")
    return Chat(address, str(given["model"]), key, reveal, float(given.get("timeout", SECONDS)))


def written(content: bytes) -> str:
    """Read a chat completion; FailedError where there is no text in it."""
    try:
        text = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, LookupError, TypeError):
        raise FailedError("what came back is no chat completion") from None
    if not isinstance(text, str) or not text.strip():
        raise FailedError("what came back holds no text")
    return text.strip()
