"""A planner may ask the graph anything in Cypher, and nothing that is asked changes it. On the real engine."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest

from graph import console
from graph.knowledge import open_knowledge
from graph.store import Store
from models.domain import Document, Provision
from models.errors import BadInput, Refused
from models.settings import Settings
from tests.conftest import GRAPH

DISGUISES = {
    "a plain create": "CREATE (:Source {id: 'x'})",
    "mixed case": "cReAtE (:Source {id: 'x'})",
    "after a read": "MATCH (n:Document) SET n.title = 'x' RETURN n",
    "merge": "MERGE (n:Source {id: 'x'}) RETURN n",
    "merge with on create": "MATCH (d:Document) MERGE (d)-[x:SUPERSEDES]->(d) ON CREATE SET x.a = 1 RETURN x",
    "remove a property": "MATCH (n:Document) REMOVE n.title RETURN n",
    "remove a label": "MATCH (n:Document) REMOVE n:Document RETURN n",
    "delete": "MATCH (n:Provision)-[x]->() DELETE x",
    "detach delete": "MATCH (n) DETACH DELETE n",
    "nodetach delete": "MATCH (n:Topic) NODETACH DELETE n",
    "foreach": "MATCH (n:Document) FOREACH (x IN [1] | SET n.title = 'x')",
    "a subquery": "CALL { CREATE (x:Source {id: 'x'}) RETURN 1 AS a } RETURN a",
    "a subquery with a scope": "MATCH (n:Document) CALL (n) { SET n.title = 'x' } RETURN n",
    "a subquery within a subquery": "CALL { CALL { CREATE (x:Source {id: 'x'}) RETURN 1 AS a } RETURN a } RETURN a",
    "a subquery in its own transactions": "MATCH (n) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS",
    "a subquery in transactions of one row": "MATCH (n) CALL (n) { DETACH DELETE n } IN 2 CONCURRENT TRANSACTIONS OF 1 ROWS",
    "the second half of a union": "RETURN 1 AS a UNION CREATE (n:Source {id: 'x'}) RETURN 1 AS a",
    "an index": "CREATE INDEX sneaky FOR (n:Source) ON (n.y)",
    "an index, only explained": "EXPLAIN CREATE INDEX sneaky FOR (n:Source) ON (n.y)",
    "a constraint dropped": "DROP CONSTRAINT source_id",
    "profiled": "PROFILE CREATE (:Source {id: 'x'})",
    "explained with options": "CYPHER planner=cost CREATE (:Source {id: 'x'})",
    "behind a comment": "/* only reading */ CREATE (:Source {id: 'x'})",
    "behind a line comment": "// MATCH (n) RETURN n\nCREATE (:Source {id: 'x'})",
    "behind a line comment ended by a carriage return": "MATCH (n:Topic) // look\rDETACH DELETE n",
    "words parted by a comment": "MATCH (n:Topic) DETACH/**/DELETE/**/n",
    "a comment closed by an escape": "MATCH (n:Topic) /* \\u002a\\u002f DETACH DELETE n /* */ RETURN n",
    "a text closed by an escape": "MATCH (n:Topic) WHERE n.id <> '\\u0027 DETACH DELETE n //' RETURN n",
    "an escaped first letter": "\\u0043REATE (:Source {id: 'x'})",
    "an escaped letter within": "MATCH (n:Topic) DE\\u0054ACH DELETE n",
    "an escaped letter in capitals": "MATCH (n:Topic) \\U0044ETACH DELETE n",
    "a zero-width space": "MATCH (n:Topic) DETACH DEL\u200bETE n",
    "a zero-width joiner before it": "\u200dCREATE (:Source {id: 'x'})",
    "a byte order mark": "\ufeffCREATE (:Source {id: 'x'})",
    "writing turned round": "MATCH (n:Topic) \u202eDETACH DELETE n",
    "wide letters": "ＣＲＥＡＴＥ (:Source {id: 'x'})",
    "a long s": "MATCH (n:Document) ſET n.title = 'x' RETURN n",
    "a second statement": "RETURN 1; CREATE (:Source {id: 'x'})",
    "a second statement on its own line": "MATCH (n) RETURN n;\nMATCH (n) DETACH DELETE n;",
    "a procedure that makes a node": "CALL merge.node(['Source'], {id: 'x'}) YIELD node RETURN node",
    "a procedure in backticks": "CALL `merge`.`node`(['Source'], {id: 'x'}) YIELD node RETURN node",
    "a procedure with spaces": "CALL merge . node (['Source'], {id: 'x'}) YIELD node RETURN node",
    "a procedure behind a comment": "CALL /* db.labels */ merge.node(['Source'], {id: 'x'})",
    "an optional call": "OPTIONAL CALL merge.node(['Source'], {id: 'x'}) YIELD node RETURN node",
    "a procedure that makes a label": "CALL db.createLabel('Sneaky')",
    "apoc": "CALL apoc.create.node(['Source'], {id: 'x'}) YIELD node RETURN node",
    "apoc running text": "CALL apoc.cypher.doIt('CREATE (:Source {id: 1})', {}) YIELD value RETURN value",
    "apoc as a function": "RETURN apoc.cypher.runFirstColumnSingle('CREATE (n:Source) RETURN n', {})",
    "a vector set by a procedure": "MATCH (n:Document) CALL db.create.setNodeVectorProperty(n, 'title', [1.0]) RETURN n",
    "a function nobody knows": "RETURN sql('DELETE FROM Document')",
    "a function in backticks": "RETURN `apoc`.`create`.`uuid`()",
    "a file": "LOAD CSV FROM 'file:///etc/hostname' AS line RETURN line",
    "a file that writes": "LOAD CSV FROM 'file:///etc/hostname' AS line CREATE (:Source {id: line[0]})",
    "another database": "USE system MATCH (n) DETACH DELETE n",
    "a user": "CREATE USER sneaky SET PASSWORD 'abcdefgh1' CHANGE NOT REQUIRED",
    "the users": "SHOW USERS",
    "a password": "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'bcdefghi1'",
    "someone else's transaction": "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "the settings": "CALL dbms.listConfig() YIELD name, value RETURN name, value",
    "the other language": "INSERT (:Source {id: 'x'})",
    "one after the other": "MATCH (n:Topic) RETURN n NEXT MATCH (n:Topic) DETACH DELETE n",
    "an open comment": "MATCH (n) RETURN n /* CREATE (:Source)",
    "an open text": "MATCH (n) RETURN 'CREATE (:Source)",
    "a hidden end of a text": "MATCH (n:Topic) WHERE n.id = 'a\\\\' DETACH DELETE n //'",
    "backticks that end early": "MATCH (n:`a``b`) DETACH DELETE n",
}


@pytest.fixture(scope="module")
def shelf(_open_store: Store) -> Store:
    """One library for all questions: a question that changed it would fail its own test."""
    _open_store.clear()
    law = Document(id="L1", title="安全条例", issuer="省人大", level="regulation", in_force=date(2020, 1, 1), reference="公报")
    articles = [
        Provision(
            id=f"L1-{n}", document="L1", article=f"第{n}条", text=f"第{n}项要求。", topics=("response",), source="公报", verified=True
        )
        for n in range(1, 31)
    ]
    _open_store.load_library([law], articles, [], "one")
    return _open_store


@pytest.mark.parametrize("statement", DISGUISES.values(), ids=DISGUISES)
def test_a_write_in_any_disguise_is_refused_and_changes_nothing(shelf: Store, statement: str) -> None:
    before = _whole(shelf)
    with pytest.raises(Refused):
        console.ask(shelf, statement)
    assert _whole(shelf) == before


@pytest.mark.parametrize("statement", DISGUISES.values(), ids=DISGUISES)
def test_the_engine_itself_changes_nothing_when_the_words_are_not_looked_at(shelf: Store, statement: str) -> None:
    before = _whole(shelf)
    with contextlib.suppress(Refused, BadInput):
        shelf.read_only(statement, {}, 10, 5)
    assert _whole(shelf) == before


def _whole(store: Store) -> tuple[str, list[str]]:
    return store.digest(), _indexes(store)


def _indexes(store: Store) -> list[str]:
    return sorted(str(row["name"]) for row in store._ask("SHOW INDEXES"))


def test_a_question_is_answered_in_plain_values(shelf: Store) -> None:
    asked = "MATCH (d:Document {id: $id})<-[x:PART_OF]-(p:Provision {id: 'L1-7'}) RETURN d.title AS title, p, x, [1, p.article] AS list, null AS no"
    table = console.ask(shelf, asked, {"id": "L1"})
    assert table.columns == ("title", "p", "x", "list", "no")
    (title, node, relation, listed, nothing) = table.rows[0]
    assert (title, node["_labels"], node["text"], relation, listed, nothing) == (
        "安全条例",
        ["Provision"],
        "第7项要求。",
        {"_type": "PART_OF"},
        [1, "第7条"],
        None,
    )


def test_more_rows_than_asked_for_are_cut_and_that_is_said(shelf: Store) -> None:
    table = console.ask(shelf, "MATCH (p:Provision) RETURN p.id AS id ORDER BY id", rows=5)
    assert (len(table.rows), table.is_cut) == (5, True)
    assert not console.ask(shelf, "MATCH (p:Provision) RETURN p.id LIMIT 5", rows=5).is_cut


@pytest.mark.parametrize(
    "statement",
    [
        "MATCH (n:Document) RETURN n.title;",
        "// 所有文件\nMATCH (n:Document) RETURN count(n) AS `set`",
        "MATCH (n:Document) WHERE NOT n.title CONTAINS 'CREATE; DELETE //' RETURN n",
        "CALL db.labels()",
        "CALL db.labels() YIELD label WHERE label STARTS WITH 'P' RETURN label",
        "MATCH (d:Document) CALL (d) { MATCH (d)<-[:PART_OF]-(p:Provision) RETURN count(p) AS n } RETURN d.title, n",
        "MATCH (p:Provision) WHERE EXISTS { (p)-[:ON_TOPIC]->(:Topic {id: 'response'}) } RETURN toUpper(p.id) ORDER BY p.id SKIP 1 LIMIT 3",
        "UNWIND range(1, 3) AS i RETURN i, CASE WHEN i > (1 + 1) THEN 'x' ELSE \"y\" END AS z",
        "MATCH path = (p:Provision)-[:PART_OF*1..2]->(d:Document) RETURN path, length(path) LIMIT 2",
        "RETURN date.truncate('month', date('2026-07-12')) AS month",
        "RETURN 1 AS a UNION ALL RETURN 2 AS a",
        "MATCH (p:Provision) WHERE all(x IN [1] WHERE x IN [1, (2)]) AND (p.place >= 0) RETURN p.id LIMIT 1",
    ],
)
def test_reading_statements_are_answered(shelf: Store, statement: str) -> None:
    before = shelf.digest()
    assert console.ask(shelf, statement).rows
    assert shelf.digest() == before


def test_a_statement_the_engine_cannot_read_is_told_with_its_words(shelf: Store) -> None:
    with pytest.raises(BadInput, match="看不懂"):
        console.ask(shelf, "MATCH (n RETURN n")
    with pytest.raises(BadInput):
        console.ask(shelf, "  // nothing\n ;")


LONG = "UNWIND range(1, 4000) AS a UNWIND range(1, 4000) AS b UNWIND range(1, 40) AS c RETURN sum(a * b * c)"


@pytest.mark.skipif(GRAPH != "neo4j", reason="the embedded engine is ended for it: the next test")
def test_a_question_that_takes_too_long_is_given_up(shelf: Store) -> None:
    with pytest.raises(Refused, match="秒"):
        console.ask(shelf, LONG, seconds=1)
    assert console.ask(shelf, "RETURN 1 AS one").rows == [(1,)]


def test_an_engine_that_does_not_give_up_a_question_is_ended_and_starts_anew(home: Settings) -> None:
    with open_knowledge(home) as known:
        before = known.store.digest()
        with pytest.raises(Refused, match="秒"):
            console.ask(known.store, LONG, seconds=0.5)
        # It would work on for many minutes. Who asks next waits for the new engine, which holds the same.
        assert console._ONE_AT_A_TIME.acquire(timeout=120)
        console._ONE_AT_A_TIME.release()
        assert console.ask(known.store, "RETURN 1 AS one").rows == [(1,)]
        assert known.store.digest() == before
