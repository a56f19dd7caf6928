"""Values of single keys that nothing can be trained with: sweeps, seeds, layers, interpolations."""

from random import Random

from tests.bad_words import GROUPS, KEYS, NUMBERS, TYPES

Words = list[str]


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
    bad = (
        *("0", "-1", "1.5", "a", "[]", "null", "true", "10001", "1e3", "1,2", "range(3)", "٣"),
        *("99999999999", "''", "0x2", "+1", "${seed}"),
    )
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
    flags = ("maybe", "null", "[true]", "''", "nope", "{a: 1}")
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


VALUES = (several_values, seeds, of_failures, removed, added, interpolated, layers)
