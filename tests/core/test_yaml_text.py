"""YAML of people: one meaning or an error, however it is bent."""

import pytest

from aig.core.yaml_text import YamlError, read_yaml


def test_anchors_and_merged_keys_are_read():
    text = "base: &b {a: 1, c: 3}\nown: {<<: *b, a: 2}\n"
    assert read_yaml(text)["own"] == {"a": 2, "c": 3}
    with pytest.raises(YamlError, match="an alias"):
        read_yaml(text, aliases=False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\nb: 2\na: 3\n", "'a' comes twice"),
        ("x: {a: {b: 1, b: 1}}", "'b' comes twice"),
        ("a: 2001-99-99", "month"),
        ("a: " + "9" * 5000, "digits"),
        ("[" * 5000, "nested"),
        ("a: [", "expected"),
        ("a: \0", "not allowed"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
        ("!!python/object:os.system x", "could not determine"),
    ],
)
def test_what_is_not_yaml_is_told(text, why):
    with pytest.raises(YamlError, match=why):
        read_yaml(text)
