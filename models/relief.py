"""The types of relief: who stands in a footprint, which people a plan counts, what lies where, what is wanted, what is sent, what is missing.

Positions are longitude and latitude, WGS 84; shapes are GeoJSON geometries; areas are square metres, lengths metres, times minutes unless a name says
otherwise. Figures about people are low–best–high; a counted figure has the three equal.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from models.domain import Decision, Finding, Mode, Model, Need, digest

Group = Literal["all", "children", "elderly", "alone", "disabled"]
"""People: everybody, under 15, 65 and older, living alone, disabled. The groups overlap and are never added up."""
GROUPS: dict[Group, str] = {
    "all": "总人口",
    "children": "儿童（14岁及以下）",
    "elderly": "老年人（65岁及以上）",
    "alone": "独居",
    "disabled": "残疾人",
}


class Figure(Model):
    """A number that may be uncertain."""

    low: float = Field(ge=0)
    """Least."""
    best: float = Field(ge=0)
    """Best."""
    high: float = Field(ge=0)
    """Most."""

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if not self.low <= self.best <= self.high:
            raise ValueError(f"低–中–高应依次不减：{self.low}、{self.best}、{self.high}")
        return self


class Band(Model):
    """The part of a footprint of one severity. Bands of one footprint never overlap: the severer takes the place."""

    label: str
    """As shown: 水深0.5米以上, 烈度Ⅶ度, 500米内."""
    severity: int = Field(ge=0)
    """0 lightest; orders the bands."""
    geometry: dict[str, Any]
    """Polygon or MultiPolygon."""


class Footprint(Model):
    """Where a hazard strikes, or may strike."""

    id: str
    """Digest of the rest."""
    kind: Literal["drawn", "warning", "depth", "circle", "intensity", "area"]
    """Drawn by hand, a warning's area, flood depth, a circle round a point, intensity zones, or a named area (streets, districts)."""
    title: str
    """As shown, Chinese."""
    origin: str
    """What it rests on: file name, id of the evidence, or the account that drew it."""
    assumption: str = ""
    """What had to be assumed to draw it (radius, depth from which people are counted); empty when nothing."""
    bands: tuple[Band, ...] = Field(min_length=1)
    """Its parts, lightest first."""


class StreetExposed(Model):
    """The people of one survey division (street, town, grid cell) that stand in the footprint."""

    name: str
    """Name of the division."""
    adcode: str
    """Division code, where the survey gives one."""
    share: float = Field(ge=0, le=1)
    """Share of its area inside."""
    people: dict[Group, Figure]
    """People inside by group; a group the survey does not give is absent, not 0."""
    by_severity: dict[int, float] = Field(default_factory=dict)
    """People (best) by severity of band."""
    surveyed_on: date | None = None
    """Date of the survey."""


class SiteExposed(Model):
    """One surveyed body inside the footprint, or near it."""

    feature: str
    """Id of the surveyed body."""
    kind: str
    """Its kind, as in `Feature.kind`."""
    name: str
    """Its name."""
    inside: bool
    """Inside; otherwise near."""
    metres: float = Field(ge=0)
    """Distance to the footprint; 0 inside."""
    severity: int | None = None
    """Severest band it touches; null when only near."""
    amount: float | None = None
    """Metres of a road inside; people of a school; beds of a hospital; null when the survey gives none."""
    lon: float
    lat: float


class BuildingsExposed(Model):
    """Buildings inside of one structure and height."""

    structure: str
    """As surveyed; 未注明 when the survey does not say."""
    storeys: str
    """1层, 2–3层, 4–6层, 7层及以上, 未注明."""
    count: int = Field(ge=0)
    """Buildings touching the footprint, each counted once."""
    floor_area: float | None = None
    """Square metres of floor, where surveyed."""


