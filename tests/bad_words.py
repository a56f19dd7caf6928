"""Words of a command line that ask for nothing that can be trained, drawn at random.

Each kind is a function of a generator and of whether the command is a sweep. What a kind draws is
bad as a rule, not always: "0.1" in quotes is a number, 1e400 is infinite where that is allowed.
"""

import string
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, get_args, get_type_hints

import yaml

from src.config import CONF, SCHEMAS, Config
from src.refusals import all_keys, options_of
from tests.test_schema import RANGES

Words = list[str]
Kind = Callable[[Random, bool], Words]

GROUPS = ("init", "activation", "optimizer", "schedule", "data", "trainer", "logger", "diagnostics")
# Of the options that a run takes where nothing else is asked for.
TYPES: dict[str, Any] = {}
for _group in get_type_hints(Config):
    _classes = list(SCHEMAS.get(_group, {}).items()) or [("", get_type_hints(Config)[_group])]
    _default = {"init": "variance_scaling", "optimizer": "adam", "data": "synthetic"}
    for _name, _class in _classes:
        if hasattr(_class, "__dataclass_fields__"):
            if _name in ("", _default.get(_group, ""), "plain", "constant", "relu"):
                TYPES |= {f"{_group}.{key}": hint for key, hint in get_type_hints(_class).items()}
        else:
            TYPES[_group] = _class
NUMBERS = [key for key, hint in TYPES.items() if {int, float} & {hint, *get_args(hint)}]
KEYS = [key for key in all_keys() if not key.endswith("_target_")]
TEXTS = ("model.weights", "trainer.ckpt_path", "report.baseline", "init.name")
ODD = "[]{}(),:='\"\\$~+@!#%^&*?|;<> \t/.-"
UNICODE = "é漢字🙂\u202e\u200b\ufeff\x01\x07\x1b\x7f\n\r\u2028\x85\udc80"
UNREADABLE = (
    *("", "=", "=3", "a=b=c", "seed", "optimizer.lr", "seed=[", "seed=]", "seed={", "seed={a", '"'),
    *("seed='", 'seed="a', "optimizer.lr=(", "init=he,,zeros", "seed=1,", "init=(he", "seed=\\"),
    *(".=1", "..=1", "a..b=1", ".seed=1", "seed.=1", "@=1", "init@=he", "@init=he", "/=1", "a/=1"),
    *("seed:=1", "seed==1", "~", "~=1", "+", "++", "+=1", "+++a=1", "~+a=1", "1=1", "[]=1", "{}=1"),
    *("optimizer.betas=[0.9", "model.hidden=[8,6", "model.hidden=8,6]", "seed=choice(", "$=1"),
)


def word(random: Random, letters: str = string.ascii_lowercase, most: int = 9) -> str:
    return "".join(random.choice(letters) for _ in range(random.randint(1, most)))


def mangled(random: Random, text: str) -> str:
    """One letter changed, left out, doubled or in capitals; never the text itself."""
    place = random.randrange(len(text))
    letter = random.choice(string.ascii_lowercase)
    forms = (letter, "", text[place] * 2, text[place].upper(), "_", "-")
    changed = text[:place] + random.choice(forms) + text[place + 1 :]
    return changed if changed != text else text + "x"


def unknown_key(random: Random, several: bool) -> Words:
    known = random.choice(KEYS)
    key = random.choice((mangled(random, known), f"{random.choice(GROUPS)}.{word(random)}q"))
    key = random.choice((key, key, f"{known}.{word(random)}", word(random) + "q"))
    value = random.choice(("1", "x", "null", "[1]", "{a: 1}", "", "1,2" if several else "1"))
    return [f"{random.choice(('', '', '+', '++', '~'))}{key}={value}"]


def unknown_option(random: Random, several: bool) -> Words:
    group = random.choice(GROUPS)
    name = random.choice(options_of(group))
    near = (mangled(random, name), word(random) + "q", f"{group}/{name}q", f"../{name}", f"{name}.")
    option = random.choice((*near, f"{group}/{name}/x", ".", "/", "../../x", "", "null", "3"))
    return [
        f"{group}={option},{name}" if several and random.random() < 0.5 else f"{group}={option}"
    ]


