"""The shelf every desk starts with: laws, regulations, plans and past cases, in our own words, with their references.

One YAML file holds one document and its provisions (`regulations/`, `plans/`) or one case (`cases/`); a new one is found by
being there. What a provision leaves out it takes from its document: where it was read, its first day in force and the day it
was repealed, so whoever asks for the law of a date needs only the provision. `verified: false` means that nobody here has
seen the wording: such a provision may be shown, marked, and is never law. In a text, what follows 〔提示〕 is our advice to the
desk, not what the article says.

Machine topics: `report_clock`, `grading`, `response`, `sign_off`, `relief`, `privacy`, `ai`, the event types
`natural_disaster` and `production_accident`, hazard codes where a provision concerns only those hazards, and `other_place`
for another city's or province's rules, which carry none of the others so that they are never taken for ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from models.domain import Case, Document, Model, Provision, digest
from models.errors import BrokenDefinition

HERE = Path(__file__).parent
"""Folder of the shipped `regulations`, `plans` and `cases`."""

Kind = TypeVar("Kind", Document, Provision, Case)


class Library(Model):
    """Documents, their provisions and past cases, each sorted by id; equal content has an equal digest."""

    documents: tuple[Document, ...]
    """Laws, regulations, plans and standards; one without provisions is known to exist but was not read."""
    provisions: tuple[Provision, ...]
    """Citable articles, with the dates and the source of their document filled in."""
    cases: tuple[Case, ...]
    """Past incidents with what they teach."""
    digest: str
    """SHA-256 of all of the above: load it into the graph again only when this changes."""


@cache
def starter() -> Library:
    """The library that ships with the product. Raises `BrokenDefinition` naming the file and the field."""
    return read(HERE)


def read(folder: Path) -> Library:
    """The library kept in `folder/regulations`, `folder/plans` and `folder/cases`. Raises `BrokenDefinition`."""
    documents: dict[str, Document] = {}
    provisions: dict[str, Provision] = {}
    cases: dict[str, Case] = {}
    files: dict[str, Path] = {}
    for path in [*sorted((folder / "regulations").glob("*.yml")), *sorted((folder / "plans").glob("*.yml"))]:
        document, articles = _document(path)
        _add(documents, [document], path)
        _add(provisions, articles, path)
        files |= {article.id: path for article in articles}
    for path in sorted((folder / "cases").glob("*.yml")):
        _add(cases, [_validated(Case, _mapping(path, {"case"})["case"], path, "case")], path)
    for provision in provisions.values():
        _check_links(provision, provisions, files[provision.id])
    content = {
        "documents": tuple(documents[key] for key in sorted(documents)),
        "provisions": tuple(provisions[key] for key in sorted(provisions)),
        "cases": tuple(cases[key] for key in sorted(cases)),
    }
    return Library.model_validate({**content, "digest": digest(content)})


def _document(path: Path) -> tuple[Document, list[Provision]]:
    raw = _mapping(path, {"document", "provisions"})
    document = _validated(Document, raw["document"], path, "document")
    _check_dates(document.in_force, document.repealed, path, "document")
    items = raw["provisions"]
    if not isinstance(items, list):
        raise BrokenDefinition(f"{path}: provisions: must be a list (write [] when the text was not read)")
    inherited = {"document": document.id, "source": document.reference, "in_force": document.in_force, "repealed": document.repealed}
    provisions = []
    for number, item in enumerate(items):
        where = f"provisions[{number}]"
        if not isinstance(item, dict):
            raise BrokenDefinition(f"{path}: {where}: must be a mapping with id, article, text, topics, verified")
        provision = _validated(Provision, {**inherited, **item}, path, f"{where} ({item.get('id', 'no id')})")
        if provision.document != document.id or not provision.id.startswith(f"{document.id}-"):
            raise BrokenDefinition(f"{path}: {where}.id: {provision.id!r} must begin with {document.id!r} and a hyphen")
        _check_dates(provision.in_force, provision.repealed, path, f"{where} ({provision.id})")
        provisions.append(provision)
    return document, provisions


class _Reader(yaml.SafeLoader):
    """YAML in which a date stays text, so that an impossible one (2月30日) is refused with its field, and a key stands once."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML declares it so
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError("while reading a mapping", node.start_mark, "a key stands twice", node.start_mark)
        return mapping


def _mapping(path: Path, keys: set[str]) -> dict[str, Any]:
    try:
        raw = _Reader(path.read_text("utf-8")).get_single_data()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BrokenDefinition(f"{path}: not readable as UTF-8 YAML: {error}") from error
    if not isinstance(raw, dict) or set(raw) != keys:
        raise BrokenDefinition(f"{path}: top level: must hold exactly {', '.join(sorted(keys))}")
    return raw


def _validated(kind: type[Kind], raw: Any, path: Path, where: str) -> Kind:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise _refusal(error, path, where) from error


def _refusal(error: ValidationError, path: Path, where: str) -> BrokenDefinition:
    problem = error.errors()[0]
    field = ".".join([where, *map(str, problem["loc"])])
    return BrokenDefinition(f"{path}: {field}: {problem['msg']}")


def _add(shelf: dict[str, Kind], items: Iterable[Kind], path: Path) -> None:
    for item in items:
        if item.id in shelf:
            raise BrokenDefinition(f"{path}: id: {item.id!r} is used twice; give this one an id of its own")
        shelf[item.id] = item


def _check_dates(in_force: date | None, repealed: date | None, path: Path, where: str) -> None:
    if in_force is not None and repealed is not None and repealed <= in_force:
        raise BrokenDefinition(f"{path}: {where}.repealed: {repealed} is not after the first day in force, {in_force}")


def _check_links(provision: Provision, known: dict[str, Provision], path: Path) -> None:
    links: Sequence[tuple[str, tuple[str, ...]]] = (("cites", provision.cites), ("supersedes", provision.supersedes))
    for field, targets in links:
        for target in targets:
            if target not in known:
                raise BrokenDefinition(f"{path}: {provision.id}.{field}: no provision {target!r} in the library")
    for target in provision.supersedes:
        # Otherwise both would be law on the same day, and a report could cite the dead one.
        if known[target].repealed is None:
            raise BrokenDefinition(f"{path}: {provision.id}.supersedes: {target!r} has no date of repeal; write it there")
