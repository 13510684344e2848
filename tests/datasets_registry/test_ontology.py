"""AudioSet's ontology as its owners publish it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.errors import UsageError
from aig.datasets_registry.ontology import Ontology


@pytest.fixture(scope="session")
def ontology(shared_data):
    return Ontology.read(str(shared_data / "annotations/audioset/ontology.json"))


def test_a_bark_is_a_dogs_and_a_pets_the_nearest_first(ontology):
    assert ontology.ancestors(["Bark"]) == ("Dog", "Domestic animals, pets", "Animal")
    assert ontology.ancestors(["Bark", "Dog", "Bark"]) == ("Domestic animals, pets", "Animal")
    assert ontology.ancestors(["a squeaky hinge of mine"]) == ()


def test_a_sound_of_two_kinds_has_all_of_both(ontology):
    found = ontology.ancestors(["Hiss"])
    assert {"Cat", "Snake"} <= set(found)
    assert len(found) == len(set(found))


@given(st.data())
def test_what_stands_above_an_ancestor_stands_above_the_sound(ontology, data):
    label = data.draw(st.sampled_from(sorted(ontology.known)))
    above = ontology.ancestors([label])
    assert label not in above
    assert set(ontology.ancestors(above)) | set(above) == set(above)


@pytest.mark.parametrize("text", [None, "{", "[1]", '[{"id": "/m/1", "name": "Dog"}]', '{"a": 1}'])
def test_anything_else_is_refused_by_name(tmp_path, text):
    file = tmp_path / "ontology.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=r"ontology\.json"):
        Ontology.read(str(file))
