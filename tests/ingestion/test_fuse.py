"""Which incident, and which figure: the rules of fusion one by one, on small invented messages."""

from __future__ import annotations

from ingestion.fuse import Fuser
from ingestion.heard import place_key
from ingestion.likeness import Wordings
from models.believe import believe
from models.cascades import metres
from models.domain import Impact, Place
from tests.ingestion.invented import call, underpass


def beliefs(*calls, area: bool = False) -> dict[str, Impact]:
    evidence = {view.id: view for view, _, _ in calls}
    return {one.type: one for one in believe("in-1", [said for _, _, many in calls for said in many], evidence, area=area)}


# Which figure


def test_figures_of_different_callers_are_never_added_up() -> None:
    found = beliefs(call(1, "三人被困", figures={"trapped": 3}), call(2, "有三个人困住", figures={"trapped": 3}))
    assert found["trapped"].best == 3
    assert len(found["trapped"].statements) == 2


def test_the_newest_figure_of_a_source_is_believed_and_the_older_one_stays_visible() -> None:
    trapped = beliefs(call(1, "三人被困", figures={"trapped": 3}), call(9, "现在五人被困", figures={"trapped": 5}))["trapped"]
    assert trapped.best == 5
    assert [(one.value, one.source_title) for one in trapped.conflicts] == [(3, "12345热线")]


def test_an_authority_is_believed_before_a_later_caller() -> None:
    found = beliefs(call(1, "两人受伤", source="desk", figures={"injured": 2}), call(30, "三个人受伤", figures={"injured": 3}))["injured"]
    assert (found.best, found.confirmed) == (2, True)
    assert [one.value for one in found.conflicts] == [3]


def test_a_hotline_figure_awaits_checking() -> None:
    found = beliefs(call(1, "两人受伤", figures={"injured": 2}))["injured"]
    assert not found.confirmed
    assert "待核" in found.rule


def test_a_rumour_alone_gives_no_figure() -> None:
    found = beliefs(call(1, "网传死了几十人", source="social", credibility=0.2, rumour=True, figures={"dead": 30}))["dead"]
    assert found.best is None
    assert "传言" in found.rule


def test_a_rumour_never_beats_an_older_credible_figure_however_trusted_its_teller() -> None:
    found = beliefs(
        call(1, "一人死亡", figures={"dead": 1}), call(2, "听说死了三十个", credibility=0.9, rumour=True, figures={"dead": 30})
    )["dead"]
    assert found.best == 1


def test_a_denial_repeats_a_figure_without_stating_it() -> None:
    rumour = call(1, "网传死了几十人", source="social", credibility=0.2, rumour=True, figures={"dead": 30})
    denial = call(5, "辟谣：死了几十人不实", source="social", credibility=0.8, retracts=True, figures={"dead": 30})
    assert "dead" not in beliefs(rumour, denial)


def test_all_rescued_is_a_statement_and_not_a_subtraction() -> None:
    found = beliefs(call(1, "五人被困", figures={"trapped": 5}), call(20, "救出两人", figures={"rescued": 2}))
    assert found["trapped"].best == 5


def test_everyone_counted_and_all_rescued_leaves_nobody_trapped() -> None:
    trapped = beliefs(call(1, "五人被困在桥洞", figures={"trapped": 5}), call(20, "被困五人现已全部救出", figures={"trapped": 5}))[
        "trapped"
    ]
    assert trapped.best == 0
    assert [one.value for one in trapped.conflicts] == [5]


def test_not_everyone_rescued_leaves_them_trapped() -> None:
    assert beliefs(call(1, "被困五人尚未全部救出", figures={"trapped": 5}))["trapped"].best == 5


def test_an_early_no_casualties_gives_way_to_a_later_injury() -> None:
    found = beliefs(call(1, "暂无人员伤亡", credibility=0.8, figures={"injured": 0}), call(20, "三人受伤送医", figures={"injured": 3}))[
        "injured"
    ]
    assert found.best == 3
    assert [one.value for one in found.conflicts] == [0]