class Exposure(Model):
    """Who and what stands in a footprint, counted once."""

    footprint: Footprint
    """The footprint."""
    people: dict[Group, Figure]
    """All people inside by group."""
    streets: tuple[StreetExposed, ...]
    """By survey division, most people first."""
    buildings: tuple[BuildingsExposed, ...]
    """By structure and height."""
    sites: tuple[SiteExposed, ...]
    """Roads, underpasses, schools, hospitals, chemical plants, shelters inside and near."""
    covered: float = Field(ge=0, le=1)
    """Share of the footprint's area for which the survey gives population."""
    surveyed: tuple[date | None, date | None]
    """Oldest and newest date of the survey used."""
    gaps: tuple[str, ...]
    """What the survey does not give or had to be left out, in sentences."""
    arithmetic: tuple[str, ...]
    """How the people were counted, line by line."""


BasisKey = Literal["affected", "evacuated", "relocated_central", "relocated_dispersed", "relocated", "urgent_aid"]
BASES: dict[BasisKey, str] = {
    "affected": "受灾人口",
    "evacuated": "紧急避险转移人口",
    "relocated": "紧急转移安置人口",
    "relocated_central": "紧急转移安置人口（集中安置）",
    "relocated_dispersed": "紧急转移安置人口（分散安置）",
    "urgent_aid": "需紧急生活救助人口",
}
"""The populations of the disaster statistics. They are never added up nor put in each other's place; 集中 and 分散 make up 安置."""


class Basis(Model):
    """One population on which a plan may rest."""

    key: BasisKey
    """Which."""
    people: Figure | None
    """How many; null when neither reported nor estimable."""
    counting: Literal["current", "cumulative", "unstated"] = "unstated"
    """实时 (now in care) or 累计 (so far), as reported."""
    origin: Literal["reported", "estimated", "typed", "unknown"]
    """Reported in evidence, estimated from exposure, typed by an officer, or unknown."""
    assumption: str = ""
    """For an estimate: its assumption and that it is unverified, in words."""
    citations: tuple[str, ...] = ()
    """Ids of the impact and statements, or of the footprint."""
    why: str = ""
    """Why this figure and not another, in words."""
    as_of: AwareDatetime | None = None
    """Time a reported figure holds for, or when an officer typed it."""
    others: tuple[Basis, ...] = ()
    """Every other figure for the same population, shown beside it: differing reports, an officer's, the estimate."""


class Site(Model):
    """A shelter or another place that relief is to be brought to."""

    id: str
    """Id of the surveyed body, or one made up for a typed place; unique in a plan."""
    name: str
    """Its name."""
    people: int | None = Field(default=None, ge=0)
    """People there who need relief, as typed; null to have them spread by capacity."""
    groups: dict[Group, int] = Field(default_factory=dict)
    """People there by group, where known; a group that is absent is not known."""
    capacity: float | None = Field(default=None, gt=0)
    """People it can take; null when the survey does not say."""
    is_open: bool = True
    """Whether it takes people in; a closed one is given nobody."""
    lon: float
    lat: float


class Stock(Model):
    """One lot of one item in one depot."""

    id: str
    """Stable id of the lot: depot, item, batch."""
    depot: str
    """Id of the depot (the surveyed body)."""
    depot_name: str
    """Its name."""
    item: str
    """Item, in the words of the stock list."""
    quantity: float = Field(ge=0)
    """How much lies there and is not promised."""
    unit: str
    """Unit."""
    pack: float = Field(default=1, gt=0)
    """Size of one packing unit; only whole ones leave."""
    category: str = ""
    """Category of GB/T 38565, where given."""
    expires_on: date | None = None
    """Last day of use; null when it does not expire or nobody says."""
    lon: float
    lat: float
    loading_minutes: float = Field(default=0, ge=0)
    """Minutes until the first vehicle leaves."""


class Demand(Model):
    """What one place needs of one item."""

    id: str
    """Stable within a plan."""
    site: str
    """Id of the shelter or demand point."""
    site_name: str
    """Its name."""
    item: str
    """Item."""
    unit: str
    """Unit."""
    quantity: float = Field(ge=0)
    """Wanted."""
    minimum: float = Field(default=0, ge=0)
    """Part of it that everybody must get before anybody gets more."""
    priority: int = Field(default=1, ge=1, le=9)
    """1 comes first (groups that cannot wait), 9 last."""
    within_minutes: float | None = Field(default=None, gt=0)
    """Must arrive within; null when no time is set."""
    lon: float
    lat: float


