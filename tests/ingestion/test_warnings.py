"""Warnings of authorities and hazard feeds: what the standard demands is demanded, and what is hostile is refused. Invented content."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from ingestion.evaluate_feeds import feeds
from ingestion.source import sources
from ingestion.warning_ids import level, reading, warning_id
from models.domain import BEIJING, Evidence, Quarantined
from models.errors import BadInput

NOW = datetime(2026, 7, 18, 21, 0, tzinfo=BEIJING)
DATA = Path(__file__).resolve().parents[2] / "../shared/data/hazard_feed_fixtures"

CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>32010041600000_20260718200500_0</identifier><sender>qingmei@example.cn</sender><sent>2026-07-18T20:05:00+08:00</sent>
  <status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>en-US</language><category>Met</category><event>Rainstorm</event><urgency>Immediate</urgency>
    <severity>Severe</severity><certainty>Likely</certainty><headline>Heavy rain</headline></info>
  <info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency><severity>Severe</severity>
    <certainty>Likely</certainty><eventCode><valueName>预警</valueName><value>11B03</value></eventCode>
    <expires>2026-07-18T23:05:00+08:00</expires><headline>青梅市气象台发布暴雨橙色预警</headline>
    <description>预计三小时雨量将达60毫米。</description><instruction>请勿涉水。</instruction>
    <parameter><valueName>level</valueName><value>Orange</value></parameter>
    <area><areaDesc>青梅市全市</areaDesc><polygon>32,118 32,119 33,119 32,118</polygon>
      <geocode><valueName>adcode</valueName><value>320100</value></geocode></area></info>
</alert>"""


def read(folder: Path, body: str, source: str = "warning", name: str = "a.xml") -> list[Evidence | Quarantined]:
    path = folder / name
    path.write_text(body, encoding="utf-8")
    return list(sources()[source].read(path, NOW))  # type: ignore[arg-type]


def test_an_alert_is_read_in_chinese_with_all_it_holds(tmp_path):
    [alert] = read(tmp_path, CAP)
    assert isinstance(alert, Evidence)
    assert (alert.kind, alert.title, alert.place_hint) == ("warning", "青梅市气象台发布暴雨橙色预警", "青梅市全市")
    assert alert.text == "预计三小时雨量将达60毫米。\n请勿涉水。"
    assert alert.external_id == "qingmei@example.cn,32010041600000_20260718200500_0,2026-07-18T20:05:00+08:00"
    assert alert.sent_at == datetime(2026, 7, 18, 20, 5, tzinfo=BEIJING)
    assert (alert.lon, alert.lat) == (None, None), "an area with an outline has no one point"
    assert json.loads(alert.fields["area"])[0]["polygon"] == "32,118 32,119 33,119 32,118"
    assert "Heavy rain" in alert.fields["其他语种"]
    assert "发布单位区划 320100（南京市）" in alert.fields["标识解读"]
    assert "11B03（自然灾害）" in alert.fields["标识解读"]
    assert "橙色" in alert.fields["标识解读"]
    assert not set(alert.fields) - sources()["warning"].kept


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("<status>Actual</status>", "", "缺少 alert/status"),
        ("<status>Actual</status>", "<status>actual</status>", "不在标准允许的取值中"),
        ("<certainty>Likely</certainty><eventCode>", "<eventCode>", "缺少 alert/info/certainty"),
        ("2026-07-18T20:05:00+08:00</sent>", "2026-07-18T12:05:00Z</sent>", "不能用 Z"),
        ("2026-07-18T20:05:00+08:00</sent>", "2026-07-18 20:05:00</sent>", "不是标准的时间格式"),
        ("2026-07-18T20:05:00+08:00</sent>", "2026-02-30T20:05:00+08:00</sent>", "不是可能的时间"),
        ("<category>Met</category><event>暴雨", "<category>Weather</category><event>暴雨", "Weather"),
        ("qingmei@example.cn", "qing mei", "不能为空，也不能含空格"),
        ("32,118 32,119 33,119 32,118", "32,118 32,119 33,119", "首尾相同"),
        ("32,118 32,119 33,119 32,118", "118,32 119,32 119,33 118,32", "超出范围"),
        ("<scope>Public</scope>", "<scope>Restricted</scope>", "缺少 alert/restriction"),
        ("<scope>Public</scope>", "<scope>Public</scope><scope>Public</scope>", "只能出现 1 次"),
        ("<scope>Public</scope>", "<mood>sad</mood><scope>Public</scope>", "标准没有的元素 mood"),
        ("<sender>qingmei@example.cn</sender><sent>2026-07-18T20:05:00+08:00</sent>",
         "<sent>2026-07-18T20:05:00+08:00</sent><sender>qingmei@example.cn</sender>", "位置不对"),
        ("<scope>Public</scope>", "<scope>Public</scope><references>an earlier one</references>", "发布者,标识,时间"),
        ("<polygon>", "<circle>32,118</circle><polygon>", "半径"),
        ("</geocode>", "</geocode><ceiling>900</ceiling>", "ceiling 只能与 altitude"),
        ("<status>Actual</status>", "<status>Draft</status>", "草稿"),
        ("<msgType>Alert</msgType>", "<msgType>Ack</msgType>", "应答"),
        ("<language>zh-CN</language>", '<language>zh-CN</language><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>', "标准没有的元素 Signature"),
    ],
)  # fmt: skip
def test_an_alert_that_breaks_the_standard_is_refused_with_the_reason(tmp_path, old, new, complaint):
    assert old in CAP
    [refused] = read(tmp_path, CAP.replace(old, new, 1))
    assert isinstance(refused, Quarantined)
    assert complaint in refused.reason
    assert "identifier" in refused.raw