def test_vague_words_widen_the_range_but_leave_the_figure() -> None:
    found = beliefs(call(1, "两人受伤", figures={"injured": 2}), call(9, "有多人受伤", figures={"injured": None}))["injured"]
    assert (found.best, found.low, found.high) == (2, 1, None)


def test_one_caller_cannot_take_back_what_two_others_saw() -> None:
    a, b = call(1, "桥洞三人被困", figures={"trapped": 3}), call(2, "看见三个人困在车里", figures={"trapped": 3})
    back = call(5, "刚才说错了没人被困", retracts=True, credibility=0.5, figures={})
    assert beliefs(a, b, back)["trapped"].best == 3


def test_a_caller_can_take_back_what_only_they_said() -> None:
    back = call(5, "刚才说错了", retracts=True, credibility=0.5, figures={})
    assert "trapped" not in beliefs(call(1, "桥洞三人被困", figures={"trapped": 3}), back)


def test_spots_of_a_whole_area_give_a_range_and_no_figure() -> None:
    found = beliefs(call(1, "水深二十", figures={"water_depth": 20}), call(2, "水深五十", figures={"water_depth": 50}), area=True)[
        "water_depth"
    ]
    assert (found.low, found.best, found.high) == (20, None, 50)


# Which incident


def test_one_credible_call_about_trapped_people_opens_an_incident_at_once() -> None:
    fused = Fuser().place(*call(1, "绮云路下穿通道三人被困", place=underpass(), figures={"trapped": 3}))
    assert fused.match.opens
    assert fused.incident is not None
    assert fused.incident.title == "秦淮区绮云路下穿通道积水"
    assert fused.incident.evidence_count == 1


def test_a_second_name_for_the_same_underpass_is_the_same_incident() -> None:
    fuser = Fuser()
    first = fuser.place(*call(1, "绮云路下穿通道三人被困", place=underpass(), figures={"trapped": 3}))
    named = Place(quote="绮云路桥洞", name="绮云路桥洞")
    second = fuser.place(*call(2, "桥洞那边水好深有人困住", place=named, figures={"trapped": None}))
    assert first.incident is not None
    assert second.match.incident == first.incident.id
    assert any("地点相同" in one for one in second.match.reasons)


def test_the_same_road_name_in_another_district_is_another_incident() -> None:
    fuser = Fuser()
    fuser.place(*call(1, "绮云路下穿通道三人被困", place=underpass(), figures={"trapped": 3}))
    other = underpass(district="江宁区", adcode="320115", lon=118.85, lat=31.90)
    assert fuser.place(*call(2, "江宁绮云路下穿通道被困两人", place=other, figures={"trapped": 2})).match.opens


def test_an_exercise_never_meets_an_actual_incident() -> None:
    fuser = Fuser()
    fuser.place(*call(1, "绮云路下穿通道三人被困", place=underpass(), figures={"trapped": 3}))
    drill = fuser.place(*call(2, "【演练】绮云路下穿通道三人被困", place=underpass(), figures={"trapped": 3}, mode="exercise"))
    assert drill.match.opens
    assert drill.incident is not None
    assert drill.incident.mode == "exercise"


def test_a_repost_follows_the_first_and_is_marked_as_its_duplicate() -> None:
    fuser = Fuser()
    fuser.place(*call(1, "绮云路下穿隧道里有车被淹了，看着有3个人被困", place=underpass(), figures={"trapped": 3}))
    again = fuser.place(
        *call(
            2, "转发微博 //@路人甲：绮云路下穿隧道里有车被淹了！看着有3个人被困", place=underpass(), source="social", figures={"trapped": 3}
        )
    )
    assert again.duplicate_of == "ev-0001"
    assert again.view.duplicate_of == "ev-0001"


def test_a_rumour_opens_nothing() -> None:
    rumour = call(1, "网传绮云路隧道死了几十人", place=underpass(), credibility=0.5, rumour=True, figures={"dead": 30})
    fused = Fuser().place(*rumour)
    assert fused.match.incident is None
    assert any("网传" in one for one in fused.match.reasons)


def test_an_implausible_call_opens_nothing() -> None:
    assert (
        Fuser()
        .place(*call(1, "新街口着火烧死一百人哈哈", hazard="fire", place=underpass("新街口大楼"), credibility=0.1, figures={"dead": 100}))
        .incident
        is None
    )


