"""No code decides by the sentence of a verdict of ours; only the reading of AWS's words may."""

import ast
from collections.abc import Iterator

import pytest

from tests.paths import ROOT

HOUSE = ROOT / "orgrollout"
READS = {"startswith", "endswith", "split", "rsplit", "partition", "rpartition", "removeprefix"}
SENTENCES = ("reason", "why", "text", "refused", "said", "seen")


def sentences_read(tree: ast.AST) -> Iterator[str]:
    """Yield where a method takes the sentence of a verdict apart."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            name = of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", "")
            if node.func.attr in READS and name in SENTENCES:
                yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("room", ["rollout", "drift", "reconcile"])
def test_no_sentence_of_a_verdict_is_taken_apart(room: str) -> None:
    found = {
        (path.name, where)
        for path in sorted((HOUSE / room).rglob("*.py"))
        for where in sentences_read(ast.parse(path.read_text()))
    }
    # The names of resources in rules of a manifest, which are `CHECK SUBJECT`, are no verdicts.
    assert {(name, where) for name, where in found if name != "ignoring.py"} == set()


def test_the_check_sees_what_it_is_for() -> None:
    tree = ast.parse("def f(end): return end.reason.startswith('refused')")

    assert list(sentences_read(tree))
