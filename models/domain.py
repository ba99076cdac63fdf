"""The types, in the order a piece of evidence meets them.

Evidence is kept as it came. What it says is written down as statements that quote it. Statements are fused into an
incident. A report may only say what the graph can cite. A named person decides.

All times are aware datetimes; screens and reports show Beijing time (UTC+8). All coordinates are WGS 84 longitude and
latitude in degrees; a source in another system is converted when it is read. Types are frozen and refuse unknown fields.
Field docstrings are definitions: they serve the reader, the model's JSON schema and the screen, and hold no sample values.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

BEIJING = timezone(timedelta(hours=8), "CST")
"""The one civil time of the country (UTC+8, no daylight saving)."""

Mode = Literal["actual", "exercise"]
"""CAP `status`: an exercise (演练) never mixes with an actual incident; it is part of an incident's identity."""

Certainty = Literal["observed", "likely", "possible", "unlikely", "unknown"]
"""CAP certainty of one statement."""

Reliability = Literal["A", "B", "C", "D", "E", "F"]
"""Admiralty code: A completely reliable … E unreliable, F cannot be judged."""

Crs = Literal["WGS84", "CGCS2000", "GCJ02", "BD09"]
"""Coordinate system a source declares. CGCS2000 and WGS 84 differ by centimetres and are treated as one."""

EventType = Literal["natural_disaster", "production_accident", "undetermined", "other"]
"""Which clock and report apply. `undetermined` is 性质待认定: both clocks run."""

Stage = Literal["初报", "续报", "终报", "日报", "建议", "通知"]
"""What a report is for: the three stages of telling an incident, the day on duty, advice to start a response, and orders to departments."""

TOLD: tuple[Stage, ...] = ("初报", "续报", "终报")
"""Stages by which the duty to report an incident is met."""

Role = Literal["officer", "duty", "planner", "signer", "guardian", "auditor", "admin"]
"""What a person may do; checked in the domain, never in a page."""