def test_people_in_danger_at_an_unknown_place_wait_for_a_person_with_the_reason() -> None:
    fused = Fuser().place(*call(1, "我被困在车里了快来", figures={"trapped": 1}))
    assert fused.match.incident is None
    assert any("立即人工核实" in one for one in fused.match.reasons)


def test_an_orange_warning_opens_one_incident_for_the_city_and_a_red_one_joins_it() -> None:
    fuser = Fuser()
    first = fuser.place(*call(1, "南京市气象台发布暴雨橙色预警信号", source="warning", title="南京市气象台发布暴雨橙色预警"))
    second = fuser.place(*call(60, "南京市气象台发布暴雨红色预警信号", source="warning", title="南京市气象台发布暴雨红色预警"))
    assert first.incident is not None
    assert first.incident.scope == "area"
    assert first.incident.title == "南京市暴雨"
    assert second.match.incident == first.incident.id


def test_a_yellow_warning_opens_nothing() -> None:
    assert Fuser().place(*call(1, "发布暴雨黄色预警信号", source="warning", title="发布暴雨黄色预警")).incident is None


def test_a_mild_report_joins_the_area_and_three_at_one_spot_open_their_own() -> None:
    fuser = Fuser()
    area = fuser.place(*call(1, "发布暴雨橙色预警信号", source="warning", title="南京市气象台发布暴雨橙色预警")).incident
    road = Place(quote="青笺东路", name="青笺东路", adcode="320104", district="秦淮区")
    texts = ("青笺东路积水到脚踝了", "秦淮这边青笺东路走不了，鞋湿透", "下水道往外冒水，青笺东路全是水")
    found = [fuser.place(*call(n, text, place=road)) for n, text in enumerate(texts, 10)]
    assert area is not None
    assert [one.match.incident == area.id for one in found] == [True, True, False]
    assert found[2].match.opens


def test_what_waited_is_pulled_in_when_its_incident_opens() -> None:
    fuser = Fuser()
    waited = fuser.place(*call(1, "青笺东路积水到脚踝", place=Place(quote="青笺东路", name="青笺东路", adcode="320104", district="秦淮区")))
    opened = fuser.place(*call(5, "发布暴雨橙色预警信号", source="warning", title="南京市气象台发布暴雨橙色预警"))
    assert waited.match.incident is None
    assert [(view.id, match.incident) for view, match in opened.also] == [("ev-0001", opened.match.incident)]
    assert opened.incident is not None
    assert opened.incident.evidence_count == 2


def test_an_evening_later_the_same_street_is_a_new_incident() -> None:
    fuser = Fuser()
    fuser.place(*call(1, "柳汀新村着火了", hazard="fire", place=underpass("柳汀新村")))
    assert fuser.place(*call(2, "柳汀新村又着火了，浓烟", hazard="fire", place=underpass("柳汀新村"), at=60 * 26)).match.opens


def test_the_same_messages_in_the_same_order_give_the_same_ids() -> None:
    calls = [call(n, f"绮云路下穿通道第{n}次来电有人被困", place=underpass(), figures={"trapped": n}) for n in range(1, 6)]
    first, second = Fuser(), Fuser()
    assert [first.place(*one) for one in calls] == [second.place(*one) for one in calls]


def test_after_a_restart_fusion_goes_on_where_it_stopped() -> None:
    before = Fuser()
    calls = [
        call(1, "绮云路下穿通道三人被困", place=underpass(), figures={"trapped": 3}),
        call(2, "桥洞五个人出不来", place=underpass(), figures={"trapped": 5}),
    ]
    done = [before.place(*one) for one in calls]
    incident = done[-1].incident
    assert incident is not None
    after = Fuser([incident], {incident.id: [one.view for one in done]}, [said for _, _, many in calls for said in many])
    late = call(9, "全部救出来了", place=underpass(), figures={"trapped": 0})
    assert after.place(*late) == before.place(*late)


