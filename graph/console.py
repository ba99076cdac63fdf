"""Questions to the graph in Cypher, typed by a planner: they are answered, and whatever they say, nothing is changed.

Four things stand between a statement and the graph, because each alone has been seen to fail somewhere. The words: only statements
made of reading clauses, known procedures and known functions are let through. The server: Neo4j says beforehand whether a statement
writes, and refuses writes in a READ session; the embedded engine does neither, so it is asked as a user who may only read. The
transaction, which is rolled back whatever came of it. And limits of time and rows.

The words are looked at strictly: an escaped character, an invisible one, or a word that begins a writing clause is refused even where
it would do no harm. Names with such a word can be written in backticks.
"""

from __future__ import annotations

import multiprocessing
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.pool import AsyncResult, ThreadPool
from typing import TYPE_CHECKING, Any

from graph.people import allow_any
from graph.store import Store, Table
from models.domain import Person
from models.errors import BadInput, Refused

if TYPE_CHECKING:
    from graph.knowledge import Knowledge

MOST_ROWS = 200
MOST_SECONDS = 10.0
PATIENCE = 5.0
"""Seconds the embedded engine may go on with a question that nobody waits for any more, before it is ended and started anew."""
LONGEST = 10_000
"""Characters of one statement."""

FIRST_WORDS = frozenset({"MATCH", "OPTIONAL", "WITH", "UNWIND", "RETURN", "CALL"})
"""What a reading statement begins with."""

REFUSED_WORDS = frozenset(
    {
        "ALTER",
        "BEGIN",
        "COMMIT",
        "COMPOSITE",
        "CREATE",
        "CYPHER",
        "DATABASE",
        "DEALLOCATE",
        "DELETE",
        "DENY",
        "DETACH",
        "DROP",
        "DRYRUN",
        "ENABLE",
        "EXPLAIN",
        "FOREACH",
        "GRANT",
        "INSERT",
        "LET",
        "LOAD",
        "MERGE",
        "NEXT",
        "NODETACH",
        "PERIODIC",
        "PROFILE",
        "REALLOCATE",
        "REMOVE",
        "RENAME",
        "REVOKE",
        "ROLLBACK",
        "SET",
        "SHOW",
        "START",
        "STOP",
        "TERMINATE",
        "TRANSACTION",
        "TRANSACTIONS",
        "USE",
        "USING",
    }
)
"""Words of clauses and commands that write, read files, change who may do what, or decide how the statement itself is run."""

PROCEDURES = frozenset(
    {
        "db.labels",
        "db.relationshiptypes",
        "db.propertykeys",
        "db.schema.visualization",
        "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties",
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
        "db.index.vector.querynodes",
    }
)
"""Procedures that only read, in lower case."""

FUNCTIONS = frozenset(
    {
        "abs",
        "acos",
        "all",
        "allshortestpaths",
        "any",
        "asin",
        "atan",
        "atan2",
        "avg",
        "btrim",
        "ceil",
        "char_length",
        "character_length",
        "coalesce",
        "collect",
        "cos",
        "cot",
        "count",
        "date",
        "date.truncate",
        "datetime",
        "datetime.truncate",
        "degrees",
        "duration",
        "duration.between",
        "duration.indays",
        "duration.inmonths",
        "duration.inseconds",
        "e",
        "elementid",
        "endnode",
        "exists",
        "exp",
        "floor",
        "haversin",
        "head",
        "id",
        "isempty",
        "isnan",
        "keys",
        "labels",
        "last",
        "left",
        "length",
        "localdatetime",
        "localtime",
        "log",
        "log10",
        "lower",
        "ltrim",
        "max",
        "min",
        "nodes",
        "none",
        "normalize",
        "nullif",
        "percentilecont",
        "percentiledisc",
        "pi",
        "point",
        "point.distance",
        "point.withinbbox",
        "properties",
        "radians",
        "rand",
        "range",
        "reduce",
        "relationships",
        "replace",
        "reverse",
        "right",
        "round",
        "rtrim",
        "shortestpath",
        "sign",
        "sin",
        "single",
        "size",
        "split",
        "sqrt",
        "startnode",
        "stdev",
        "stdevp",
        "substring",
        "sum",
        "tail",
        "tan",
        "time",
        "timestamp",
        "toboolean",
        "tobooleanlist",
        "tobooleanornull",
        "tofloat",
        "tofloatlist",
        "tofloatornull",
        "tointeger",
        "tointegerlist",
        "tointegerornull",
        "tolower",
        "tostring",
        "tostringlist",
        "tostringornull",
        "toupper",
        "trim",
        "type",
        "upper",
        "valuetype",
        "vector.similarity.cosine",
        "vector.similarity.euclidean",
    }
)
"""Functions that only compute, in lower case."""

