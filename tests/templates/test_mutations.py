"""Every planted mistake is noticed by the check that it names."""

import pytest

from tests.paths import DOCS
from tests.templates.support.mutations import BY_PAGE, MISTAKES, Mistake, judge
from tests.templates.support.reading import Templates

SAMPLE = MISTAKES[::8]


def ids(mistake: Mistake) -> str:
    return mistake.what.replace(" ", "-")


def test_there_are_enough_mistakes_and_each_check_has_one() -> None:
    """A check that no mistake ever fails may be checking nothing."""
    assert len(MISTAKES) >= 40
    assert len({each.what for each in MISTAKES}) == len(MISTAKES)
    numbers = {int(each.check) for each in MISTAKES}
    # 33 and 44 are about manifests, 36 is checkov's and plants its own, 37 plants one itself.
    baseline = (set(range(1, 36)) | {38, 39, 40, 41, 42, 43, 45, 46, 47, 48, 49, 86}) - {33}
    protection, archive = set(range(60, 65)), set(range(70, 74))
    single_account = set(range(80, 85))
    rules = set(range(90, 93))
    assert numbers == baseline | protection | archive | single_account | rules


@pytest.mark.parametrize("page", BY_PAGE)
def test_the_documentation_shows_every_mistake(page: str) -> None:
    """Its table is what `python -m tests.templates.support.mutations` printed last."""
    text, shown = (DOCS / page).read_text("utf-8"), BY_PAGE[page]
    missing = [each.what for each in shown if f"| {each.what} | {each.template} |" not in text]
    assert not missing
    assert f"{len(shown)} of {len(shown)} planted mistakes are noticed." in text


@pytest.mark.slow
@pytest.mark.parametrize("mistake", SAMPLE, ids=ids)
def test_a_sample_of_mistakes_is_noticed(mistake: Mistake, templates: Templates) -> None:
    assert judge(mistake, templates).noticed_by


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m not in SAMPLE], ids=ids)
def test_every_mistake_is_noticed(mistake: Mistake, templates: Templates) -> None:
    assert judge(mistake, templates).noticed_by


def test_the_shipped_templates_are_not_judged_wrong(templates: Templates) -> None:
    """A judge that finds fault with everything would notice every mistake, too."""
    harmless = Mistake(
        what="a comment",
        check="08",
        template="config-regional",
        old="\nParameters:\n",
        new="\n# Nothing.\nParameters:\n",
    )
    assert judge(harmless, templates).noticed_by is None