def test_after_a_restart_a_repost_is_still_a_repost() -> None:
    before = Fuser()
    first = before.place(*call(1, "绮云路下穿隧道里有车被淹了，看着有3个人被困在车顶上", place=underpass(), figures={"trapped": 3}))
    assert first.incident is not None
    after = Fuser([first.incident], {first.incident.id: [first.view]})
    again = call(
        2,
        "转发微博 //@路人：绮云路下穿隧道里有车被淹了，看着有3个人被困在车顶上",
        place=underpass(),
        source="social",
        figures={"trapped": 3},
    )
    assert after.place(*again).duplicate_of == "ev-0001"


def test_the_view_shows_the_spot_and_not_the_street_office_that_reports_it() -> None:
    view, said, statements = call(1, "红花街道办事处来电，绮云路下穿通道三人被困", place=underpass(), figures={"trapped": 3})
    street = Place(name="红花街道", adcode="320104", district="秦淮区", lon=118.8, lat=32.0, precision="district")
    said = said.model_copy(update={"places": (street, *said.places)})
    fused = Fuser().place(view.model_copy(update={"place": "红花街道", "lon": 118.8, "lat": 32.0}), said, statements)
    assert (fused.view.place, fused.view.lon) == ("绮云路下穿通道", 118.8012)


# Names, distances, wording, cost


def test_an_underpass_has_one_key_under_all_its_names() -> None:
    names = ["绮云路下穿通道", "绮云路下穿隧道", "绮云路桥洞", "秦淮区红花街道绮云路涵洞", "南京市秦淮区绮云路隧道内"]
    assert {place_key(name) for name in names} == {"绮云路下穿"}


def test_a_house_number_does_not_make_another_compound() -> None:
    assert place_key("小市街道柳汀新村7幢2单元") == place_key("柳汀新村")


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    assert abs(metres(118.8, 32.0, 118.8, 33.0) - 111_195) < 100


def test_messages_that_differ_in_a_figure_are_not_duplicates() -> None:
    wordings = Wordings()
    wordings.remember("ev-1", "绮云路下穿通道里面被困3人，车子熄火了快来救人", "")
    assert wordings.first_like("绮云路下穿通道里面被困5人，车子熄火了快来救人", "") is None
    assert wordings.first_like("绮云路下穿通道里面被困3人 车子熄火了，快来救人啊", "") == "ev-1"


def test_the_same_complaint_about_another_street_is_not_a_duplicate() -> None:
    wordings = Wordings()
    wordings.remember("ev-1", "漆桥街道工地夜间施工扰民，十一点还在打桩", "")
    assert wordings.first_like("桠溪街道工地夜间施工扰民，十一点还在打桩", "") is None


def test_contact_numbers_and_repost_marks_do_not_hide_a_duplicate() -> None:
    wordings = Wordings()
    wordings.remember("ev-1", "柳汀新村楼道着火了黑烟往楼上窜，电话138＊＊＊＊0001", "")
    assert wordings.first_like("转发微博 //@夜班护士：柳汀新村楼道着火了黑烟往楼上窜，电话138＊＊＊＊0002", "") == "ev-1"


def test_a_message_finds_its_own_among_two_hundred_incidents_and_ten_thousand_statements() -> None:
    def at_site(number: int):
        site = number % 200
        place = underpass(f"虚构{site}号路下穿通道", lon=118.3 + (site % 20) * 0.03, lat=31.5 + (site // 20) * 0.05)
        text = f"虚构{site}号路桥洞第{number}个电话，看见{number % 7}人被困，{number * 7919 % 10007}号车在里面"
        figures = {"trapped": number % 7, "injured": number % 3, "rescued": 1, "vehicles": 2, "affected": 9}
        return call(number, text, place=place, at=number / 50, figures=figures)

    before = Fuser()
    calls = [at_site(number) for number in range(2000)]
    incidents = [before.place(*one).incident for one in calls[:200]]
    views = {one.id: [view for view, _, _ in calls[number::200]] for number, one in enumerate(incidents) if one}
    fuser = Fuser([one for one in incidents if one], views, [said for _, _, many in calls for said in many])
    for number in range(2000, 2200):
        found = fuser.place(*at_site(number)).incident
        assert found is not None
        assert found.place.name == f"虚构{number % 200}号路下穿通道"
