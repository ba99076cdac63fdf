"""Planning assumptions: what share of the people in a footprint a population is taken to be, and what is sent first. None of it is law.

They lie in `assumptions.yml`; a bureau replaces them as a whole by a file of the same shape (`ANLAN_HOME/assumptions.yml`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from models.definitions import read_definition
from models.domain import Model, Need
from models.parameters import Evidence
from models.relief import BasisKey

SHIPPED = Path(__file__).with_name("assumptions.yml")

FootprintKind = Literal["drawn", "warning", "depth", "circle", "intensity", "area"]


class Share(Model):
    """What share of the people inside a footprint, or in its parts of some depth, is taken to belong to one population."""

    basis: BasisKey
    """The population."""
    footprint: tuple[FootprintKind, ...] = Field(min_length=1)
    """Kinds of footprint it is for."""
    depth_from: float | None = Field(default=None, ge=0)
    """Metres of water from which it holds, up to the next one of the same population; null when it holds for the whole footprint."""
    share: tuple[float, float, float]
    """Low, best, high share, 0–1."""
    assumption: str
    """The assumption in words."""
    verified: bool
    """Whether a source was seen for it."""
    evidence: Evidence
    """How it was seen."""

    @model_validator(mode="after")
    def _is_a_share(self) -> Self:
        low, best, high = self.share
        if not 0 <= low <= best <= high <= 1:
            raise ValueError(f"份额 {self.share} 应为0至1之间依次不减的低、中、高三个数")
        if self.verified and self.evidence == "unverified":
            raise ValueError("verified 为 true 而 evidence 为 unverified，二者矛盾")
        return self


class DeliveryClass(Model):
    """One class of goods: what it is told by, and how soon it is sent."""

    name: str
    """Its name."""
    words: tuple[str, ...] = Field(min_length=1)
    """Words in an item's name that put it in this class."""
    priority: int = Field(ge=1, le=9)
    """1 comes first."""
    first_hours: float = Field(gt=0)
    """Hours of supply everybody gets before anybody gets more; what is given once counts in full."""
    first_batch: bool
    """Whether it belongs to the first batch, for which there is a time to arrive."""


class Assumptions(Model):
    """All planning assumptions of one file."""

    title: str
    """Name shown to people."""
    population: tuple[Share, ...]
    """Shares by population and footprint."""
    delivery: tuple[DeliveryClass, ...]
    """Classes of goods; the first that fits counts."""
    other_priority: int = Field(ge=1, le=9)
    """Priority of goods of no class."""
    other_first_hours: float = Field(gt=0)
    """Their hours of supply for all."""
    group_step: int = Field(ge=0, le=8)
    """How many steps earlier goods for one group (children, elderly …) come than the same goods for all."""
    verified: bool
    """Whether the classes were seen in a source."""
    evidence: Evidence
    """How."""
    first_batch_minutes: dict[Literal["县", "市", "省"], float]
    """Minutes within which the first batch arrives, by the level that sends it."""
    first_batch_clause: str
    """Where that stands."""
    first_batch_verified: bool
    """Whether it was seen there."""
    first_batch_evidence: Evidence
    """How."""

    def class_of(self, need: Need) -> DeliveryClass | None:
        """The class an item falls in by the words of its name; null for none."""
        name = f"{need.item} {need.ref}".casefold()
        return next((one for one in self.delivery if any(word.casefold() in name for word in one.words)), None)


_ASSUMPTIONS: TypeAdapter[Assumptions] = TypeAdapter(Assumptions)


def load_assumptions(own: Path | None = None) -> Assumptions:
    """The bureau's own assumptions where the file `own` (`ANLAN_HOME/assumptions.yml`) exists, else the shipped ones. Raises `BrokenDefinition`."""
    return read_definition(own, _ASSUMPTIONS) if own is not None and own.is_file() else _shipped()


@cache
def _shipped() -> Assumptions:
    return read_definition(SHIPPED, _ASSUMPTIONS)