AiUse = Literal["drafting", "second_reading", "triage"]
"""What a model is used for; a guardian can stop each by itself."""


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`: sorted keys, no spaces, UTF-8. Equal content, equal digest, on any machine."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no canonical form for {type(value).__name__}")


class Model(BaseModel):
    """Common ground of every type here: frozen, closed, documented by its attribute docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)


class Source(Model):
    """Who told us, how reliable they are, and how often they should be heard."""

    name: str
    """Short stable name, the one used on the command line."""
    title: str
    """Name as shown to people, Chinese."""
    kind: Literal["hotline", "social", "survey", "warning", "desk"]
    """What sort of evidence it brings."""
    publisher: str
    """Body that publishes the data."""
    owner: str
    """Post in the bureau that answers for this source."""
    reliability: Reliability
    """Admiralty reliability of the source as a whole."""
    every_minutes: int = Field(ge=1)
    """Minutes between two scheduled runs."""
    expected_daily: tuple[int, int] = (0, 10_000_000)
    """Fewest and most new items in an ordinary day; outside it the source is flagged, never cut off."""
    crs: Crs = "WGS84"
    """Coordinate system of the coordinates it gives."""


class Evidence(Model):
    """One inbound item as received. Its id is a digest of its content, so the same item twice is once."""

    id: str
    """Digest of source, external id, title, text, time and fields."""
    source: str
    """Name of the source."""
    kind: Literal["message", "warning", "feature"] = "message"
    """A message of a person, a warning of an authority, or one surveyed hazard-bearing body."""
    external_id: str = ""
    """The source's own number for the item; empty when it gives none."""
    title: str = ""
    """Title as received."""
    text: str
    """Text as received, unmasked. Leaves the archive only with an audited reason."""
    sent_at: AwareDatetime | None = None
    """When the source says it was written; null when it does not say or says nonsense."""
    received_at: AwareDatetime
    """When we received it; not part of the id."""
    lon: float | None = Field(default=None, ge=-180, le=180)
    """Longitude given by the source, converted to WGS 84."""
    lat: float | None = Field(default=None, ge=-90, le=90)
    """Latitude given by the source, converted to WGS 84."""
    place_hint: str = ""
    """Address or region the source gives outside the text."""
    mode: Mode = "actual"
    """Exercise only when the source itself flags it; wording in the text is judged by understanding."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Every further column of the source's row, as text, as received."""

    @classmethod
    def of(cls, *, received_at: datetime, **content: Any) -> Evidence:
        """Build an item and give it the id of its content."""
        draft = cls(id="", received_at=received_at, **content)
        return draft.model_copy(update={"id": "ev-" + digest(draft.model_dump(mode="json", exclude={"id", "received_at"}))[:32]})


class Quarantined(Model):
    """One record that could not be read, kept whole with the reason, for a person to repair and retry."""

    source: str
    """Name of the source."""
    reason: str
    """One sentence: what is wrong and what would mend it."""
    where: str
    """File and row, or address, it came from."""
    raw: str
    """The record as received, cut to 64 KiB of text; `digest` below identifies the whole."""
    digest: str
    """SHA-256 of the whole raw record."""


class Place(Model):
    """Where: as precisely as we know, never more."""

    quote: str = ""
    """Words of the text that name it; empty when the source gave it outside the text."""
    name: str
    """Name as we know it (gazetteer name where matched, else the quoted words)."""
    adcode: str | None = None
    """Division code (GB/T 2260, county level or above); null when unknown or ambiguous."""
    district: str | None = None
    """County-level division; null when unknown or ambiguous."""
    street: str | None = None
    """Township-level division; null when unknown."""
    city: str | None = None
    """City (prefecture level, or a municipality) it lies in; null when unknown or ambiguous."""
    outside: bool = False
    """Known to lie outside the desk's own city."""
    lon: float | None = Field(default=None, ge=-180, le=180)
    """Longitude, WGS 84."""
    lat: float | None = Field(default=None, ge=-90, le=90)
    """Latitude, WGS 84."""
    precision: Literal["point", "street", "district", "city", "unknown"] = "unknown"
    """What the coordinates stand for: a spot, something within about a kilometre (street), or the centre of a division."""
    within_m: float | None = Field(default=None, gt=0)
    """Metres within which the coordinates are right; null when nobody stated it."""


class TimeSpan(Model):
    """When: an interval read from words, with what had to be assumed."""

    quote: str
    """Words of the text."""
    start: AwareDatetime | None = Field(default=None, alias="from")
    """Earliest moment the words allow; null when they cannot be resolved, or when only the end is given (三天以前)."""
    end: AwareDatetime | None = Field(default=None, alias="to")
    """Latest moment the words allow; null when they cannot be resolved, or when only the start is given (半小时以后)."""
    assumed: tuple[str, ...] = ()
    """Parts that the words do not give and the message's time supplied: year, month, day, half-day; or a custom that did: extent (where
    年底 or 早上 begins), century (of 98年), lunar (八月十五 without 农历), holidays (none counted among working days)."""


class Length(Model):
    """How long something lasts, in the units of the words; a week is 7 days, a quarter 3 months. Units are never converted further."""

    years: float = 0
    months: float = 0
    days: float = 0
    workdays: float = 0
    hours: float = 0
    minutes: float = 0
    seconds: float = 0


class Duration(Model):
    """How long, without saying when: 三天三夜, 100到200个小时."""

    quote: str
    """Words of the text."""
    least: Length
    most: Length | None
    """The same as `least` unless the words give two; null when there is no upper end (15天以上)."""
    rough: bool = False
    """Whether the words say 多, 余, 约, or give two lengths."""


class Repeat(Model):
    """How often, and from which turn on: 每周一上午, 每半个钟头."""

    quote: str
    """Words of the text."""
    every: Length
    turn: TimeSpan | None = None
    """The turn of the message's own period, such as Monday morning of its week; null when the words only give the period."""


class Quantity(Model):
    """One figure about people or things, as a text gives it."""

    type: str
    """Impact type, a key of `IMPACT_TYPES`."""
    value: float | None
    """Best reading; null when the text says there are some but not how many."""
    low: float | None
    """Least the words allow."""
    high: float | None
    """Most the words allow; null when open."""
    unit: str
    """人, 户, 间, 万元, 公顷 …"""
    quote: str
    """Words of the text."""


class Trigger(Model):
    """The words that say something happened."""

    quote: str
    """Words of the text."""


class Credibility(Model):
    """How far one message may be believed before anyone has checked, with reasons."""

    score: float = Field(ge=0, le=1)
    """0 not at all … 1 as good as seen."""
    reasons: tuple[str, ...] = ()
    """What raised or lowered it, in words for the duty officer."""


TriageField = Literal["category", "department"]


class Suggestion(Model):
    """What a model trained on the city's own labelled history proposes for a message; a person decides."""

    field: TriageField
    """What is proposed."""
    label: str
    """The likeliest label, in the city's own words."""
    confidence: float = Field(ge=0, le=1)
    """How often such a proposal was right among messages the model had not learned, 0–1."""
    abstained: bool
    """Too unsure to be filled in; shown as a hint at most."""
    words: tuple[str, ...] = ()
    """Words of the message that spoke most for it."""
    model: str = ""
    """Digest of the model."""


class Understanding(Model):
    """What one text says, in the shape `anlan understand` prints. Every quote is a substring of the input."""

    id: str
    """Id of the input."""
    hazard: str | None
    """Hazard code, a file name under `models/hazards`; null when the text names no hazard."""
    request_type: Literal["求救", "求助", "提供帮助", "举报", "投诉", "咨询", "建议", "其他"]
    """What the sender wants."""
    category: str | None = None
    """Hotline category proposed; null when abstaining."""
    department: str | None = None
    """Responsible department proposed; null when abstaining."""
    suggestions: tuple[Suggestion, ...] = ()
    """The proposals behind category and department, with confidence, also where it abstains; none without a trained model."""
    urgency: float = Field(ge=0, le=1)
    """How soon a person must look: 0 any time, 1 life at stake now."""
    urgency_reasons: tuple[str, ...] = ()
    """What raised or lowered it, in words for the duty officer."""
    credibility: Credibility
    """How far to believe it unchecked."""
    occurred_at: TimeSpan | None
    """When the event happened; null when the text gives no time."""
    places: tuple[Place, ...] = ()
    """Places the text names, the event's own first."""
    trigger: Trigger | None
    """The words that say what happened."""
    impacts: tuple[Quantity, ...] = ()
    """Casualties and losses."""
    masked_text: str
    """The text with personal data masked."""
    mode: Mode = "actual"
    """Exercise when the text says it is a drill."""
    retracts: bool = False
    """The text takes back or denies an earlier report."""
    origin: str = "rules"
    """`rules`, or the name of the model that read it."""
    ms: float = 0
    """Milliseconds it took."""


IMPACT_TYPES: dict[str, tuple[str, str]] = {
    "dead": ("死亡", "人"),
    "missing": ("失踪（失联）", "人"),
    "injured": ("受伤", "人"),
    "seriously_injured": ("重伤", "人"),
    "trapped": ("被困", "人"),
    "rescued": ("获救", "人"),
    "evacuated": ("紧急避险转移", "人"),
    "relocated": ("紧急转移安置", "人"),
    "relocated_central": ("集中安置", "人"),
    "relocated_dispersed": ("分散安置", "人"),
    "urgent_aid": ("需紧急生活救助", "人"),
    "affected": ("受灾人口", "人"),
    "homes_collapsed": ("倒塌房屋", "间"),
    "homes_damaged": ("损坏房屋", "间"),
    "crops_hectares": ("农作物受灾面积", "公顷"),
    "vehicles": ("涉及车辆", "辆"),
    "direct_loss": ("直接经济损失", "万元"),
    "water_depth": ("积水深度", "厘米"),
}
"""Impact types: Chinese name and unit. Dead never includes missing; injured includes seriously injured; 集中 and 分散 are the two parts of 安置."""

IMPACT_PARTS: dict[str, tuple[str, ...]] = {"relocated": ("relocated_central", "relocated_dispersed")}
"""Impact types that together make up another, so that what is known of them is at least that much of it. Never added to a figure of the whole."""


class Statement(Model):
    """One thing one piece of evidence says."""

    id: str
    """Digest of evidence, property, quote and value."""
    evidence: str
    """Id of the evidence it quotes."""
    property: str
    """`impact.<type>`, `occurred_at`, `place`, `trigger`, `cause`, `measure`, `scene`, `unit`, `retraction`, `rumour`."""
    value: str = ""
    """Its value as text; for an impact, empty."""
    low: float | None = None
    """Least value of an impact."""
    best: float | None = None
    """Best value of an impact."""
    high: float | None = None
    """Most value of an impact; null when open."""
    unit: str = ""
    """Unit of an impact."""
    quote: str
    """Verbatim words of the masked text."""
    certainty: Certainty = "possible"
    """How sure the speaker is, as worded."""
    holds_at: AwareDatetime | None = None
    """The time in the world for which it is said."""
    origin: str = "rules"
    """`rules`, or the name of the model that wrote it down."""

    @classmethod
    def of(cls, **content: Any) -> Statement:
        """Build a statement and give it the id of its content."""
        draft = cls(id="", **content)
        return draft.model_copy(update={"id": "st-" + digest(draft.model_dump(mode="json", exclude={"id"}))[:32]})


class EvidenceView(Model):
    """Evidence as everyone may see it: masked. This is what the graph, prompts, pages and reports hold."""

    id: str
    """Id of the evidence."""
    source: str
    """Name of the source."""
    source_title: str
    """Name of the source as shown to people."""
    source_kind: str
    """Kind of the source."""
    reliability: Reliability
    """Reliability of the source."""
    title: str = ""
    """Title, masked."""
    text: str
    """Text, masked."""
    sent_at: AwareDatetime | None
    """When the source says it was written."""
    received_at: AwareDatetime
    """When we received it."""
    lon: float | None = None
    """Longitude of the event as understood, WGS 84."""
    lat: float | None = None
    """Latitude of the event as understood, WGS 84."""
    place: str = ""
    """Place of the event as understood."""
    hazard: str | None = None
    """Hazard code."""
    request_type: str = "其他"
    """What the sender wants."""
    category: str | None = None
    """Hotline category: proposed, or as a person corrected it."""
    department: str | None = None
    """Responsible department: proposed, or as a person corrected it."""
    suggestions: tuple[Suggestion, ...] = ()
    """What the trained model proposed, with confidence and the words that weighed."""
    triaged_by: str = ""
    """Who confirmed or corrected category and department; empty while both are only proposals."""
    urgency: float = 0
    """How soon a person must look, 0–1."""
    urgency_reasons: tuple[str, ...] = ()
    """Why."""
    credibility: float = 0.5
    """How far to believe it unchecked, 0–1."""
    credibility_reasons: tuple[str, ...] = ()
    """Why."""
    mode: Mode = "actual"
    """Actual or exercise."""
    duplicate_of: str | None = None
    """Id of the first piece of evidence with nearly the same words."""
    adcode: str | None = None
    """Division code (GB/T 2260) of that place; null when unknown or ambiguous."""
    incident: str | None = None
    """Id of the incident it was fused into; null while it waits for a person or concerns none."""
    match_score: float | None = None
    """How well it fits that incident, 0–1."""
    match_reasons: tuple[str, ...] = ()
    """Why it was, or was not, fused."""
    proposed: str | None = None
    """Id of the incident a weak match proposes while a person has not decided; null when none is near enough."""
    placed_by: str | None = None
    """Account of the person who placed it, in an incident or in none; null while only the machine has. Never matched again."""


class Incident(Model):
    """One thing being managed: hazard, place, start and mode."""

    id: str
    """Digest of mode, hazard and the first piece of evidence."""
    title: str
    """Short name: place and what happened, Chinese."""
    hazard: str
    """Hazard code, a file name under `models/hazards`."""
    event_type: EventType
    """Which clock and report apply."""
    mode: Mode
    """Actual or exercise."""
    status: Literal["open", "closed", "merged"] = "open"
    """Whether it is still being managed, or a person found it to be another incident."""
    closed_at: AwareDatetime | None = None
    """When a person closed it; null while it is open."""
    merged_into: str | None = None
    """Id of the incident it was found to be; null unless merged."""
    scope: Literal["site", "area"] = "site"
    """One spot, or a whole area such as a city under a cloudburst."""
    place: Place
    """Where."""
    started_at: AwareDatetime
    """When it happened, or the earliest evidence's time when nothing says."""
    started_at_assumed: bool = True
    """True when no statement gives the time and the earliest evidence's time stands in."""
    first_evidence_at: AwareDatetime
    """When the bureau first heard: the clock of receipt starts here."""
    updated_at: AwareDatetime
    """When evidence last changed it."""
    evidence_count: int = Field(default=1, ge=0)
    """Pieces of evidence fused into it."""


class Conflict(Model):
    """A figure that differs from the one chosen. Shown, never averaged."""

    statement: str
    """Id of the statement that gives it."""
    value: float
    """The figure."""
    source_title: str
    """Who said so."""
    at: AwareDatetime | None
    """When."""
    quote: str
    """The words."""


class Impact(Model):
    """What we believe about one kind of harm in one incident."""

    id: str
    """Digest of incident and type."""
    incident: str
    """Id of the incident."""
    type: str
    """A key of `IMPACT_TYPES`."""
    low: float | None
    """Least the believed statements allow."""
    best: float | None
    """The figure a report may print; null when only vagueness is known."""
    high: float | None
    """Most; null when open."""
    unit: str
    """Unit."""
    basis: Literal["reported", "estimated"]
    """Counted by someone, or worked out by a model; the two are never mixed."""
    statements: tuple[str, ...]
    """Ids of the statements behind the chosen figure."""
    conflicts: tuple[Conflict, ...] = ()
    """Figures not chosen."""
    rule: str
    """Chinese sentence: which figure was chosen and by what rule."""
    confirmed: bool = False
    """True when the figure comes from a source of reliability A or B; otherwise it is 待核."""
    as_of: AwareDatetime | None
    """Time the chosen figure holds for."""


class Match(Model):
    """Which incident a piece of evidence was fused into, and why."""

    incident: str | None
    """Id of the incident; null when none fits well enough."""
    score: float = Field(ge=0, le=1)
    """How well the best candidate fits."""
    reasons: tuple[str, ...]
    """What spoke for and against, in words for the duty officer."""
    opens: bool = False
    """True when this evidence opened the incident."""


class Link(Model):
    """One incident that led to another: a cascade, or the same danger breaking out again."""

    cause: str
    """Id of the incident that came first in the chain."""
    effect: str
    """Id of the incident it led to."""
    reasons: tuple[str, ...]
    """What speaks for it, in words for the duty officer."""


Verdict = Literal["merge", "split", "move", "refuse", "close", "undo"]
"""What a person can say about what belongs together."""


class Judgement(Model):
    """What a named person decided about what belongs together. It outranks every score, until a person undoes it."""

    id: str
    """Digest of verdict, what it concerns, account and time."""
    verdict: Verdict
    """merge: the first incident is the second. split: evidence of the first is the second, new one. move: evidence belongs to `target`.
    refuse: evidence is not about the incident proposed. close: it is over. undo: an earlier judgement no longer holds."""
    incidents: tuple[str, ...]
    """Ids of the incidents it concerns."""
    evidence: tuple[str, ...] = ()
    """Ids of the evidence it placed, near-duplicates that went along included."""
    target: str | None = None
    """Id of the incident the evidence now belongs to; null when it belongs to none."""
    apart: bool = False
    """Whether it says that its two incidents are not the same."""
    undoes: str | None = None
    """Id of the judgement it undoes."""
    undone: bool = False
    """Whether a later judgement undid it."""
    officer: str
    """Account."""
    officer_name: str
    """Name as printed."""
    role: Role
    """Role in which it was decided."""
    reason: str = ""
    """Why."""
    at: AwareDatetime
    """When."""


class Feature(Model):
    """One surveyed hazard-bearing body (承灾体) or resource."""

    id: str
    """Digest of what stays the same when it is surveyed again: source, kind and its own id, else its name and place. Not of its attributes."""
    kind: Literal[
        "building", "road", "school", "hospital", "chemical_plant", "shelter", "depot", "population", "underpass", "river", "other"
    ]
    """What it is."""
    name: str
    """Name, or the survey's own id when it has none."""
    geometry: dict[str, Any]
    """GeoJSON geometry, WGS 84."""
    lon: float = Field(ge=-180, le=180)
    """Longitude of a point inside it."""
    lat: float = Field(ge=-90, le=90)
    """Latitude of a point inside it."""
    adcode: str = ""
    """Division code, where the survey gives one."""
    surveyed_on: date | None = None
    """Date of the survey."""
    properties: dict[str, str | float | None] = Field(default_factory=dict)
    """Attributes as surveyed; for a depot `stock` is JSON of item to quantity with unit."""


class Document(Model):
    """A law, regulation, plan or standard in the library."""

    id: str
    """Stable short id."""
    title: str
    """Title without 书名号."""
    number: str = ""
    """Document number."""
    issuer: str
    """Issuing body."""
    level: Literal[
        "law", "regulation", "rule", "interpretation", "plan", "report", "statistics", "standard", "case_table", "international", "other"
    ]
    """Level of authority, or what it is where it has none."""
    region: str = "中国"
    """Where it applies."""
    issued: date | None = None
    """Date issued."""
    in_force: date | None = None
    """First day in force."""
    repealed: date | None = None
    """First day no longer in force; null while in force."""
    reference: str
    """Where the text was read, and how sure that is."""
    note: str = ""
    """What a reader must know, such as not being this city's plan."""
    lineage: str = ""
    """The same for all versions of one law; empty for the shipped library, whose provisions carry their own dates."""
    version_date: date | None = None
    """Day this wording was adopted: the newest 公布, 修订 or 修正 in its history."""
    supersedes: tuple[str, ...] = ()
    """Ids of documents it replaces: earlier versions of its own lineage and what it repeals by name."""
    expires: date | None = None
    """Last day it says it is valid (有效期至…); null when it names none."""
    review_by: date | None = None
    """Day by which it says it must be reviewed (每三年评估一次); null when it names none."""
    file: str = ""
    """Name of the file it was imported from."""
    sha256: str = ""
    """SHA-256 of that file."""
    own_words: bool = True
    """True where the texts are our own summary, false where they are the imported wording itself."""


class Part(Model):
    """A 款 or 项 of an article, citable on its own."""

    cite: str
    """Usual cite within the document, such as 第十二条第一款第（三）项."""
    text: str
    """Its words."""
    start: int = Field(ge=0)
    """Where it begins in the provision's text, in characters."""
    end: int = Field(ge=0)
    """Where it ends, exclusive."""


class Provision(Model):
    """One citable article: in our own words in the shipped library, in its own words when imported."""

    id: str
    """Stable id: document id and article."""
    document: str
    """Id of the document."""
    article: str
    """Article as usually cited."""
    text: str
    """What it requires; `own_words` of the document says whose words these are."""
    topics: tuple[str, ...] = ()
    """Words an officer would look for."""
    in_force: date | None = None
    """First day in force; the document's when null."""
    repealed: date | None = None
    """First day no longer in force."""
    cites: tuple[str, ...] = ()
    """Ids of provisions it refers to."""
    supersedes: tuple[str, ...] = ()
    """Ids of provisions it replaces."""
    source: str
    """Where the text was read."""
    verified: bool
    """Whether the wording or number was seen in a source text. False is never shown as law."""
    heading: str = ""
    """编, 章 and 节 it stands under, joined by " / "."""
    order: int = 0
    """Position in the document, from 1."""
    parts: tuple[Part, ...] = ()
    """Its 款 and 项, in order; a 款 contains its 项."""


class Reference(Model):
    """One citation in an article: what it says, and what we believe it means."""

    id: str
    """Stable id: provision and position."""
    provision: str
    """Id of the citing provision."""
    quote: str
    """The citing words."""
    start: int = Field(ge=0)
    """Where they begin in the provision's text."""
    end: int = Field(ge=0)
    """Where they end, exclusive."""
    kind: Literal["internal", "external"]
    """Within the same document, or to another."""
    title: str
    """Title cited, as written; the document's own when internal."""
    article: str
    """Article cited, as usually written; empty for the document as a whole."""
    target: str | None = None
    """Id of the provision or document meant; null when it is not in the library."""
    resolved: bool = False
    """Whether the target was found. Which version applies on a day is decided when it is asked."""


class Fact(Model):
    """Something an article says, taken out with the words it was taken from."""

    id: str
    """Stable id: provision, kind and position."""
    provision: str
    """Id of the provision that says it."""
    document: str
    """Id of its document."""
    kind: Literal[
        "term", "duty", "time_limit", "threshold", "penalty", "applies_to", "level", "trigger", "starts_level", "action", "cause", "loss",
        "lesson", "breach",
    ]  # fmt: skip
    """What sort of thing it says."""
    subject: str
    """Who or what it is about: the term, the body with the duty, the quantity, the level."""
    text: str
    """What it says about the subject, in its own words."""
    quote: str
    """The words it was taken from."""
    start: int = Field(ge=0)
    """Where they begin in the provision's text."""
    end: int = Field(ge=0)
    """Where they end, exclusive."""
    number: float | None = None
    """The number, for limits, thresholds and penalties; for a range its upper end."""
    unit: str = ""
    """Unit of the number, Chinese, such as 小时, 日, 万元."""
    recipient: str = ""
    """To whom, where it says so."""
    origin: str = "rules"
    """`rules`, or the name of the model that proposed it."""


class Imported(Model):
    """Everything one file brought into the library; payload of the ledger entry `library.added`."""

    document: Document
    """The document."""
    provisions: tuple[Provision, ...] = ()
    """Its articles in order."""
    references: tuple[Reference, ...] = ()
    """What they cite, resolved within the document; across documents it is done when asked."""
    facts: tuple[Fact, ...] = ()
    """What they say."""


class Case(Model):
    """A past incident with its lessons."""

    id: str
    """Stable id."""
    name: str
    """Usual name."""
    date: date
    """Day it happened."""
    place: str
    """Where."""
    hazard: str | None
    """Hazard code."""
    type: str
    """Kind, in words."""
    deaths: int | None
    """Deaths; see note where missing persons are included."""
    missing: int | None
    """Missing."""
    injured: int | None
    """Injured."""
    direct_loss_wan_yuan: float | None
    """Direct loss, 10,000 yuan."""
    grade: str
    """Grade given."""
    cause: str
    """Cause found by the investigation, in our own words."""
    lessons: tuple[str, ...] = ()
    """What it teaches."""
    reference: str
    """Where it was read."""
    verified: bool
    """Whether seen in a source text."""


class Deadline(Model):
    """One duty to report with the time it is due and the clause it comes from."""

    id: str
    """Id of the clock in `models/rules`."""
    regime: str
    """Which clock: accident, natural disaster, general."""
    reporter: str
    """Who must report."""
    recipient: str
    """To whom."""
    starts_at: AwareDatetime
    """When the clock started."""
    starts_from: str
    """What started it."""
    due_at: AwareDatetime
    """Latest time; equal to `starts_at` when the clause says at once."""
    clause: str
    """Clause, as cited."""
    reference: str
    """Where the clause was read."""
    verified: bool
    """Whether it was seen in a source text; false is shown as not verified, never as law."""
    if_judged: str = ""
    """What a person must first judge for the duty to apply; empty when it applies by the figures known."""


class Grading(Model):
    """A grade or level worked out by code, with the arithmetic shown."""

    scheme: str
    """Id of the rule set."""
    level: str | None
    """Grade or level; null when no threshold is reached or no figure is known."""
    if_missing_dead: str | None = None
    """The grade if everyone missing were dead; null when it is the same or no one is missing."""
    reasons: tuple[str, ...]
    """Which figure met which threshold."""
    near_boundary: tuple[str, ...] = ()
    """Figures one step from another grade; a warning to check, never a suggestion of a number."""
    clause: str
    """Clause."""
    reference: str
    """Where it was read."""
    verified: bool
    """Whether it was seen in a source text."""
    local: bool = True
    """False when the thresholds are another place's, shown only as an example."""


class Need(Model):
    """How much of one item a number of people needs for a number of days."""

    item: str
    """Item."""
    exact: float | None
    """People × amount × periods, unrounded; null when nobody said how many people of its group there are."""
    quantity: float | None
    """Rounded up to whole packing units; null like `exact`."""
    unit: str
    """Unit of both."""
    per: str
    """Per whom and how often."""
    standard: str
    """Standard it comes from."""
    clause: str
    """Clause or reference within the standard."""
    verified: bool
    """Whether the coefficient was seen in a source text."""
    arithmetic: str
    """The multiplication, written out."""
    standard_name: str = ""
    """Short name of the standard: with `ref`, what opens the source."""
    ref: str = ""
    """Stable key of the item within its standard."""
    source: str = ""
    """Where the coefficient stands, in words: title, publisher, year, clause, how it was seen."""
    pack: float = 1
    """Size of one packing unit."""
    whom: str = "all"
    """Group of people it is for, a key of `relief.GROUPS`."""
    people: int | None = None
    """How many people it was worked out for; null like `exact`."""
    days: float = 1
    """For how many days."""
    every: str = "once"
    """How often it is given: day, week, month, year, once."""
    least: float | None = None
    """The same multiplication with the least amount the standard allows, where it gives one."""
    part_of: str = ""
    """`ref` of the item it is already counted in; never added to it nor sent beside it."""
    priority: int | None = None
    """1 comes first … 9 last, where the standard says so."""
    within_minutes: float | None = None
    """Must arrive within, where the standard says so."""


class Claim(Model):
    """One sentence of a report and what it rests on."""

    id: str
    """Stable within the report."""
    section: str
    """Key of the section of the report type."""
    text: str
    """The sentence, Chinese."""
    citations: tuple[str, ...] = ()
    """Ids in the dossier (evidence, statement, impact, provision, case) or rule ids; empty only for a missing marker or fixed wording."""
    kind: Literal["fact", "estimate", "missing", "rule", "fixed"]
    """Counted fact, labelled estimate, 暂无/待核 marker, arithmetic from a rule, or fixed wording."""
    machine_text: str | None = None
    """The machine's sentence, kept when a person changed it."""


class Finding(Model):
    """What checking a report found, beside the sentence it concerns."""

    claim: str | None
    """Id of the claim; null for the whole report."""
    severity: Literal["block", "warn", "info"]
    """`block` stops signing, and only where law would."""
    code: str
    """Which check."""
    message: str
    """Chinese sentence: what is wrong and what would mend it."""


class Report(Model):
    """A document about one incident, or about one day. Its digest is what a decision binds to."""

    id: str
    """Stable id of this report across its versions."""
    version: int = Field(default=1, ge=1)
    """Counts every edit."""
    type: str
    """Report type, a file name under `reports/types`."""
    incident: str
    """Id of the incident; for the report of a day, `day-` with its date."""
    mode: Mode
    """Actual or exercise; printed on every page of an exercise."""
    stage: Stage
    """Stage."""
    number: int = Field(default=1, ge=1)
    """Running number within the stage."""
    title: str
    """Title as printed."""
    issuer: str
    """Issuing body."""
    recipients: tuple[str, ...]
    """Who must be told."""
    claims: tuple[Claim, ...]
    """The sentences in order."""
    gradings: tuple[Grading, ...] = ()
    """Grades and levels worked out by code."""
    deadlines: tuple[Deadline, ...] = ()
    """Duties to report."""
    data_as_of: AwareDatetime
    """Latest evidence considered."""
    created_at: AwareDatetime
    """When this version was made."""
    drafted_by: str
    """Account that asked for the draft or made the edit."""
    origin: str = "rules"
    """`rules`, or the name of the model that wrote it."""
    supersedes: str | None = None
    """Id of the report this one follows."""

    def content_digest(self) -> str:
        """SHA-256 of exactly what is read and goes out; the signature binds to this."""
        return digest(self.model_dump(mode="json"))


class Proposal(Model):
    """Anything the machine suggests. Only a decision makes it real."""

    id: str
    """Stable id."""
    kind: Literal["report", "incident_match", "dispatch", "relief_plan", "response_level", "library_fact"]
    """What is proposed."""
    subject: str
    """Id of the thing proposed."""
    digest: str
    """Digest of the exact content proposed."""
    proposed_at: AwareDatetime
    """When."""
    proposed_by: str
    """Rule set, model or account."""


class Decision(Model):
    """What a named person decided, bound to the digest of exactly what they read."""

    id: str
    """Digest of the rest."""
    subject: str
    """Id of the thing decided on: a report or a relief plan."""
    version: int
    """Version read."""
    digest: str
    """Digest of the content read."""
    verdict: Literal["submit", "sign", "return", "withdraw"]
    """What was decided."""
    officer: str
    """Account."""
    officer_name: str
    """Name as printed."""
    role: Role
    """Role in which it was decided."""
    reason: str = ""
    """Why; required for return and withdraw."""
    at: AwareDatetime
    """When."""
    key: str = ""
    """Fingerprint of the public key the signature was made with; empty unless it was signed."""
    signature: str = ""
    """Ed25519 over the digest, base64; empty unless it was signed."""


class ReportState(Model):
    """A report with its newest version, decisions and standing."""

    report: Report
    """Newest version."""
    findings: tuple[Finding, ...] = ()
    """Checks of that version."""
    decisions: tuple[Decision, ...] = ()
    """All decisions, oldest first."""
    status: Literal["draft", "submitted", "returned", "signed", "void", "withdrawn"]
    """`void` when it was edited after signing."""

    @property
    def paper(self) -> Report:
        """What is signed."""
        return self.report


class Dossier(Model):
    """Everything a report about one incident may cite, in one read; or about a day, and then of every incident of that day."""

    incident: Incident
    """The incident; for a day, a stand-in that covers the city."""
    incidents: tuple[Incident, ...] = ()
    """For a day, the incidents open or changed on it, the first heard of first; empty for one incident's own dossier."""
    impacts: tuple[Impact, ...] = ()
    """What we believe."""
    statements: tuple[Statement, ...] = ()
    """What was said."""
    evidence: tuple[EvidenceView, ...] = ()
    """By whom, masked; oldest first."""
    provisions: tuple[Provision, ...] = ()
    """Articles that apply, in force on the day."""
    documents: tuple[Document, ...] = ()
    """The documents those articles belong to."""
    cases: tuple[Case, ...] = ()
    """Similar past cases."""
    facts: tuple[Fact, ...] = ()
    """Levels, triggers, who starts which level, and actions, of this city's plans for such an event in force on the day, in the order of the text."""
    reports: tuple[ReportState, ...] = ()
    """Reports already made about it, oldest first."""
    waiting: int = 0
    """For a day, how many messages wait for a person now."""
    links: tuple[Link, ...] = ()
    """What led to it and what it led to."""
    linked: tuple[Incident, ...] = ()
    """The other incidents of those links."""
    judgements: tuple[Judgement, ...] = ()
    """What people decided about what belongs to it, oldest first, undone ones included."""


class SecondReading(Model):
    """What a language model reads in a message the rules were unsure of; a hint for the person who decides, never a figure of a report."""

    evidence: str
    """Id of the evidence."""
    model: str
    """Model that read it."""
    hazard: str | None
    """Hazard code it proposes."""
    request_type: str
    """What the sender wants, as it reads it."""
    place: str = ""
    """Words of the masked text that name the place."""
    time: str = ""
    """Words of the masked text that name the time."""
    impacts: tuple[Quantity, ...] = ()
    """Figures: found by the model, read by our rules from the words it pointed at."""
    dropped: int = 0
    """Quotes that do not stand in the text, or do not say what was claimed."""
    seconds: float = 0
    """How long it took."""


class Dropped(Model):
    """A model's sentence that checking refused; kept for the record, never shown as text of a report."""

    section: str
    """Section it was written for."""
    text: str
    """What the model wrote."""
    codes: tuple[str, ...]
    """Checks it failed."""
    reason: str
    """The first of them, in words."""


class Offer(Model):
    """What a language model made of a report's narrative sections, checked; a suggestion until a person takes it."""

    report: str
    """Id of the report it was written for."""
    version: int
    """Version of the report it was written beside."""
    model: str
    """Model that wrote it."""
    claims: tuple[Claim, ...]
    """Sentences that passed every check, in order."""
    dropped: tuple[Dropped, ...] = ()
    """Sentences that did not."""
    in_time: bool = True
    """False when the time was up before the model had finished: what is offered are the sentences it had finished."""
    seconds: dict[str, float]
    """Time of each stage in seconds: material, first_token, answer, check, total."""


class Entry(Model):
    """One line of the ledger."""

    seq: int
    """Position, from 1, without gaps."""
    at: AwareDatetime
    """When it was written."""
    kind: str
    """What happened: `evidence.received`, `evidence.understood`, `report.signed` …"""
    subject: str
    """Id of the thing it concerns."""
    by: str
    """Account, or `system`."""
    payload: dict[str, Any]
    """Details, without personal data."""
    prev: str
    """Hash of the entry before."""
    hash: str
    """SHA-256 over all of the above."""


class Receipt(Model):
    """Counts of one run of one source; they add up to what was read."""

    source: str
    """Name of the source."""
    read: int = 0
    """Records read."""
    new: int = 0
    """Received for the first time."""
    duplicate: int = 0
    """Already in the ledger."""
    quarantined: int = 0
    """Kept aside with a reason."""
    unread_fields: tuple[str, ...] = ()
    """Columns of the source nobody reads."""


class Channel(Model):
    """One way a source reaches us: the folder its files are left in, or an address that is asked."""

    name: str
    """Name of the channel: the source's own for its folder, the city's for an address."""
    kind: Literal["folder", "http", "sql"]
    """How it is read."""
    place: str
    """Folder or address, without anything secret."""
    every_seconds: int = Field(ge=1)
    """Seconds between two looks."""


class ChannelState(Model):
    """How one channel is doing, computed from the record alone."""

    channel: Channel
    """The channel."""
    last_run_at: AwareDatetime | None
    """When it was last looked at, with or without success; null before the first time."""
    next_run_at: AwareDatetime | None
    """When it is due next; null before the first time. In the past means that no schedule is running."""
    lag_seconds: float | None
    """How long ago it was last read to its end without an error; null when it never was."""
    failures: int = 0
    """Failed looks in a row, up to now."""
    error: str = ""
    """What went wrong the last time; empty when nothing did."""


class SourceState(Model):
    """How one source is doing."""

    source: Source
    """The source."""
    channels: tuple[ChannelState, ...]
    """Its channels, the folder first."""
    new: int = 0
    """Items received for the first time in the last 24 hours."""
    duplicate: int = 0
    """Items in the last 24 hours that were known already."""
    quarantined: int = 0
    """Records set aside in the last 24 hours."""
    held: int = 0
    """Records in quarantine that nobody has settled, of all time."""
    unread_fields: tuple[str, ...] = ()
    """Columns that came in the last 24 hours and that nobody read."""
    expectation: Literal["within", "below", "above", "too_early"] = "within"
    """New items of the last 24 hours against the expected daily minimum and maximum; too early before a whole day was watched."""


class Person(Model):
    """An account. The password's hash never leaves the ledger."""

    name: str
    """Account name."""
    display_name: str
    """Name as printed."""
    role: Role
    """Role."""
    districts: tuple[str, ...] = ()
    """Division codes (GB/T 2260, six digits) the account is limited to; empty for the whole city."""
    must_change: bool = False
    """Whether the password was set by someone else and must be changed before anything else."""
    has_code: bool = False
    """Whether a changing code (TOTP) is asked beside the password."""
    is_external: bool = False
    """Whether the bureau's identity provider (OIDC) vouches for it; it then has no password here."""
