"""YAML that people write, read so that nothing in it is lost or hidden: a key that comes twice is an error."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["YamlError", "read_yaml"]


class YamlError(ValueError):
    """A text is not YAML that can be read; the message says where, in one line or more."""


class _Loader(yaml.SafeLoader):
    """As the safe loader, which keeps the last of several values of one key without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!a} comes twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


class _WithoutAliases(_Loader):
    """Refuses aliases, by which a text of some lines can stand for one of gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "it holds an alias")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def read_yaml(text: str, *, aliases: bool = True) -> Any:
    """The value that a text holds.

    Args:
        text: one document.
        aliases: whether `*name` may stand for what `&name` marks; false for texts of strangers.

    Raises:
        YamlError: it cannot be read.
    """
    try:
        return yaml.load(text, _Loader if aliases else _WithoutAliases)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, ValueError) as error:  # a date that there is not, a number of thousands of digits
        raise YamlError(str(error)) from None
    except RecursionError:
        raise YamlError("it is nested too deeply") from None
