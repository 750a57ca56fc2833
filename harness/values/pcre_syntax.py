r"""PCRE2 patterns written as the ``regex`` module reads them (pcre2pattern(3)).

The whole pattern is read, and what the two engines read differently is written out so that they cannot: flags go with
the pieces they hold for, ``^`` and ``$`` say what they mean, characters are escaped one by one. What has no exact
counterpart, or is read differently by different versions of PCRE2, raises UnsupportedSPL; what PCRE2 refuses raises
PatternError with PCRE2's own words (M4.28, M4.29).

The package pcre2 judges this in tests but does not take its place: it compiles with PCRE2_ALT_BSUX, to which
``\x{202E}`` is no character, and which it gives no way to turn off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn

from harness.errors import UnsupportedSPL

MOST_REPEATS: Final = 65_535
DEEPEST: Final = 100
"""Nested groups of one pattern."""

_WORD: Final = "0-9A-Za-z_"
_SPACE: Final = r"\t-\r\x20"
_HORIZONTAL: Final = r"\t\x20\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL: Final = r"\n-\r\x85\u2028\u2029"

_SETS: Final = {"d": "0-9", "w": _WORD, "s": _SPACE, "h": _HORIZONTAL, "v": _VERTICAL}
_CONTROLS: Final = {"a": 0x07, "e": 0x1B, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09}
_POSIX: Final = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "upper": "A-Z",
    "lower": "a-z",
    "space": _SPACE,
    "blank": r"\t\x20",
    "cntrl": r"\x00-\x1f\x7f",
    "graph": r"\x21-\x7e",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "word": _WORD,
    "xdigit": "0-9A-Fa-f",
    "ascii": r"\x00-\x7f",
}

_QUANTIFIER: Final = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_OPEN_QUANTIFIER: Final = re.compile(r"\{\s*,\s*\d+\s*\}|\{\s+\d|\{\d+\s+|\{\d+,\s")
_NAME: Final = re.compile(r"[A-Za-z_0-9]*")
_POSIX_CLASS: Final = re.compile(r"\[:(\^?)([a-z]*):\]")
_FLAGS: Final = re.compile(r"\?([imsxUnJ]*)(?:-([imsxUnJ]*))?([:)])")
_CONDITION: Final = re.compile(r"\((\d{1,5})\)")
_BACK_REFERENCE: Final = re.compile(r"\(\?:\\\d+\)")
_REFERENCE: Final = re.compile(r"[kg](?:\{([^}]*)\}|<([^>]*)>|'([^']*)')|g(-?\d+)")


class PatternError(re.error):
    """A pattern that PCRE refuses; the message is PCRE's clause."""


@dataclass(frozen=True, slots=True)
class _Flags:
    """What ``(?imsxU)`` set where the reader is."""

    i: bool = False
    m: bool = False
    s: bool = False
    x: bool = False
    U: bool = False


@dataclass(slots=True)
class _Piece:
    """One item of a branch as it is written. It takes ``least`` to ``most`` characters (None: no limit)."""

    text: str
    least: int
    most: int | None
    caseless: bool
    repeatable: bool | None = True
    """Whether a quantifier may follow; None: in PCRE2 it may, but we do not follow what it then means."""
    branches: int = 1
    even: bool = False
    """Whether each of several branches takes one number of characters, though not all of them the same."""
    looks: bool = False
    """Whether it looks around, and so is matched once however often it is repeated."""


@dataclass(slots=True)
class Translation:
    """``names`` gives the number of each named group, ``groups`` how many there are."""

    text: str
    groups: int
    names: dict[str, int] = field(default_factory=dict)


