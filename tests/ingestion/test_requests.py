"""Who needs, who offers, who only tells; how urgent, and how far to believe it. Every sentence is invented."""

from __future__ import annotations

import pytest

from ingestion.extract import understand


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#柳汀暴雨互助# 梧桐里三号楼老人被困一楼，水已经到胸口，快来人", "求救"),
        ("暴雨 望江门安置点急缺棉被和矿泉水，哪位好心人有的请送过来", "求助"),
        ("青石巷大堤告急，需要沙袋和志愿者，能来的快来", "求助"),
        ("暴雨 仓库到了物资，现在缺人手卸车，有力气的朋友请过来帮忙", "求助"),
        ("#柳汀暴雨求助# 我们酒店可以免费入住，受灾群众直接来", "提供帮助"),
        ("暴雨 我有一辆货车，可以帮忙拉物资，需要请联系", "提供帮助"),
        ("暴雨 请问现场还需要志愿者吗？我是学医的", "提供帮助"),
        ("暴雨 望江门物资已经满足，暂时不需要了，谢谢大家", "其他"),
        ("【柳汀河大堤未决堤】网上说法不实，请勿传谣。暴雨期间请以官方消息为准", "其他"),
    ],
)
def test_who_wants_what(text: str, wanted: str) -> None:
    assert understand(text).request_type == wanted


def test_a_tag_says_nothing_about_the_sender() -> None:
    assert understand("#柳汀暴雨紧急求助# 今天的晚霞真好看").request_type == "其他"


def test_life_goes_before_an_offer() -> None:
    assert understand("暴雨 救命！我们有五个人被困车库出不来，谁有皮划艇可以提供请联系").request_type == "求救"


def test_urgency_comes_with_its_reasons() -> None:
    calm = understand("请问公积金怎么办理？")
    acute = understand("暴雨进水，家里老人和孩子被困二楼，水位还在上涨，手机快没电了，一天没吃的")
    assert acute.urgency > 0.8 > calm.urgency
    assert {"涉及老人、儿童、孕产妇或病人", "水位危及人身", "手机电量或信号将断", "断水断粮或已被困多时"} <= set(acute.urgency_reasons)
    assert calm.urgency_reasons == ("诉求为咨询",)


def test_what_is_over_is_less_urgent_and_says_why() -> None:
    over = understand("柳汀新村火灾已扑灭，被困人员全部救出")
    assert "已处置、已解除或属更正" in over.urgency_reasons


def test_spreading_without_having_seen_lowers_credibility() -> None:
    plain = understand("望江门大坝开了口子")
    spread = understand("望江门大坝开了口子，知情人士爆料，太可怕了，大家快转发扩散")
    assert spread.credibility.score < plain.credibility.score
    assert {"号召转发扩散，且非亲历", "措辞惊悚、煽情"} <= set(spread.credibility.reasons)


def test_a_victim_who_asks_to_spread_the_word_is_not_doubted_for_it() -> None:
    assert "号召转发扩散，且非亲历" not in understand("我家在梧桐里被淹了，我被困在二楼，请大家帮忙扩散").credibility.reasons