WORDS_BEFORE_BRACKET = frozenset(
    {
        "ALL",
        "AND",
        "AS",
        "ASC",
        "ASCENDING",
        "BY",
        "CALL",
        "CASE",
        "COLLECT",
        "CONTAINS",
        "COUNT",
        "DESC",
        "DESCENDING",
        "DISTINCT",
        "ELSE",
        "END",
        "ENDS",
        "EXISTS",
        "IN",
        "IS",
        "LIMIT",
        "MATCH",
        "NOT",
        "NULL",
        "OFFSET",
        "ON",
        "OPTIONAL",
        "OR",
        "ORDER",
        "RETURN",
        "SHORTEST",
        "SKIP",
        "STARTS",
        "THEN",
        "UNION",
        "UNWIND",
        "WHEN",
        "WHERE",
        "WITH",
        "XOR",
        "YIELD",
    }
)
"""Words of reading clauses after which an opening bracket begins an expression, a pattern or a subquery."""

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n\r]*|/\*.*?\*/)|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<quoted>`(?:[^`]|``)*`)"""
    r"""|(?P<word>[^\W\d]\w*)|(?P<number>\d\w*(?:\.\d\w*)?)|(?P<sign>[^\w\s])""",
    re.DOTALL,
)
_NAMES = frozenset({"word", "quoted"})
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


ASKERS = ("manage_library", "audit", "manage_people")
"""Permissions of which one is enough to ask the graph itself: it answers with everything the graph holds."""


def ask_as(knowledge: Knowledge, person: Person, cypher: str, parameters: Mapping[str, Any] | None = None) -> Table:
    """`ask` in a person's name. NotAllowed, recorded, without one of `ASKERS`."""
    allow_any(knowledge.ledger, person, ASKERS)
    return ask(knowledge.store, cypher, parameters)


def ask(
    store: Store, cypher: str, parameters: Mapping[str, Any] | None = None, *, rows: int = MOST_ROWS, seconds: float = MOST_SECONDS
) -> Table:
    """The answer to one reading statement: at most `rows` rows (200), in at most `seconds` seconds (10); one question at a time.

    Raises Refused when the statement is not plainly a reading one or takes too long, BadInput when the engine cannot read it.
    """
    statement = reading(cypher)
    rows, seconds = max(1, min(rows, MOST_ROWS)), max(0.5, min(seconds, MOST_SECONDS))
    if not _ONE_AT_A_TIME.acquire(timeout=seconds):
        raise Refused("上一条查询还没有结束。请稍后再试。")

    with ExitStack() as held:
        held.callback(_ONE_AT_A_TIME.release)
        # Starting an engine that died is no part of the time a question has.
        store.find_engine()
        held.pop_all()

    def work() -> Table:
        try:
            return store.read_only(statement, parameters or {}, rows, seconds)
        finally:
            _ONE_AT_A_TIME.release()

    # The embedded engine looks at the clock only between rows of the answer and would work for hours on a sum, on a core that others
    # need. So the person is answered here when time is up, and an engine that does not stop soon is ended: it starts anew in seconds.
    desk = ThreadPool(1)
    answer = desk.apply_async(work)
    desk.close()
    try:
        return answer.get(seconds + 1)
    except multiprocessing.TimeoutError:
        threading.Thread(target=_end, args=(store, answer), daemon=True).start()
        raise Refused(f"查询超过 {seconds:g} 秒，不再等待。请缩小范围，例如先按编号或标题匹配，或加 LIMIT。") from None


def _end(store: Store, answer: AsyncResult[Table]) -> None:
    answer.wait(PATIENCE)
    if not answer.ready():
        store.end_engine()


def reading(cypher: str) -> str:
    """What is sent of a statement, without comments, if its words are plainly those of one reading statement. Raises Refused, BadInput."""
    if len(cypher) > LONGEST:
        raise Refused(f"语句超过 {LONGEST} 个字符，控制台不接受。")
    _refuse_hidden(cypher)
    parts = list(_tokens(cypher))
    while parts and (parts[-1].kind == "space" or parts[-1].text == ";"):
        parts.pop()
    tokens = [token for token in parts if token.kind != "space"]
    if not tokens:
        raise BadInput("没有语句。请写一条查询，例如 MATCH (d:Document) RETURN d.title LIMIT 20。")
    if tokens[0].kind != "word" or tokens[0].text.upper() not in FIRST_WORDS:
        raise Refused(f"控制台只能查询：语句要以 MATCH、WITH、UNWIND、RETURN 或 CALL 开头，不能以 {tokens[0].text[:30]} 开头。")
    for place, token in enumerate(tokens):
        if token.text == ";":
            raise Refused("一次只能执行一条语句：请去掉中间的分号。")
        if token.kind == "word":
            _refuse_word(token.text)
        if token.kind in _NAMES:
            _refuse_call(tokens, place)
    # A comment is not sent: where it ends must not be for the engine to say.
    return "".join(" " if token.kind == "space" else token.text for token in parts).strip()


def _refuse_hidden(cypher: str) -> None:
    # Neo4j turns \u0043 into C before it reads anything else, in comments and texts too, so no part of a statement could be trusted.
    if re.search(r"\\+u", cypher, re.IGNORECASE):
        raise Refused("语句中不能有 \\u 转义字符，请直接写出该字符。")
    for character in cypher:
        if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"} and character not in "\t\n\r":
            raise Refused(f"语句中有看不见的字符（U+{ord(character):04X}），请删去。")


def _tokens(cypher: str) -> Iterator[_Token]:
    place = 0
    while place < len(cypher):
        found = _TOKEN.match(cypher, place)
        if found is None:
            raise Refused(f"第 {place + 1} 个字符起看不懂，控制台不执行看不懂的语句。")
        if found[0] in {"'", '"', "`"} or (found[0] == "/" and cypher[place : place + 2] == "/*"):
            raise Refused("引号或注释没有结束。")
        yield _Token(str(found.lastgroup), found[0])
        place = found.end()


def _refuse_word(text: str) -> None:
    # Letters outside ASCII fold onto ASCII ones (ſ is an s, the Kelvin sign a k), and the engines do not agree on when.
    word = unicodedata.normalize("NFKC", text).upper()
    if word in REFUSED_WORDS:
        raise Refused(f"控制台只能查询：语句中不能有 {word}。若是名称，请放在反引号中。")


def _refuse_call(tokens: list[_Token], place: int) -> None:
    """Refuse a procedure or a function that is not known to be harmless; judged at the last part of its dotted name."""
    start, end = place, place + 1
    while start >= 2 and tokens[start - 1].text == "." and tokens[start - 2].kind in _NAMES:
        start -= 2
    if end < len(tokens) and tokens[end].text == ".":
        return
    name = "".join(token.text.strip("`").lower() for token in tokens[start:end])
    before, after = (tokens[start - 1] if start else None), (tokens[end] if end < len(tokens) else None)
    if before and before.kind == "word" and before.text.upper() == "CALL":
        if name not in PROCEDURES:
            raise Refused(f"控制台不能调用过程 {name}；可以调用的是 {'、'.join(sorted(PROCEDURES))}。")
    elif after and after.text == "(" and name not in FUNCTIONS and name.upper() not in WORDS_BEFORE_BRACKET:
        raise Refused(f"控制台不能使用函数 {name}。")
