"""The blocks that a template shows, read from its nodes: nothing is rendered."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.template import Context
from django.template.base import Node, VariableNode
from django.template.loader_tags import BlockNode, ExtendsNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.template.base import Template


def template_chain(template: Template, variables: Mapping[str, Any]) -> list[Template] | None:
    """Return a template and its parents; None if a parent is named by another variable."""
    context = Context(variables)
    context.template = template
    chain = [template]
    while (extends := _extends(chain[-1])) is not None:
        name: Any = extends.parent_name
        if name.is_var and name.token not in variables:
            return None
        # Skips what is in the chain already, like rendering: a template can extend its namesake.
        chain.append(extends.get_parent(context))
    return chain


def shown_blocks(chain: Sequence[Template]) -> set[str]:
    """Return the names of the blocks that a template shows, whatever the conditions around them.

    A block is shown in the last parent, or within the block of a child that replaces one of
    its blocks. Blocks in included templates cannot be replaced, so they do not count.
    """
    definitions = _definitions(chain)
    shown: set[str] = set()
    waiting = [chain[-1].nodelist] if chain else []
    while waiting:
        for node in _descendants(waiting.pop()):
            if not isinstance(node, BlockNode) or node.name in shown:
                continue
            shown.add(node.name)
            for definition in definitions[node.name]:
                waiting.append(definition.nodelist)
                if not _includes_parent(definition):
                    break
    return shown


def _definitions(chain: Sequence[Template]) -> Mapping[str, Sequence[BlockNode]]:
    """Return the blocks of each name, those of children first."""
    definitions = defaultdict(list)
    for template in chain:
        extends = _extends(template)
        nodes = template.nodelist if extends is None else extends.nodelist
        for node in _descendants(nodes, within_blocks=True):
            if isinstance(node, BlockNode):
                definitions[node.name].append(node)
    return definitions


def _extends(template: Template) -> ExtendsNode | None:
    return next((node for node in template.nodelist if isinstance(node, ExtendsNode)), None)


def _includes_parent(block: BlockNode) -> bool:
    """Whether a block shows the one that it replaces, by `{{ block.super }}`."""
    return any(
        isinstance(node, VariableNode) and node.filter_expression.token.startswith("block.super")
        for node in _descendants(block.nodelist, within_blocks=True)
    )


def _descendants(nodes: Iterable[Any], *, within_blocks: bool = False) -> Iterator[Node]:
    """Yield nodes and the nodes within them, in whatever attributes their classes keep them."""
    waiting: list[Any] = [*nodes]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Node) and id(value) not in seen:
            seen.add(id(value))
            yield value
            if within_blocks or not isinstance(value, BlockNode):
                waiting += vars(value).values()
        elif isinstance(value, (list, tuple)):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