class Travel(Model):
    """How long from a depot to a site."""

    depot: str
    site: str
    minutes: float = Field(ge=0)
    """Driving; infinite (absent) when no road is open."""
    metres: float = Field(ge=0)
    """Way."""
    by: Literal["straight", "road"]
    """Straight line by speed, or along the road graph."""


class Vehicle(Model):
    """Vehicles of one kind at one depot."""

    depot: str
    count: int = Field(ge=0)
    capacity: float = Field(gt=0)
    """Packing units one carries."""

    def words(self, depot: str) -> str:
        """As a plan states it."""
        return f"{depot}有车{self.count}辆，每辆装{self.capacity:g}个包装单位，各按一趟计"


class Substitute(Model):
    """An item that a standard allows in another's place: one `unit` of `item` counts for `factor` `for_unit` of `instead_of`."""

    item: str
    unit: str
    instead_of: str
    for_unit: str
    factor: float = Field(gt=0)
    standard: str = Field(min_length=1)
    """Which standard allows it and why, in words; kept with every line that rests on it."""


class Allocation(Model):
    """One lot, or part of it, sent to one site."""

    stock: str
    """Id of the lot."""
    depot: str
    depot_name: str
    demand: str
    """Id of the demand it serves."""
    site: str
    site_name: str
    item: str
    """Item that is sent; another than wanted when it is a substitute."""
    quantity: float = Field(gt=0)
    """In the lot's unit, whole packing units."""
    unit: str
    serves: float = Field(gt=0)
    """What it counts for, in the demand's unit."""
    substitute: str = ""
    """Which standard allows it to stand in; empty for the item itself."""
    minutes: float = Field(ge=0)
    """Until it arrives: loading and driving."""


class Shortfall(Model):
    """What one place does not get of one item, and what would mend it."""

    demand: str
    site: str
    site_name: str
    item: str
    unit: str
    quantity: float = Field(gt=0)
    """Missing of what is wanted."""
    of_minimum: float = Field(default=0, ge=0)
    """Missing of the minimum."""
    why: Literal["no_stock", "not_enough", "too_late", "no_road", "vehicles", "packing", "expired", "reserved"]
    """The binding reason."""
    words: str
    """Why and what would mend it, Chinese."""


class Solved(Model):
    """What the solver found, and what code that is not the solver says of it."""

    allocations: tuple[Allocation, ...]
    shortfalls: tuple[Shortfall, ...]
    status: Literal["optimal", "within_gap", "time_limit"]
    """How good the answer is proven to be."""
    gap: float = Field(ge=0)
    """Relative distance between the answer and the proven bound."""
    variables: int
    constraints: int
    seconds: float
    """In the solver."""
    checks: tuple[str, ...]
    """What was checked of the answer, in sentences with the figures."""
    feasible: bool
    """Every constraint holds, as recomputed from the plan itself."""


class Delivery(Model):
    """Goods of a signed plan that left a depot for a site, were used up there, or came back."""

    plan: str
    """Id of the plan they were sent under."""
    stock: str = ""
    """Id of the lot they were taken from, or went back to; empty for what was used up."""
    site: str
    site_name: str
    item: str
    quantity: float = Field(gt=0, allow_inf_nan=False)
    unit: str
    kind: Literal["delivered", "consumed", "returned"]
    at: AwareDatetime
    by: str
    """Account that recorded it."""
    note: str = ""


class StockCount(Model):
    """One lot counted by hand: it takes the place of the surveyed quantity from its moment on."""

    stock: str
    """Id of the lot."""
    quantity: float = Field(ge=0, allow_inf_nan=False)
    """What lies there physically, promised or not, in the lot's unit."""
    at: AwareDatetime
    by: str
    """Account that counted."""
    note: str = ""


