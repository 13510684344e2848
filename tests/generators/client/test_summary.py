"""The figures of several passes added up."""

from decimal import Decimal

from aig.generators.client.summary import Failure, Summary


def test_passes_of_a_run_add_up_in_every_field():
    failure = Failure("k", "d", "p", "bad_request", "m", "a")
    first = Summary(sent=3, answered=2, failed=1, cost_usd=Decimal("0.1"), failures=[failure])
    second = Summary(sent=1, answered=1, cached=4, cost_usd=Decimal("0.2"))
    second.empty["writer"] += 2
    first.add(second)
    assert (first.sent, first.answered, first.cached, first.failed) == (4, 3, 4, 1)
    assert first.cost_usd == Decimal("0.3")
    assert first.failures == [failure]
    assert first.empty == {"writer": 2}
