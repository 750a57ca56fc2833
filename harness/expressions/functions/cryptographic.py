"""Cryptographic functions (Search Reference, "Cryptographic functions"): digests as lower-case hexadecimal."""

from __future__ import annotations

import hashlib

from harness.expressions.registry import function
from harness.values.column import Value
from harness.values.values import to_text


def _register(name: str) -> None:
    @function(name, kinds="s", result="s")
    def digest(value: Value) -> Value:
        text = to_text(value)  # type: ignore[arg-type]
        return hashlib.new(name, text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


for _name in ("md5", "sha1", "sha256", "sha512"):
    _register(_name)