@pytest.mark.parametrize("body", [
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + CAP.partition("?>")[2].replace("请勿涉水", "&x;"),
    '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>' + CAP.partition("?>")[2].replace("请勿涉水", "&y;"),
    CAP.replace("cap:1.2", "cap:1.1"), CAP[:-20], "<html/>",
])  # fmt: skip
def test_entities_other_standards_and_damage_are_refused_whole(tmp_path, body):
    with pytest.raises(BadInput):
        read(tmp_path, body)


def test_a_signature_is_allowed_where_the_standard_allows_it_and_said_to_be_unverified(tmp_path):
    [alert] = read(
        tmp_path, CAP.replace("</alert>", '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature></alert>')
    )
    assert isinstance(alert, Evidence)
    assert "未验证" in alert.fields["签名"]


def test_an_exercise_is_marked_and_a_cancellation_says_what_it_cancels(tmp_path):
    earlier = "qingmei@example.cn,32010041600000_20260718180000_0,2026-07-18T18:00:00+08:00"
    [drill] = read(tmp_path, CAP.replace("Actual", "Exercise"))
    cancel = CAP.replace("<msgType>Alert", "<msgType>Cancel").replace("Public</scope>", f"Public</scope><references>{earlier}</references>")
    [cancelled] = read(tmp_path, cancel)
    [vague] = read(tmp_path, CAP.replace("<msgType>Alert", "<msgType>Cancel"))
    assert isinstance(drill, Evidence)
    assert isinstance(cancelled, Evidence)
    assert isinstance(vague, Evidence)
    assert drill.mode == "exercise"
    assert cancelled.title.startswith("取消预警")
    assert earlier in cancelled.text
    assert cancelled.fields["references"] == earlier
    assert "references" in vague.fields["核对"]


def test_alerts_in_an_envelope_are_read_one_by_one(tmp_path):
    inner = CAP.partition("?>")[2]
    bad = inner.replace("<scope>Public</scope>", "")
    found = read(tmp_path, f'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">{inner}{bad}</EDXLDistribution>')
    assert [type(one) for one in found] == [Evidence, Quarantined]


