"""Things found by walking a folder: one name, one thing, a second one with that name is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps a name to the one thing registered under it.

    >>> functions: Registry[object] = Registry("eval function")
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._things: dict[str, T] = {}

    def add(self, name: str, thing: T) -> T:
        if name in self._things:
            raise ValueError(f"a second {self.kind} is called {name!r}")
        self._things[name] = thing
        return thing

    def register(self, *names: str) -> Callable[[T], T]:
        """Decorator: register the thing under each of ``names``."""

        def decorate(thing: T) -> T:
            for name in names:
                self.add(name, thing)
            return thing

        return decorate

    def get(self, name: str) -> T | None:
        return self._things.get(name)

    def names(self) -> list[str]:
        return sorted(self._things)

    def __contains__(self, name: str) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(sorted(self._things.items()))
