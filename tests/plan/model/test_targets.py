"""Operations cover exactly the pairs that are meant, and are few."""

from hypothesis import given
from hypothesis import strategies as st

from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.plan.model.targets import cover

accounts = st.integers(0, 7).map(lambda n: AccountId(f"{n:012d}"))
regions = st.sampled_from([Region("us-east-1"), Region("eu-west-1"), Region("sa-east-1")])
some_pairs = st.frozensets(st.builds(Pair, accounts, regions))


@given(some_pairs)
def test_every_pair_is_covered_once_and_no_other(pairs: frozenset[Pair]) -> None:
    """A cross product with a pair that is not meant deploys into a wrong account."""
    covered = [pair for rectangle in cover(pairs) for pair in rectangle.pairs]

    assert len(covered) == len(set(covered))
    assert set(covered) == pairs


@given(some_pairs)
def test_there_are_no_more_rectangles_than_distinct_region_or_account_sets(
    pairs: frozenset[Pair],
) -> None:
    """100,000 stack instances must not become 100,000 operations."""
    region_sets = {
        frozenset(p.region for p in pairs if p.account == account) for account, _ in pairs
    }
    account_sets = {
        frozenset(p.account for p in pairs if p.region == region) for _, region in pairs
    }

    assert len(cover(pairs)) <= min(len(region_sets), len(account_sets))


@given(some_pairs)
def test_the_order_does_not_depend_on_the_order_of_the_pairs(pairs: frozenset[Pair]) -> None:
    assert cover(sorted(pairs)) == cover(sorted(pairs, reverse=True))
