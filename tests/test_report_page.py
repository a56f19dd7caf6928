"""The page: one file that asks for nothing, whose text is text, and which ordinary results fill."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import pytest

from src.report.analysis import analyse
from src.report.page.build import _environment, page
from src.report.page.compared import pairs
from src.report.results import read
from tests.pages import Tree, shown, sweep
from tests.records import diverged, failed, made, written


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    return shown(tmp_path_factory.mktemp("sweep"), sweep({"he": 0.8, "xavier": 0.7, "zeros": 0.1}))


def test_it_is_a_document_of_landmarks_and_headings_in_order(whole: str) -> None:
    tree = Tree(whole)
    assert whole.startswith("<!doctype html>")
    assert tree.open == []
    assert tree.named("html") == [{"lang": "en"}]
    for landmark in ("main", "header", "nav", "aside", "h1"):
        assert len(tree.named(landmark)) == 1, landmark
    levels = [int(tag[1]) for tag, _ in tree.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_what_refers_to_one_finds_it(whole: str) -> None:
    tree = Tree(whole)
    ids = [attributes["id"] for _, attributes in tree.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {target for _, a in tree.tags for target in a.get("aria-labelledby", "").split()}
    wanted |= {a["href"][1:] for _, a in tree.tags if a.get("href", "").startswith("#")}
    wanted |= {
        target
        for _, attributes in tree.tags
        for value in attributes.values()
        for target in re.findall(r"url\(#([^)]+)\)", value)
    }
    assert len(wanted) > 10
    assert wanted <= set(ids)


def test_pictures_have_names_and_can_be_hidden_by_arm(whole: str) -> None:
    tree = Tree(whole)
    pictures = [a for a in tree.named("svg") if a.get("role") == "img"]
    assert len(pictures) > 3
    assert all(a["aria-labelledby"].startswith("caption-") for a in pictures)
    assert all("aria-hidden" in a for a in tree.named("svg") if a not in pictures)
    places = {a["data-place"] for a in tree.named("input") if "data-place" in a}
    assert places == {"0", "1", "2"}
    assert {a["data-arm"] for _, a in tree.tags if "data-arm" in a} == places


def test_it_asks_for_nothing(whole: str) -> None:
    tree = Tree(whole)
    for tag, attributes in tree.tags:
        for key in ("src", "href", "data", "poster", "action", "srcset"):
            assert attributes.get(key, "#").startswith(("#", "data:")), (tag, attributes)
        assert not [key for key in attributes if key.startswith("on")], (tag, attributes)
    # Names of formats, which nothing is loaded from.
    rest = re.sub(r'xmlns(:\w+)?="[^"]+"', "", whole)
    assert "@import" not in rest
    assert not re.findall(r"url\((?!#)[^)]*\)", rest)
    assert not re.findall(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(", rest)
    (policy,) = [
        a["content"] for a in tree.named("meta") if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert policy.count("'sha256-") == 2
    assert not re.search(r"script-src[^;]*unsafe", policy)


def test_names_of_ones_own_stay_text(tmp_path: Path) -> None:
    wicked = '</script><script>alert("1")</script>&amp; $x'
    records = sweep({"he": 0.8}) + [
        record | {"label": wicked}
        for record in sweep({wicked: 0.7})
    ]  # fmt: skip
    found = {"name": "dead", "sentence": wicked, "remedy": wicked, "evidence": []}
    for record in records:
        record["verdict"] = {"primary": "dead", "index": 0, "found": [found]}
        record["device"] = wicked
    text = shown(tmp_path, records)
    tree = Tree(text)
    assert tree.open == []
    assert len(tree.named("script")) == 3
    assert "alert" not in "".join(value for a in tree.named("script") for value in a.values())
    assert tree.texts.count(wicked) >= 3
    assert text.count("<script>") == 2
    told = re.search(r'<script type="application/json" id="hover">(.*?)</script>', text, re.DOTALL)
    assert told
    names = [
        series["name"]
        for panels in json.loads(told[1]).values()
        for panel in panels
        for series in panel["series"]
    ]
    assert wicked in names


def test_the_template_knows_all_that_it_names() -> None:
    assert _environment().undefined is jinja2.StrictUndefined
    assert _environment().autoescape is True


def test_answer_and_numbers_are_there(whole: str) -> None:
    text = Tree(whole).text
    # Mean test accuracy of he: 0.8 - 0.01 + 0.004 mean(-2, 0, 2, -1), seeds 0 to 3.
    assert "78.90" in text
    assert "3 arms 4 seeds 12 members synthetic" in text


@pytest.mark.parametrize(
    "records",
    [
        sweep({"he": 0.8}),
        sweep({"he": 0.8, "xavier": 0.7}, 1),
        sweep({"he": 0.8}, 1),
        [*sweep({"he": 0.8}), *(diverged(init__name="huge", seed=seed) for seed in range(4))],
        [*sweep({"he": 0.8, "xavier": 0.7}), failed(init__name="lost")],
        [made(0.5 + 0.1 * seed, seed=seed) for seed in range(3)],
    ],
    ids=["one arm", "one seed", "one member", "diverged", "failed", "old"],
)
def test_of_any_sweep_there_is_a_page(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    tree = Tree(shown(tmp_path, records))
    assert tree.open == []
    assert "nan" not in re.findall(r"[a-z]+", tree.text.lower())
    assert "None" not in tree.text.split()
    rows = [a for a in tree.named("table") if a.get("id") == "table-members"]
    assert len(rows) == 1


def test_one_seed_has_no_groups(tmp_path: Path, whole: str) -> None:
    text = Tree(shown(tmp_path, sweep({"he": 0.8, "xavier": 0.7}, 1))).text
    assert "arm group n" in Tree(whole).text
    assert "arm n mean %" in text
    assert "The only pair of arms, seed by seed." in text


def test_headings_say_each_thing_once(whole: str) -> None:
    headings = re.findall(r"<h[123][^>]*>(?:<a[^>]*>)?([^<]+)", whole)
    assert len(headings) > 8
    assert len(headings) == len(set(headings))
    assert "The first 100 steps" not in headings


def test_a_switch_says_what_it_shows(whole: str) -> None:
    tree = Tree(whole)
    assert "Show Accuracy (linear) Loss (log)" in tree.text


def test_of_very_many_pairs_the_page_says_where_all_are() -> None:
    records = sweep({f"init_{k:02}": 0.3 + k / 100 for k in range(65)}, 3)
    table = pairs(analyse([record | {"folder": ""} for record in records]))
    assert table is not None
    assert table.caption == (
        "64 of 2,080 pairs: those of the first arm; all are in tables/pairs.csv."
    )
    assert len(table.rows) == 64


def test_failed_members_are_told_with_their_reason(tmp_path: Path) -> None:
    tree = Tree(shown(tmp_path, [*sweep({"he": 0.8, "xavier": 0.7}), failed(init__name="lost")]))
    assert "failed: OSError: full" in tree.text


def test_the_command_is_that_of_the_sweep(tmp_path: Path) -> None:
    folder = written(tmp_path / "s", *sweep({"he": 0.8, "xavier": 0.7}))
    task = ["init=he,xavier", "seed=range(4)", "data.root=/a b"]
    # JSON is YAML.
    (folder / "multirun.yaml").write_text(json.dumps({"hydra": {"overrides": {"task": task}}}))
    analysis = analyse(read(folder))
    text = Tree(page(analysis, [])).text
    assert "python -m src.train -m init=he,xavier 'seed=range(4)' 'data.root=/a b'" in text


def test_without_a_command_there_is_no_button(tmp_path: Path) -> None:
    folder = written(tmp_path / "s", *sweep({"he": 0.8, "xavier": 0.7}))
    for content in ("", "[]", "a: [", "hydra: {overrides: {task: 3}}"):
        (folder / "multirun.yaml").write_text(content)
        tree = Tree(page(analyse(read(folder)), []))
        assert not [a for a in tree.named("button") if a.get("class") == "copy"]


def test_what_was_tuned_is_told_with_every_option(tmp_path: Path) -> None:
    records = [
        record | {"config": record["config"] | {"optimizer": {"name": name, "lr": 0.1}}}
        for name, better in (("adam", 0.0), ("sgd", 0.05))
        for record in sweep({"he": 0.8 + better, "xavier": 0.7 + better})
    ]
    text = Tree(shown(tmp_path, records)).text
    # Means of validation accuracy over seeds 0 to 3, which lie at -2, 0, 2 and -1 times 0.004.
    assert re.search(r"he sgd 4 84.90 chosen he adam 4 79.90 no", text)


def test_names_in_an_arms_colour_are_drawn_as_words(whole: str) -> None:
    texts = [a["style"] for a in Tree(whole).named("text")]
    assert any("--word-" in style for style in texts)
    assert not any("--arm-" in style for style in texts)


@pytest.mark.slow
def test_a_thousand_members_stay_below_15_mb(tmp_path: Path) -> None:
    accuracies = {f"init_{k:02}": 0.3 + k / 100 for k in range(50)}
    text = shown(tmp_path, sweep(accuracies, 20))
    assert text.count("<tr>") > 1000
    assert len(text.encode()) < 15e6