def translate(pattern: str) -> Translation:
    """The pattern as the ``regex`` module reads it with its flags V0 and ASCII."""
    reader = _Reader(pattern)
    piece = reader.alternatives(_Flags(), 0)
    if reader.at < len(pattern):
        raise PatternError("unmatched closing parenthesis")
    reader.check_references()
    reader.check_line_ends()
    return Translation(piece.text, reader.groups, reader.names)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = 0
        self.names: dict[str, int] = {}
        self._references: list[int | str] = []
        self._resets = self._behind = 0
        self._repeated_dot = False
        self._newline_sequence = False
        self._leaving = _Flags()

    # --- structure

    def alternatives(self, flags: _Flags, depth: int, *, resets: bool = False) -> _Piece:
        """Branches up to a closing parenthesis or the end. A flag that a branch sets holds for the branches after it
        too, up to the end of the group. ``resets``: the groups of each branch have the same numbers."""
        if depth > DEEPEST:
            self._unsupported("groups nested this deep")
        branches: list[_Piece] = []
        before = highest = self.groups
        while True:
            pieces, flags = self._branch(flags, depth)
            branches.append(_joined(pieces))
            highest = max(highest, self.groups)
            if not self._accept("|"):
                break
            self.groups = before if resets else self.groups
        self.groups = highest
        most = [branch.most for branch in branches]
        return _Piece(
            "|".join(branch.text for branch in branches),
            min(branch.least for branch in branches),
            None if None in most else max(length for length in most if length is not None),
            caseless=False,
            branches=len(branches),
            even=all(branch.least == branch.most for branch in branches),
        )

    def _branch(self, flags: _Flags, depth: int) -> tuple[list[_Piece], _Flags]:
        pieces: list[_Piece] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if flags.x and self._skip_blanks():
                continue
            changed = self._flag_setting(flags)
            if changed is not None:
                flags = changed
                pieces.append(_Piece("", 0, 0, flags.i, repeatable=False))
                continue
            if self.pattern.startswith(("(?#", "\\Q", "\\E"), self.at):
                pieces.extend(self._quoted(flags))
                continue
            quantifier = self._quantifier(flags)
            if quantifier is None:
                pieces.append(self._item(flags, depth))
            elif pieces and pieces[-1].looks and not self._behind and quantifier[1] != 0:
                pieces[-1] = _looked(pieces[-1], *quantifier)
            elif pieces and pieces[-1].repeatable is None:
                self._unsupported("a quantifier here")
            elif not pieces or not pieces[-1].repeatable:
                raise PatternError("quantifier does not follow a repeatable item")
            else:
                self._repeated_dot |= pieces[-1].text == "."
                pieces[-1] = _repeated(pieces[-1], *quantifier)
        return pieces, flags

    def _skip_blanks(self) -> bool:
        """What does not count where ``(?x)`` is set."""
        start = self.at
        while self.at < len(self.pattern) and self.pattern[self.at] in " \t\n\r\f\v#":
            if self.pattern[self.at] == "#":
                end = self.pattern.find("\n", self.at)
                self.at = len(self.pattern) if end < 0 else end
            else:
                self.at += 1
        return self.at > start

    def _quoted(self, flags: _Flags) -> list[_Piece]:
        """A comment is nothing; ``\\Q...\\E`` is each of its characters."""
        if self._accept("(?#"):
            end = self.pattern.find(")", self.at)
            if end < 0:
                raise PatternError("missing ) after (?# comment")
            self.at = end + 1
            return []
        if self._accept("\\E"):
            return []
        self.at += 2
        end = self.pattern.find("\\E", self.at)
        text = self.pattern[self.at : end if end >= 0 else None]
        self.at = len(self.pattern) if end < 0 else end + 2
        return [self._character(character, flags) for character in text]

    def _flag_setting(self, flags: _Flags) -> _Flags | None:
        """``(?i)`` sets flags for the rest of the group."""
        found = _FLAGS.match(self.pattern, self.at + 1) if self.pattern.startswith("(?", self.at) else None
        if found is None or found[3] != ")":
            return None
        self.at = found.end()
        return self._with_flags(flags, found[1], found[2] or "")

    def _with_flags(self, flags: _Flags, on: str, off: str) -> _Flags:
        if set(on + off) & set("Jn") or "xx" in on:
            self._unsupported(f"the flags '(?{on}'")
        return replace(flags, **dict.fromkeys(on, True), **dict.fromkeys(off, False))

    # --- items

    def _quantifier(self, flags: _Flags) -> tuple[int, int | None, str] | None:
        """Least, most and manner (``?`` lazy, ``+`` possessive) of a quantifier at hand."""
        character = self.pattern[self.at]
        if character in "*+?":
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        else:
            found = _QUANTIFIER.match(self.pattern, self.at)
            if found is None:
                if _OPEN_QUANTIFIER.match(self.pattern, self.at):
                    self._unsupported("a quantifier with blanks or without a lower bound")
                return None
            self.at = found.end()
            least = _bounded(found[1])
            most = least if found[2] is None else _bounded(found[3]) if found[3] else None
            if most is not None and most < least:
                raise PatternError("numbers out of order in {} quantifier")
        if flags.x:
            self._skip_blanks()
        manner = next((mark for mark in "?+" if self._accept(mark)), "")
        if flags.U and manner != "+":
            manner = "" if manner == "?" else "?"
        return least, most, manner

    def _item(self, flags: _Flags, depth: int) -> _Piece:
        character = self.pattern[self.at]
        self.at += 1
        if character == "(":
            return self._group(flags, depth)
        if character == "[":
            return self._class(flags)
        if character == "\\":
            return self._escape(flags)
        if character == ".":
            return _Piece("(?s:.)" if flags.s else ".", 1, 1, caseless=False)
        if character == "^":
            return _assertion(r"(?:\A|(?<=\n)(?!\Z))" if flags.m else r"\A")
        if character == "$":
            return _assertion(r"(?=\n|\Z)" if flags.m else r"(?=\n?\Z)")
        return self._character(character, flags)

    def _character(self, character: str, flags: _Flags) -> _Piece:
        self._check_case(flags, ord(character), ord(character))
        return _Piece(_literal(ord(character)), 1, 1, caseless=flags.i and character.isalpha())

    def _check_case(self, flags: _Flags, low: int, high: int) -> None:
        """Letters of other alphabets ignore case by rules of Unicode that the two engines do not share."""
        if flags.i and high > 127 and (high - low > 1_000 or any(map(_has_case, range(max(low, 128), high + 1)))):
            self._unsupported("a letter outside ASCII in any case")

    def _group(self, flags: _Flags, depth: int) -> _Piece:
        if self._accept("*FAIL)") or self._accept("*F)"):
            return _Piece("(?!)", 0, 0, caseless=False, repeatable=None)
        if self.pattern.startswith("*", self.at):
            self._unsupported("a verb")
        if not self._accept("?"):
            self.groups += 1
            return self._inside("(", flags, depth)
        for opening in (":", ">", "=", "!", "<=", "<!"):
            if self._accept(opening):
                return self._special_group(opening, flags, depth)
        for opening, closing in (("P<", ">"), ("<", ">"), ("'", "'")):
            if self._accept(opening):
                return self._named(closing, flags, depth)
        if self._accept("P="):
            return self._back_reference(self._name(")"), flags)
        if self._accept("|"):
            return self._reset_group(flags, depth)
        condition = _CONDITION.match(self.pattern, self.at)
        if condition is not None and 0 < int(condition[1]) <= self.groups:
            return self._conditional(condition, flags, depth)
        self.at -= 1
        found = _FLAGS.match(self.pattern, self.at)
        if found is not None and found[3] == ":":
            self.at = found.end()
            return self._inside("(?:", self._with_flags(flags, found[1], found[2] or ""), depth)
        return self._unknown_group()

    def _unknown_group(self) -> NoReturn:
        rest = self.pattern[self.at + 1 :]
        if not rest:
            raise PatternError("subpattern name expected")
        if rest[0] in "|(RCP&+-0123456789^" or rest[:2] == "P>":
            self._unsupported(f"the group '(?{rest[:2]}'")
        if rest[0].isalpha() and not re.search(r"[:)]", rest):
            raise PatternError("missing closing parenthesis")
        raise PatternError("unrecognized character after (? or (?-")

    def _special_group(self, opening: str, flags: _Flags, depth: int) -> _Piece:
        behind = opening in ("<=", "<!")
        self._behind += behind
        piece = self._inside(f"(?{opening}", flags, depth)
        self._behind -= behind
        if opening in (":", ">"):
            return piece
        if behind:
            if piece.most is None and not _BACK_REFERENCE.search(piece.text):
                raise PatternError("lookbehind assertion is not fixed length")
            if piece.least != piece.most and not piece.even:
                # Before 10.43 each branch had to be of one length, from then on a limit is enough.
                self._unsupported("a lookbehind of different lengths")
        return _Piece(piece.text, 0, 0, caseless=False, repeatable=None, looks=True)

    def _reset_group(self, flags: _Flags, depth: int) -> _Piece:
        """``(?|...)``: what a branch captures has the numbers, and may have the names, of the other branches."""
        self._resets += 1
        piece = self._inside("(?|", flags, depth, resets=True)
        self._resets -= 1
        return piece

    def _conditional(self, condition: re.Match[str], flags: _Flags, depth: int) -> _Piece:
        """``(?(1)...|...)``: by whether a group took part."""
        self.at = condition.end()
        piece = self._inside(f"(?({condition[1]})", flags, depth)
        if piece.branches > 2:
            raise PatternError("conditional subpattern contains more than two branches")
        return piece if piece.branches == 2 else replace(piece, least=0)

    def _inside(self, opening: str, flags: _Flags, depth: int, *, resets: bool = False) -> _Piece:
        piece = self.alternatives(flags, depth + 1, resets=resets)
        if not self._accept(")"):
            raise PatternError("missing closing parenthesis")
        return _Piece(
            f"{opening}{piece.text})", piece.least, piece.most, caseless=False, branches=piece.branches, even=piece.even
        )

    def _named(self, closing: str, flags: _Flags, depth: int) -> _Piece:
        name = self._name(closing)
        self.groups += 1
        for known, number in self.names.items():
            if known == name and number != self.groups:
                raise PatternError("two named subpatterns have the same name (PCRE2_DUPNAMES not set)")
            if known != name and number == self.groups:
                raise PatternError("different names for subpatterns of the same number are not allowed")
        self.names[name] = self.groups
        return self._inside(f"(?P<{name}>", flags, depth)

    def _name(self, closing: str) -> str:
        found = _NAME.match(self.pattern, self.at)
        name = found[0] if found is not None else ""
        if not name:
            raise PatternError("subpattern name expected")
        if name[0].isdigit():
            raise PatternError("subpattern name must start with a non-digit")
        self.at += len(name)
        if not self._accept(closing):
            raise PatternError("syntax error in subpattern name (missing terminator?)")
        if len(name) > 32:
            self._unsupported("a group name of more than 32 characters")
        return name

    # --- escapes

    def _escape(self, flags: _Flags) -> _Piece:
        if self.at >= len(self.pattern):
            raise PatternError("\\ at end of pattern")
        character = self.pattern[self.at]
        lower = character.lower()
        if lower in _SETS:
            self.at += 1
            return _Piece(f"[{'^' if character != lower else ''}{_SETS[lower]}]", 1, 1, caseless=False)
        if character in _ASSERTIONS:
            self.at += 1
            return _assertion(_ASSERTIONS[character])
        if character == "N":
            if self.pattern.startswith("{", self.at + 1):
                self._unsupported("\\N{...}")
            self.at += 1
            return _Piece(".", 1, 1, caseless=False)
        if character == "R":
            self.at += 1
            self._newline_sequence = True
            return _Piece(rf"(?>\r\n|[{_VERTICAL}])", 1, 2, caseless=False)
        if character == "K":
            self.at += 1
            return _Piece(r"\K", 0, 0, caseless=False, repeatable=None)
        if character in "kg" or character in "123456789":
            return self._reference(flags)
        return self._character(chr(self._code()), flags)

    def _reference(self, flags: _Flags) -> _Piece:
        digits = re.compile(r"\d+").match(self.pattern, self.at)
        if digits is not None:
            number = int(digits[0])
            if number >= 10 and number > self.groups and digits[0][0] not in "89":
                return self._character(chr(self._code()), flags)
            self.at = digits.end()
            return self._back_reference(number, flags)
        found = _REFERENCE.match(self.pattern, self.at)
        if found is None or (found[0][0] == "g" and found[1] is None and found[4] is None):
            self._unsupported(f"the escape \\{self.pattern[self.at]} here")
        self.at = found.end()
        name = next(part for part in found.groups() if part is not None)
        if re.fullmatch(r"-?\d+", name) and found[0][0] == "g":
            number = int(name)
            return self._back_reference(number if number > 0 else self.groups + 1 + number, flags)
        return self._back_reference(name, flags)

    def _back_reference(self, group: int | str, flags: _Flags) -> _Piece:
        self._references.append(group)
        number = self.names.get(group) if isinstance(group, str) else group
        if number is None or number > self.groups:
            self._forward(group)
        return _Piece(f"(?:\\{number})", 0, None, caseless=flags.i)

    def _forward(self, group: int | str) -> None:
        """A reference to a group that has not begun: if it exists at all, it is one we do not follow."""
        if self._resets:
            self._unsupported("a reference within a group that counts anew")
        rest = re.sub(r"\\.", "", self.pattern[self.at :], flags=re.DOTALL)
        named = re.findall(r"\(\?(?:P?<|')([A-Za-z_]\w*)[>']", rest)
        later = len(named) + len(re.findall(r"\((?!\?)", rest))
        if group in named or (isinstance(group, int) and 0 < group <= self.groups + later):
            self._unsupported("a reference to a later group")
        raise PatternError("reference to non-existent subpattern")

    def check_references(self) -> None:
        if any(isinstance(group, int) and not 0 < group <= self.groups for group in self._references):
            raise PatternError("reference to non-existent subpattern")

    def _code(self) -> int:
        """The character that an escape stands for; the reader is behind the backslash."""
        character = self.pattern[self.at]
        self.at += 1
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character in "01234567":
            return self._octal()
        if character == "x":
            return self._hexadecimal()
        if character == "o":
            return self._braced(8, "missing opening brace after \\o")
        if character == "c":
            return self._control()
        if character in "FLlUu":
            raise PatternError("PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u")
        if character in "pPXGC":
            self._unsupported(f"the escape \\{character}")
        if character.isascii() and character.isalnum():
            raise PatternError("unrecognized character follows \\")
        return ord(character)

    def _octal(self) -> int:
        found = re.compile(r"[0-7]{1,3}").match(self.pattern, self.at - 1)
        assert found is not None
        self.at += len(found[0]) - 1
        return int(found[0], 8)

    def _hexadecimal(self) -> int:
        if self.pattern.startswith("{", self.at):
            return self._braced(16, "")
        found = re.compile(r"[0-9A-Fa-f]{0,2}").match(self.pattern, self.at)
        digits = found[0] if found is not None else ""
        self.at += len(digits)
        return int(digits or "0", 16)

    def _braced(self, base: int, missing: str) -> int:
        found = re.compile(r"\{\s*([0-9A-Za-z]*)\s*\}").match(self.pattern, self.at)
        if found is None:
            raise PatternError(missing or "non-hex character in \\x{} (closing brace missing?)")
        if not found[1]:
            raise PatternError("digits missing after \\x or in \\x{} or \\o{} or \\N{U+}")
        self.at = found.end()
        try:
            code = int(found[1], base)
        except ValueError:
            kind = "hex character in \\x{}" if base == 16 else "octal character in \\o{}"
            raise PatternError(f"non-{kind} (closing brace missing?)") from None
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise PatternError("character code point value in \\x{} or \\o{} is too large")
        return code

    def _control(self) -> int:
        character = self.pattern[self.at : self.at + 1]
        if not character:
            raise PatternError("\\c at end of pattern")
        if not " " <= character <= "~":
            raise PatternError("\\c must be followed by a printable ASCII character")
        self.at += 1
        return ord(character.upper()) ^ 0x40

    # --- classes

    def _class(self, flags: _Flags) -> _Piece:
        negated = self._accept("^")
        parts: list[str] = []
        start = self.at
        while True:
            if self.at >= len(self.pattern):
                raise PatternError("missing terminating ] for character class")
            if self.pattern[self.at] == "]" and self.at > start:
                self.at += 1
                break
            if self._accept("\\E"):
                continue
            if self._accept("\\Q"):
                self._unsupported("\\Q in a character class")
            parts.append(self._class_item(flags))
        body = "".join(parts)
        return _Piece(f"[{'^' if negated else ''}{body}]", 1, 1, caseless=flags.i)

    def _class_item(self, flags: _Flags) -> str:
        """A set, a character, or a range of characters."""
        low = self._class_part(flags)
        if not self.pattern.startswith("-", self.at) or self.pattern.startswith("-]", self.at):
            return low if isinstance(low, str) else _literal(low)
        if self.at + 1 >= len(self.pattern):
            raise PatternError("missing terminating ] for character class")
        if isinstance(low, str):
            # After a set the hyphen is plain or an error, by version.
            self._unsupported("a hyphen after a set in a character class")
        self.at += 1
        high = self._class_part(flags)
        if isinstance(high, str):
            raise PatternError("invalid range in character class")
        if high < low:
            raise PatternError("range out of order in character class")
        self._check_case(flags, low, high)
        return f"{_literal(low)}-{_literal(high)}"

    def _class_part(self, flags: _Flags) -> str | int:
        """One member of a class: a character's code, or a set as it is written inside brackets."""
        if self.pattern.startswith(("[.", "[="), self.at) and re.compile(r"\[([.=]).*?\1\]").match(
            self.pattern, self.at
        ):
            raise PatternError("POSIX collating elements are not supported")
        posix = _POSIX_CLASS.match(self.pattern, self.at)
        if posix is not None:
            self.at = posix.end()
            if posix[2] not in _POSIX:
                raise PatternError("unknown POSIX class name")
            return _complement(_POSIX[posix[2]]) if posix[1] else _POSIX[posix[2]]
        character = self.pattern[self.at]
        self.at += 1
        if character != "\\":
            self._check_case(flags, ord(character), ord(character))
            return ord(character)
        return self._class_escape()

    def _class_escape(self) -> str | int:
        character = self.pattern[self.at : self.at + 1]
        lower = character.lower()
        if not character:
            raise PatternError("\\ at end of pattern")
        if lower in _SETS:
            self.at += 1
            return _SETS[lower] if character == lower else _complement(_SETS[lower])
        if character == "b":
            self.at += 1
            return 0x08
        if character == "N":
            raise PatternError("\\N is not supported in a class")
        if character in "BRX":
            raise PatternError("escape sequence is invalid in character class")
        if character in "89":
            self._unsupported(f"the escape \\{character} in a character class")
        return self._code()

    def check_line_ends(self) -> None:
        """PCRE2 gives nothing back of a repeated ``.`` before ``\\R``: it takes them to have no character in common,
        though both match a lone CR. Its documentation says otherwise, and what Splunk does is unknown: not followed.
        """
        if self._repeated_dot and self._newline_sequence:
            self._unsupported("\\R together with a repeated .")

    # --- the cursor

    def _accept(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def _unsupported(self, what: str) -> NoReturn:
        raise UnsupportedSPL(f"In the regular expression '{self.pattern[:200]}', {what} is not supported.")


_ASSERTIONS: Final = {"b": r"\b", "B": r"\B", "A": r"\A", "Z": r"(?=\n?\Z)", "z": r"\Z"}


def _has_case(code: int) -> bool:
    return chr(code).lower() != chr(code).upper()


def _assertion(text: str) -> _Piece:
    return _Piece(text, 0, 0, caseless=False, repeatable=False)


def _literal(code: int) -> str:
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\x{code:02x}" if code < 256 else f"\\U{code:08x}"


def _complement(members: str) -> str:
    """The characters that are not in a set of ranges, as ranges."""
    pairs = sorted((found[0], found[-1]) for found in (re.split(r"(?<!\\)-", part) for part in _RANGE.findall(members)))
    edges = [(_value(low), _value(high)) for low, high in pairs]
    parts: list[str] = []
    following = 0
    for low, high in sorted(edges):
        if low > following:
            parts.append(f"{_literal(following)}-{_literal(low - 1)}")
        following = max(following, high + 1)
    parts.append(f"{_literal(following)}-\\U0010ffff")
    return "".join(parts)


_RANGE: Final = re.compile(r"(?:\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\.|.)(?:-(?:\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\.|.))?")
_NAMED_CODES: Final = {r"\t": 9, r"\n": 10, r"\r": 13}


def _value(text: str) -> int:
    if text in _NAMED_CODES:
        return _NAMED_CODES[text]
    return int(text[2:], 16) if text.startswith("\\") else ord(text)


def _bounded(digits: str) -> int:
    if len(digits) > 9 or int(digits) > MOST_REPEATS:
        raise PatternError("number too big in {} quantifier")
    return int(digits)


def _looked(piece: _Piece, least: int, _: int | None, manner: str) -> _Piece:
    """A repeated look around: at least once is once, and what may be left out captures if it can."""
    text = piece.text if least else f"(?:|{piece.text})" if manner == "?" else f"(?:{piece.text}|)"
    return replace(piece, text=f"(?>{text})" if manner == "+" else text, looks=False, repeatable=False)


def _repeated(piece: _Piece, least: int, most: int | None, manner: str) -> _Piece:
    count = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
    if count is None:
        upper = "" if most is None else str(most)
        count = f"{{{least}}}" if least == most else f"{{{least},{upper}}}"
    longest = None if piece.most is None or most is None else piece.most * most
    return _Piece(f"{piece.text}{count}{manner}", piece.least * least, longest, piece.caseless, repeatable=False)


def _joined(pieces: list[_Piece]) -> _Piece:
    """The pieces one after another; neighbours that ignore case share one group that says so."""
    parts: list[str] = []
    position = 0
    while position < len(pieces):
        end = position
        while end < len(pieces) and pieces[end].caseless == pieces[position].caseless:
            end += 1
        text = "".join(piece.text for piece in pieces[position:end])
        parts.append(f"(?i:{text})" if pieces[position].caseless and text else text)
        position = end
    most = [piece.most for piece in pieces]
    longest = None if None in most else sum(length for length in most if length is not None)
    return _Piece("".join(parts), sum(piece.least for piece in pieces), longest, caseless=False)