def wrong_type(random: Random, several: bool) -> Words:
    key = random.choice(list(TYPES))
    hint = str(TYPES[key])
    bad = ["{a: {b: 1}}", "[[1],[2]]", "{}"]
    if "str" not in hint:
        bad += ["abc", "''", "1.2.3", "0x1g", "one", "--1", "1e", "[a]", "tru"]
    if "None" not in hint and "str" not in hint:
        bad += ["null", "None"]
    bad += ["3", "abc", "2.5"] if "list" in hint else ["[1]", "[]"]
    bad += ["1.5", "true", "1e3"] if "int" in hint and "float" not in hint else []
    value = random.choice(bad)
    return [f"{key}={value},{random.choice(bad)}" if several else f"{key}={value}"]


def _spelled(value: object) -> str:
    named = {True: "true", False: "false", None: "null"}
    return named[value] if value is None or isinstance(value, bool) else str(value).replace(" ", "")


def _option(group: str, schema: type) -> list[str]:
    """The words that choose an option of this schema, where it is one of a group's."""
    names = [name for name, each in SCHEMAS.get(group, {}).items() if each is schema]
    for path in sorted((CONF / group).glob("*.yaml")) if names else []:
        used = yaml.safe_load(path.read_text())["defaults"]
        if {"/schema@_here_": f"{group}_{names[0]}"} in used:
            return [f"{group}={path.stem}"]
    return []


def out_of_range(random: Random, several: bool) -> Words:
    item = random.choice([item for item in RANGES if item.bad])
    group = item.key.partition(".")[0]
    needed = [f"{group}.{key}={_spelled(value)}" for key, value in item.needed.items()]
    value = _spelled(random.choice(item.bad))
    if several and item.good and random.random() < 0.5:
        value = f"{value},{_spelled(random.choice(item.good))}"
    return [*_option(group, item.schema), *needed, f"{item.key}={value}"]


def no_number(random: Random, several: bool) -> Words:
    key = random.choice(NUMBERS)
    digits = word(random, "0123456789", 400)
    huge = ("1e400", "-1e400", "-1e308", f"-9{digits}", f"9{digits}.5e{digits[:5]}", "1e37000")
    value = random.choice(("nan", "inf", "-inf", "NaN", "Infinity", "-1", "-0.5", *huge))
    return [f"{key}=1,{value}" if several and random.random() < 0.3 else f"{key}={value}"]


def empty(random: Random, several: bool) -> Words:
    keys = [key for key in TYPES if "str" not in str(TYPES[key])]
    value = random.choice(("", " ", "''", '""', "''", "[]", "{}"))
    return [f"{random.choice([*keys, 'seeds', *GROUPS])}={value}"]


def unreadable(random: Random, several: bool) -> Words:
    if random.random() < 0.5:
        return [random.choice(UNREADABLE)]
    key = random.choice([*NUMBERS, *GROUPS])
    return [f"{key}={word(random, ODD)}{random.choice('[{(,')}"]


def odd_letters(random: Random, several: bool) -> Words:
    key, letters = random.choice([*NUMBERS, *GROUPS]), ODD + UNICODE + "ab1"
    text = word(random, letters, 12) + random.choice(UNICODE)
    quoted = random.choice((text, f"'{text}'", f'"{text}"', f"[{text}]", f"{{a: {text}}}"))
    return [random.choice((f"{key}={quoted}", f"{key}{text}=1", f"{text}={key}", text))]


def long_texts(random: Random, several: bool) -> Words:
    text = random.choice(("x", "9", "x,", "[", "a.", "é", "1,", "$", "(", "\\", "'", " ")) * 100_000
    deep = random.choice((30, 300, 3_000))
    nested = random.choice(
        ("[" * deep + "1" + "]" * deep, "{a: " * deep + "1" + "}" * deep, "[" * deep)
    )
    key = random.choice([*NUMBERS, *GROUPS, "model.hidden", "quiet", "on_failure"])
    made = (f"{key}={text}", text, f"{text}=1", f"{key}={nested}", f"{key}={nested}")
    return [random.choice(made) if random.random() < 0.6 else f"{key}={'x' * 100_000}"]


def every_kind() -> Iterator[Kind]:
    from tests.bad_places import PLACES  # of files and of Hydra itself
    from tests.bad_values import VALUES

    yield from (unknown_key, unknown_option, wrong_type, out_of_range, no_number, empty, unreadable)
    yield from (odd_letters, long_texts, *VALUES, *PLACES)


def place_files(folder: Path) -> None:
    from tests.bad_places import made

    made(folder)
