"""Copies fold; calls that differ in people, houses or places never do; and the cost does not grow."""

from __future__ import annotations

from random import Random

from ingestion.likeness import PER_BUCKET, Wordings

LONG = "望江门养老院一楼进水，三十名老人在二楼等待转移，院里断水断电，急需皮划艇和食物，护工人手不够，请看到的救援队尽快联系院方值班室，门口道路积水约一米"


def folded(first: str, second: str) -> bool:
    wordings = Wordings()
    wordings.remember("1", first, "")
    return wordings.first_like(second, "") == "1"


def test_a_copy_with_another_lead_in_time_and_telephone_folds() -> None:
    assert folded(f"【19:30已核实】{LONG} 电话13800000001", f"帮转！！21点05分再次核实：{LONG}谢谢大家")


def test_a_copy_cut_short_folds() -> None:
    assert folded(LONG + "，大家帮忙想想办法，附近的村民也可以从后门小路绕过去，那里水浅一些", LONG[:62])


def test_long_texts_that_differ_in_people_or_house_do_not_fold() -> None:
    assert not folded(LONG, LONG.replace("三十名老人", "五十名老人"))
    assert not folded(f"3号楼。{LONG}", f"5号楼。{LONG}")


def test_a_copy_of_a_copy_leads_to_the_first() -> None:
    wordings = Wordings()
    wordings.remember("1", LONG, "")
    middle = LONG + "。另外后门小路水浅，附近村民可以从那里绕进去送东西，晚上需要手电照明"
    assert wordings.first_like(middle, "") == "1"
    assert wordings.first_like(middle[len(LONG) // 2 :], "") == "1"
    wordings.forget("1")
    assert wordings.first_like(middle, "") is None


def test_most_pairs_with_half_their_words_in_common_are_found() -> None:
    chance, found = Random(3), 0
    letters = [chr(0x4E00 + i) for i in range(800)]
    for number in range(60):
        words = "".join(chance.choices(letters, k=90))
        found += folded(words, words[:70] + "".join(chance.choices(letters, k=20)))
        assert number < 60
    assert found >= 55


def test_a_bucket_that_fills_up_is_not_searched_whole() -> None:
    wordings = Wordings()
    for number in range(3 * PER_BUCKET):
        wordings.remember(str(number), f"积水反馈{number}人被困", "")
    assert len(wordings._neighbours(wordings._kept["0"])) <= PER_BUCKET


def test_a_cut_of_a_long_text_is_the_same_though_another_spot_was_read_from_it() -> None:
    wordings = Wordings()
    wordings.remember("1", LONG, "", "甲子新村")
    assert wordings.first_like("帮转：" + LONG, "", "") == "1"  # what a copy does not tell is no contradiction
    assert wordings.first_like(LONG, "", LONG[:4]) == "1"
    assert wordings.first_like(LONG, "", "乙丑中学") is None  # neither text speaks of the other's spot


def test_the_same_few_words_of_another_spot_are_another_call() -> None:
    wordings = Wordings()
    for number in range(200):
        assert wordings.first_like("楼下停电了请派人来修", "", f"{number}号小区") is None
        wordings.remember(str(number), "楼下停电了请派人来修", "", f"{number}号小区")
    assert wordings.first_like("楼下停电了请派人来修。", "", "7号小区") == "7"


def test_a_twin_is_found_on_the_other_side_of_long() -> None:
    wordings = Wordings()
    short = "漆桥街道甲子路下穿通道里灌满了水有两辆车熄火停在中间人已经爬到车顶上请快来"
    wordings.remember("1", short + "我们都在这里等", "", "甲子路下穿")
    assert len(short) < 50 <= len(short + "我们都在这里等大家也在旁边等着")
    assert wordings.first_like(short + "我们都在这里等大家也在旁边等着", "", "甲子路下穿") == "1"
