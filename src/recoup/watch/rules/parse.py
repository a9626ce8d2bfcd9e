"""From a rule's text to its tree, by recursive descent. No types: what the names mean and whether units fit, `check` says.

    condition  = chain of `and`s joined by `or`; `not` before a comparison
    comparison = sum [ (== != < <= > >=) sum | between sum and sum | [not] in (item, ...) | [not] in list("name") ]
    sum        = product { (+ -) product };  product = unary { (* /) unary };  unary = [-] unary | primary
    primary    = figure | "text" | true | false | name | name(arguments) | ( condition )

Every way down counts its depth and every node is counted, so that no text can use up the stack or the time.
"""

from __future__ import annotations

from typing import Final

from recoup import limits
from recoup.watch.rules.limits import RULE_DEPTH_MAX, RULE_PARTS_MAX
from recoup.watch.rules.problem import Place, Unreadable, shown
from recoup.watch.rules.tokens import Token, Word, tokens
from recoup.watch.rules.tree import (
    AnyOf,
    Between,
    Binary,
    Call,
    Chain,
    Duration,
    Listed,
    Name,
    Node,
    Number,
    Text,
    Truth,
    Unary,
)

COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DIGITS_MAX: Final = 20


def parse(text: str) -> Node:
    """Return the tree of a whole text; raise `Unreadable` with the place of the first thing that does not fit."""
    parser = _Parser(tokens(text))
    node = parser.condition()
    if parser.next.word is not Word.END:
        raise parser.strange("the end, or an operator such as and, or, <, +")
    return node