def test_a_circle_that_is_all_the_area_gives_its_centre(tmp_path):
    [alert] = read(tmp_path, CAP.replace("<polygon>32,118 32,119 33,119 32,118</polygon>", "<circle>32.05,118.78 1.5</circle>"))
    assert isinstance(alert, Evidence)
    assert (alert.lon, alert.lat) == (118.78, 32.05)


# --- identifiers ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["32010041600000_20260718200500_3", "32010041600000_20260718200500", "ALERT_CN_32010041600000_20260718200500"]
)
def test_an_identifier_is_taken_apart(text):
    found = warning_id(text)
    assert found is not None
    assert (found.adcode, found.trade, found.unit, found.extension, found.division) == ("320100", "416", "000", "00", "南京市")
    assert found.entered_at == datetime(2026, 7, 18, 20, 5, tzinfo=BEIJING)
    assert found.serial == ("3" if text.endswith("_3") else "")


@pytest.mark.parametrize(
    "text",
    ["", "3201004160000_20260718200500_3", "32010041600000_20260230200500_3", "32010041600000_20260718200500_33", "2026071820050011"],
)
def test_what_is_no_identifier_is_not_made_one(text):
    assert warning_id(text) is None


def test_levels_come_by_colour_word_or_service_code_and_contradictions_are_shown():
    assert [level(word) for word in ("Orange", "0704", "发布暴雨蓝色预警", "12", "")] == ["橙", "红", "蓝", None, None]
    assert "不一致" in reading("32010041600000_20260718200500", "", "0704", "暴雨蓝色预警")
    assert reading("KAR0-0306112239-SW", "SVR", "ORANGE") == "", "another country's colours are not levels of this scheme"


def test_a_services_alert_without_time_and_place_has_those_of_its_identifier(tmp_path):
    body = json.dumps({"alertId": "32010041600000_20260718200500", "title": "发布暴雨橙色预警", "code": "0203"})
    [alert] = read(tmp_path, body, name="a.json")
    assert isinstance(alert, Evidence)
    assert (alert.sent_at, alert.place_hint) == (datetime(2026, 7, 18, 20, 5, tzinfo=BEIJING), "南京市")


# --- feeds ------------------------------------------------------------------------------------------------------------------------

RSS = """<?xml version="1.0" encoding="GB18030"?><rss version="2.0" xmlns:georss="http://www.georss.org/georss" xmlns:w="http://w.example">
<channel><item><title>银杏里积水</title><description>&lt;p&gt;水深过膝&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;&lt;p&gt;车辆熄火&lt;/p&gt;</description>
<guid isPermaLink="false">g-1</guid><pubDate>Sat, 18 Jul 2026 12:05:00 GMT</pubDate><georss:point>32.05 118.78</georss:point><w:mood>急</w:mood></item>
<item><title>另一条</title><description>路灯不亮</description><guid isPermaLink="false">g-2</guid><pubDate>2026-07-18 20:06</pubDate></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>a-1</id><title>竹影路倒树</title><updated>2026-07-18T20:05:00+08:00</updated>
<content type="text">一棵树倒在路中间</content></entry></feed>"""


def test_a_feeds_items_become_posts_without_markup_and_with_their_own_time(tmp_path):
    path = tmp_path / "f.xml"
    path.write_bytes(RSS.encode("gb18030"))
    one, two = sources()["social"].read(path, NOW)
    assert isinstance(one, Evidence)
    assert isinstance(two, Evidence)
    assert (one.external_id, one.title, one.text) == ("g-1", "银杏里积水", "水深过膝\n车辆熄火")
    assert (one.lon, one.lat) == (118.78, 32.05)
    assert one.sent_at == datetime(2026, 7, 18, 20, 5, tzinfo=BEIJING)
    assert two.sent_at == datetime(2026, 7, 18, 20, 6, tzinfo=BEIJING), "without a zone it is Beijing time"
    assert set(one.fields) - sources()["social"].kept == {"w_mood"}, "an element nobody reads is reported"


