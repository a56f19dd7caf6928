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


def several_values(random: Random, several: bool) -> Words:
    """Sweeps with a bad value among good ones; without -m, sweeps at all."""
    good = ("init=he,zeros", "seed=1,2", "seed=range(3)", "init=choice(he,xavier)", "seed=[1],[2]")
    if not several:
        return [random.choice((*good, "seeds=2", "init=glob(*)", "seed=shuffle(1,2)"))]
    bad = (
        *(
            "seed=1,a",
            "seed=1,2,-1",
            "init=he,,",
            "init=he,foo",
            "optimizer.lr=0.1,0",
            "seed=1,1.5",
        ),
        *("model.dropout=0,1", "model.hidden=[8],[0]", "model.hidden=8,6", "quiet=true,maybe"),
        *("seed=range(0)", "seed=range(1,5,0)", "seed=range(5,1)", "seed=range(a)", "seed=range()"),
        *("seed=range(-3)", "seed=range(1e9)", "seed=range(1000000000)", "seed=range(0,1,1e-12)"),
        *("seed=range(1,2,3,4)", "seed=range(0,3,0.5)", "seed=range(nan)", "seed=range(inf)"),
        *("seed=choice()", "seed=choice(1,choice(2))", "seed=interval(0,1)", "seed=sort(b,a,1)"),
        *("seed=glob(*)", "init=glob(q*)", "init=glob(*,exclude=*)", "init=glob()", "init=glob(1)"),
        *("seed=shuffle(1,a)", "seed=tag(a,choice(1,b))", "seed=float(1.5,2)", "seed=str(a)"),
        *("init=choice(he,[1])", "init={he,zeros}", "init=[he,zeros]", "seed=foo(1)", "seed=1 2,3"),
        *(
            "seed=extend_list(1)",
            "model.hidden=extend_list(1)",
            "seed=bool(1,2)",
            "init=sort(he,x)",
        ),
        *("seed=range(3) seed=range(b)", "init=he,he", "seed=1,1", "seed=1,01", "seeds=2,3"),
    )
    return random.choice(bad).split(" ")


def seeds(random: Random, several: bool) -> Words:
    bad = [
        "0",
        "-1",
        "1.5",
        "a",
        "[]",
        "null",
        "true",
        "10001",
        "1e3",
        "1,2",
        "range(3)",
        "٣",
        "99999999999",
        "''",
        "0x2",
        "+1",
        "${seed}",
    ]
    forms = ([f"seeds={random.choice(bad)}"], ["seeds=2", "seed=1"], ["seeds=2", "seeds=3"])
    added = (
        ["+seeds=2"],
        ["~seeds"],
        ["seeds"],
        ["seeds.x=1"],
        ["seeds=2", "~seed"],
        ["++seeds=1"],
    )
    return random.choice((*forms, forms[0], forms[0], *added))


def of_failures(random: Random, several: bool) -> Words:
    bad = ("retry", "retry:", "retry:0", "retry:-1", "retry:101", "retry:1.5", "retry:a", "Stop")
    values = (*bad, "continue,", "null", "[stop]", "''", "skip", "retry:1:2", "{retry: 2}", "true")
    flags = ("maybe", "2", "null", "[true]", "''", "nope", "1.0", "{a: 1}")
    if random.random() < 0.5:
        return [f"on_failure={random.choice(values)}"]
    return [f"{random.choice(('reuse', 'quiet', 'trust'))}={random.choice(flags)}"]


def removed(random: Random, several: bool) -> Words:
    key = random.choice((*KEYS, *GROUPS, "seed", "quiet", "model", "report", "foo", "foo.bar"))
    return [f"~{key}{random.choice(('', '', '=', '=1', '=foo'))}"]


def added(random: Random, several: bool) -> Words:
    key = random.choice(
        (*KEYS, *GROUPS, "foo", "foo.bar", "init.foo", "model.hidden.0", "init@foo")
    )
    sign = random.choice(("+", "+", "++")) if key not in TYPES and key not in GROUPS else "+"
    return [f"{sign}{key}={random.choice(('1', 'he', 'null', '[1]', '{_target_: os.getcwd}'))}"]


def interpolated(random: Random, several: bool) -> Words:
    key = random.choice(NUMBERS)
    inner = (
        *("foo", "foo.bar", key, "init", "init.name", "hydra.job", "hydra.runtime.output_dir"),
        *(
            "oc.env:NO_SUCH_VARIABLE",
            "oc.env:PATH",
            "oc.decode:'{a'",
            "oc.select:a.b,x",
            "now:%Y-%m",
        ),
        *(
            "oc.create:{a:1}",
            "project:x",
            "member_folder:a,b",
            "foo:1",
            "oc.dict.keys:init",
            ":",
            "",
        ),
        *(
            "${" * 40 + "a" + "}" * 40,
            "oc.deprecated:seed",
            "..",
            ".",
            "......a",
            "a[0]",
            "hydra:a",
        ),
    )
    text = "${" + random.choice(inner) + random.choice(("}", "}", "}", "", "}}", "} ${"))
    other = random.choice(NUMBERS)
    loop = [f"{key}=${{{other}}}", f"{other}=${{{key}}}"]
    return loop if random.random() < 0.2 and key != other else [f"{key}={text}"]


def layers(random: Random, several: bool) -> Words:
    bad = (
        *(
            "[0]",
            "[-1]",
            "[8,-1]",
            "[1.5]",
            "[a]",
            "[null]",
            "[[8]]",
            "[8]*0",
            "[8]*10001",
            "[8]*a",
        ),
        *("[8]*99999999", "[8]*-1", "[8]*", "*3", "[1000000000]", "[100000000,100000000]", "[1e9]"),
        *("[9999999999999999999999]", "[-9223372036854775808]", "{0: 8}", "[8,,6]", "[,]", "[8 6]"),
        *("8x6", "[8]+[6]", "[inf]", "[nan]", "[true]", "range(3)", "'[8'", "[8]*3*3", "[8][6]"),
        *("[4294967296]", "[9223372036854775807]", "[8]*1e9", "[${seed}]", "[8,${foo}]"),
    )
    extra = ["model.residual=true"] if random.random() < 0.15 else []
    first = random.choice(
        ("q", "3", "[he]", "{name: q}", "{name: he, q: 1}", "{lr: 1}", "{}", "he,q")
    )
    if random.random() < 0.2:
        return [f"init.layers.{random.choice(('first', 'last', 'x'))}={first}"]
    return [f"model.hidden={random.choice(bad)}", *extra]


def every_kind() -> Iterator[Kind]:
    from tests.bad_places import PLACES  # of files and of Hydra itself

    yield from (unknown_key, unknown_option, wrong_type, out_of_range, no_number, empty, unreadable)
    yield from (odd_letters, long_texts, several_values, seeds, of_failures, removed, added)
    yield from (interpolated, layers, *PLACES)


def place_files(folder: Path) -> None:
    from tests.bad_places import made

    made(folder)
