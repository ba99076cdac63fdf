"""How a definition file (rule, hazard, relief standard) is read: strictly, and with a message that says where it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from models.errors import BrokenDefinition


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice: the second would silently replace the first."""


def _mapping_without_repeats(loader: _StrictLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=deep)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"键 {key} 重复", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=deep)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_repeats)

T = TypeVar("T")


def read_definition(path: Path, shape: TypeAdapter[T]) -> T:
    """One definition file, checked. Raises `BrokenDefinition` naming the file and the line or field."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - subclass of SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BrokenDefinition(f"{path}：无法读取（{' '.join(str(error).split())}）。请按同目录其他文件的格式改正。") from error
    try:
        return shape.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "文件整体"
        raise BrokenDefinition(f"{path}：{place} 有误（{first['msg']}）。共{error.error_count()}处，请改正后重启。") from error