class StockTaken(Model):
    """What the depots can promise at one moment."""

    lots: tuple[Stock, ...]
    """Lots with what is neither promised nor gone; empty lots included, so that a shortfall can say so."""
    vehicles: tuple[Vehicle, ...] = ()
    """Vehicles of the depots whose survey names them; the others' are not limited."""
    promised: dict[str, float] = Field(default_factory=dict)
    """Lot id to what signed plans hold and have not sent yet."""
    holders: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Lot id to who signed those plans, when, and for how much, in words."""
    gaps: tuple[str, ...] = ()
    """What could not be read or does not add up, in sentences."""
    position: int = Field(ge=0)
    """Number of the newest ledger entry considered."""


class ReliefPlan(Model):
    """Who is exposed, what they need, which depot sends it and what is missing. A proposal until a second person signs it."""

    id: str
    """Stable id across its versions, `rl-` first."""
    version: int = Field(default=1, ge=1)
    """Counts every change."""
    incident: str
    """Id of the incident."""
    mode: Mode
    """Actual or exercise; an exercise never reserves actual stock."""
    title: str
    """Title as printed."""
    issuer: str
    """Issuing body."""
    recipients: tuple[str, ...]
    """To whom the request for what is missing would go."""
    exposure: Exposure | None = None
    """Footprint and who stands in it; null when no footprint was given."""
    bases: tuple[Basis, ...]
    """Every population, reported or estimated, none in another's place."""
    basis: BasisKey
    """The one chosen."""
    basis_why: str = ""
    """Why this one, in words."""
    people: int = Field(ge=0)
    """People planned for."""
    days: float = Field(gt=0)
    """Days planned for."""
    standard: str
    """Title of the relief standard."""
    standard_name: str
    """Name or file by which it was chosen."""
    sites: tuple[Site, ...] = ()
    """Where the people are; `people` of each as typed, null where they were spread."""
    placing: tuple[str, ...] = ()
    """How the people were spread over the sites, line by line."""
    needs: tuple[Need, ...]
    """What they need."""
    matched: tuple[str, ...] = ()
    """How items of the standard were taken to be items of the stock, in sentences."""
    demands: tuple[Demand, ...] = ()
    """Needs by place."""
    stock: tuple[Stock, ...] = ()
    """The lots of the items needed, as they were free when this version was made."""
    stock_gaps: tuple[str, ...] = ()
    """What the stock lists do not tell."""
    solved: Solved
    """Allocation lines, what is missing, and the checks."""
    request: tuple[str, ...] = ()
    """申请调拨 for what is missing, paragraph by paragraph; empty when nothing is."""
    revises: str | None = None
    """Id of the plan it takes the place of once signed."""
    changes: tuple[str, ...] = ()
    """What changed since that plan, figure by figure."""
    assumptions: tuple[str, ...] = ()
    """What had to be assumed, in sentences."""
    data_as_of: AwareDatetime
    """Latest evidence considered."""
    created_at: AwareDatetime
    """When this version was made."""
    drafted_by: str
    """Account that asked for it or changed it."""
    origin: str = "rules"
    """Always rules: no model writes a figure here."""

    def content_digest(self) -> str:
        """SHA-256 of exactly what is read and goes out; the signature binds to this."""
        return digest(self.model_dump(mode="json"))

    def reserves(self) -> dict[str, float]:
        """Lot id to the quantity this plan takes of it, in the lot's unit."""
        taken: dict[str, float] = {}
        for line in self.solved.allocations:
            taken[line.stock] = taken.get(line.stock, 0) + line.quantity
        return taken


class PlanState(Model):
    """A relief plan with its newest version, decisions and standing."""

    plan: ReliefPlan
    """Newest version."""
    findings: tuple[Finding, ...] = ()
    """Checks of that version."""
    decisions: tuple[Decision, ...] = ()
    """All decisions, oldest first."""
    status: Literal["draft", "submitted", "returned", "signed", "void", "withdrawn", "superseded"]
    """`void` when it was changed after signing, `superseded` when a later plan that revises it was signed."""

    @property
    def paper(self) -> ReliefPlan:
        """What is signed."""
        return self.plan