class _Parser:
    """Walks over the words once. `level` counts how deep it is."""

    def __init__(self, words: list[Token]) -> None:
        self._words, self._at, self._level, self._parts = words, 0, 0, 0

    @property
    def next(self) -> Token:
        return self._words[self._at]

    def strange(self, expected: str) -> Unreadable:
        token = self.next
        found = "the end" if token.word is Word.END else shown(token.text)
        return Unreadable(token.place, "unexpected", f"expected {expected}, found {found}")

    def condition(self) -> Node:
        self._deeper()
        node = self._chain("or")
        self._level -= 1
        return node

    def _deeper(self) -> None:
        self._level += 1
        if self._level > RULE_DEPTH_MAX:
            raise Unreadable(
                self.next.place,
                "too_deep",
                f"expected at most {RULE_DEPTH_MAX} expressions within each other",
            )

    def _count(self) -> None:
        self._parts += 1
        if self._parts > RULE_PARTS_MAX:
            raise Unreadable(
                self.next.place,
                "too_many_parts",
                f"expected at most {RULE_PARTS_MAX} names, figures and operations",
            )

    def _take(self) -> Token:
        token = self.next
        self._at += 1
        return token

    def _took(self, word: Word, text: str) -> bool:
        """Go over the next word if it is this one."""
        is_it = self.next.word is word and self.next.text == text
        self._at += is_it
        return is_it

    def _want(self, sign: str, after: str) -> None:
        if not self._took(Word.SIGN, sign):
            raise self.strange(f"{shown(sign)} {after}")

    def _chain(self, sign: str) -> Node:
        """Read parts joined by `or`, each of them parts joined by `and`."""
        place = self.next.place
        parts = [self._chain("and") if sign == "or" else self._negated()]
        while self._took(Word.KEYWORD, sign):
            self._count()
            parts.append(self._chain("and") if sign == "or" else self._negated())
        return parts[0] if len(parts) == 1 else Chain(place, sign, tuple(parts))

    def _negated(self) -> Node:
        place = self.next.place
        if not self._took(Word.KEYWORD, "not"):
            return self._comparison()
        self._deeper()
        self._count()
        inner = self._negated()
        self._level -= 1
        return Unary(place, "not", inner)

    def _comparison(self) -> Node:
        left = self._sum()
        token = self.next
        node = left
        if token.word is Word.SIGN and token.text in COMPARISONS:
            self._count()
            self._at += 1
            node = Binary(token.place, token.text, left, self._sum())
        elif self._took(Word.KEYWORD, "between"):
            self._count()
            low = self._sum()
            if not self._took(Word.KEYWORD, "and"):
                raise self.strange("the word and with the upper bound")
            node = Between(token.place, left, low, self._sum())
        elif self._took(Word.KEYWORD, "in"):
            node = self._among(token.place, left)
        elif self._took(Word.KEYWORD, "not"):
            if not self._took(Word.KEYWORD, "in"):
                raise self.strange("the word in after not")
            node = Unary(token.place, "not", self._among(token.place, left))
        if node is not left and self._is_comparison():
            raise Unreadable(
                self.next.place,
                "comparison_chained",
                "expected one comparison; join two with and, or say x between a and b",
            )
        return node

    def _is_comparison(self) -> bool:
        token = self.next
        return (token.word is Word.SIGN and token.text in COMPARISONS) or (
            token.word is Word.KEYWORD and token.text in {"between", "in", "not"}
        )

    def _among(self, place: Place, left: Node) -> Node:
        """Read what follows `in`."""
        self._count()
        if self._took(Word.NAME, "list"):
            self._want("(", "after list")
            if self.next.word is not Word.TEXT:
                raise self.strange("the list's name in quotes")
            name = self._take().text[1:-1]
            self._want(")", "after the list's name")
            return Listed(place, left, name)
        if not self._took(Word.SIGN, "("):
            raise self.strange('list("name") or values in brackets')
        items = [self._sum()]
        while self._took(Word.SIGN, ","):
            items.append(self._sum())
        self._want(")", "or a comma after the value")
        return AnyOf(place, left, tuple(items))

    def _sum(self) -> Node:
        return self._left_to_right(("+", "-"))

    def _left_to_right(self, signs: tuple[str, str]) -> Node:
        """Read operands of one strength; each further one makes the tree one deeper on its left side."""
        below = signs == ("+", "-")
        node = self._left_to_right(("*", "/")) if below else self._unary()
        before = self._level
        while self.next.word is Word.SIGN and self.next.text in signs:
            self._deeper()
            self._count()
            sign = self._take()
            right = self._left_to_right(("*", "/")) if below else self._unary()
            node = Binary(sign.place, sign.text, node, right)
        self._level = before
        return node

    def _unary(self) -> Node:
        place = self.next.place
        if not self._took(Word.SIGN, "-"):
            return self._primary()
        self._deeper()
        self._count()
        inner = self._unary()
        self._level -= 1
        return Unary(place, "-", inner)

    def _primary(self) -> Node:
        self._count()
        token = self.next
        if token.word is Word.NUMBER:
            return self._figure()
        if token.word is Word.DURATION:
            return _duration(self._take())
        if token.word is Word.TEXT:
            return Text(token.place, self._take().text[1:-1])
        if token.word is Word.NAME:
            return self._named()
        if token.word is Word.KEYWORD and token.text in {"true", "false"}:
            return Truth(token.place, self._take().text == "true")
        if self._took(Word.SIGN, "("):
            node = self.condition()
            self._want(")", "that closes the bracket")
            return node
        raise self.strange("a name, a figure, a text in quotes or a bracket")

    def _named(self) -> Node:
        token = self._take()
        if not self._took(Word.SIGN, "("):
            return Name(token.place, token.text)
        arguments = [self.condition()]
        while self._took(Word.SIGN, ","):
            arguments.append(self.condition())
        self._want(")", "or a comma after the argument")
        return Call(token.place, token.text, tuple(arguments))

    def _figure(self) -> Node:
        token = self._take()
        text = token.text.replace("_", "")
        if len(text.replace(".", "")) > _DIGITS_MAX:
            raise Unreadable(
                token.place, "number_too_large", f"expected at most {_DIGITS_MAX} digits"
            )
        if self._took(Word.SIGN, "%"):
            return Number(token.place, text, is_percent=True)
        if self.next.word is Word.CODE:
            return Number(token.place, text, currency=self._take().text)
        if self.next.word is Word.NAME and self.next.place[0] == token.place[0]:
            raise self.strange("an operator; a duration is written 24h, money 50_000.00 CNY")
        return Number(token.place, text)


def _duration(token: Token) -> Duration:
    """Return the seconds of 24h, 1d12h or 90s."""
    seconds, digits = 0, ""
    for sign in token.text:
        if sign in _SECONDS:
            seconds += int(digits) * _SECONDS[sign]
            digits = ""
            continue
        digits += sign
        if len(digits) > _DIGITS_MAX:
            raise Unreadable(token.place, "number_too_large", "expected a shorter duration")
    if seconds > int(limits.HORIZON_MAX.total_seconds()):
        days = limits.HORIZON_MAX.days
        raise Unreadable(token.place, "number_too_large", f"expected at most {days} days")
    return Duration(token.place, seconds)


__all__ = ["COMPARISONS", "parse"]