def test_atom_is_read_too_and_entities_are_refused(tmp_path):
    [post] = read(tmp_path, ATOM, "social")
    assert isinstance(post, Evidence)
    assert (post.external_id, post.text) == ("a-1", "一棵树倒在路中间")
    for body in ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ATOM, "<rss><channel>", "<rss/>x"):
        with pytest.raises(BadInput):
            read(tmp_path, body, "social")


def test_json_as_services_answer_it_is_read_for_calls_and_posts(tmp_path):
    rows = [{"工单编号": "1", "诉求内容": "桥下积水"}, {"工单编号": "2"}]
    found = read(tmp_path, json.dumps({"code": 0, "data": {"list": rows}}, ensure_ascii=False), "hotline", "a.json")
    assert [type(one) for one in found] == [Evidence, Quarantined]
    assert read(tmp_path, '{"data": {"list": []}}', "hotline", "b.json") == [], "a quiet hour is no fault"
    [post] = read(tmp_path, json.dumps({"posts": [{"id": "p", "text": "淹了"}]}), "social", "c.json")
    assert isinstance(post, Evidence)


GDACS = """<rss version="2.0" xmlns:gdacs="http://www.gdacs.org" xmlns:georss="http://www.georss.org/georss"><channel><item>
<title>Green earthquake</title><description>A quake of {size}.</description><pubDate>{at}</pubDate><georss:point>32 118</georss:point>
<link>http://x.example/report?eventtype=EQ&amp;eventid=7</link><gdacs:eventtype>EQ</gdacs:eventtype><gdacs:eventid>7</gdacs:eventid>
<gdacs:episodeid>{episode}</gdacs:episodeid><gdacs:alertlevel>{level}</gdacs:alertlevel><gdacs:mystery>new</gdacs:mystery></item></channel></rss>"""


def test_an_episode_is_once_whichever_feed_it_came_in_and_a_higher_level_is_news(tmp_path):
    def episode(**changed: str) -> Evidence:
        words = {"size": "4.5", "at": "Sat, 18 Jul 2026 12:05:00 GMT", "episode": "1", "level": "Green"} | changed
        [found] = read(tmp_path, GDACS.format(**words), "gdacs")
        assert isinstance(found, Evidence)
        return found

    first = episode()
    assert first.external_id == "EQ7-1"
    assert episode(at="Sat, 18 Jul 2026 13:00:00 GMT").id == first.id
    assert episode(level="Orange").id != first.id
    assert episode(episode="2").external_id == "EQ7-2"
    assert set(first.fields) - sources()["gdacs"].kept == {"mystery"}


def test_a_quake_says_its_magnitude_time_and_depth_and_growing_counters_do_not_make_it_new(tmp_path):
    def quake(**changed: object) -> Evidence:
        properties = {"mag": 4.5, "place": "银杏里以北", "time": 1784376300000, "title": "M 4.5", "felt": 3, "updated": 1} | changed
        feature = {
            "type": "Feature",
            "id": "us1",
            "properties": properties,
            "geometry": {"type": "Point", "coordinates": [118.7, 32.0, 9.5]},
        }
        [found] = read(tmp_path, json.dumps({"type": "FeatureCollection", "features": [feature]}), "usgs", "q.geojson")
        assert isinstance(found, Evidence)
        return found

    first = quake()
    assert "2026-07-18T12:05:00Z" in first.text
    assert "depth 9.5 km" in first.text
    assert (first.lon, first.lat) == (118.7, 32.0)
    assert quake(felt=900, updated=2).id == first.id
    assert quake(mag=4.9).id != first.id
    assert read(tmp_path, "{}", "usgs", "e.json") == []


@pytest.mark.skipif(not DATA.is_dir(), reason="the public feed fixtures are not on this machine")
def test_every_public_fixture_is_read_and_the_feeds_merge():
    figures = feeds(DATA)
    assert (figures["parsed"], figures["refused"]) == (figures["fixtures"], {})
    merged = figures["gdacs_24h_and_7d"]
    assert merged["episodes"] == merged["stored"] < merged["items"]
    assert merged["episodes_stored_more_than_once"] == 0
