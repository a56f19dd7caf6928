"""The ranking for a paper and for a README: LaTeX (booktabs) and Markdown."""

import math
import re
from collections.abc import Callable

from src.report.analysis import Analysis
from src.report.metrics import higher_is_better
from src.report.statistics.summary import Summary
from src.report.wording import words

NONE = "-"
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # After the end of a row, [ would begin an argument of it.
    "[": "{[}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    # In LaTeX's default font these would be other letters.
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
}
MARKDOWN = {letter: f"\\{letter}" for letter in "\\`*<|"}


def latex(analysis: Analysis) -> str:
    """A tabular, to stand in a table of the paper's own. Needs booktabs."""
    head, *rows = _rows(analysis, _escaped(LATEX), r"{}\textsuperscript{{{}}}")
    columns = "l" + "l" * len(analysis.roles.nuisance) + "r" * (len(head) - 2 - _tuned(analysis))
    lines = [
        r"% \usepackage{booktabs}",
        f"% {_legend(analysis)}",
        rf"\begin{{tabular}}{{{columns}l}}",
        r"\toprule",
        rf"{' & '.join(head)} \\",
        r"\midrule",
        *(rf"{' & '.join(row)} \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def markdown(analysis: Analysis) -> str:
    """A table of GitHub's kind, its legend below it."""
    head, *rows = _rows(analysis, _escaped(MARKDOWN), "{}<sup>{}</sup>")
    left = 1 + _tuned(analysis)
    rule = ["---"] * left + ["---:"] * (len(head) - left - 1) + ["---"]
    lines = [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
    return "\n".join([*lines, "", _legend(analysis)]) + "\n"


def _rows(analysis: Analysis, escaped: Callable[[str], str], raised: str) -> list[list[str]]:
    """Cells of the heading and of each arm; raised: how a mean is set with its letters."""
    claims = _claims(analysis)
    percent = " / %" if higher_is_better(analysis.metric) else ""
    head = ["arm", *analysis.roles.nuisance, "n", words(analysis.metric) + percent]
    head += [*(["95 % interval"] if claims else []), "sd", "best", "steps to 80 %", "verdict"]
    rows = [[escaped(cell) for cell in head]]
    for k, arm in enumerate(analysis.arms):
        summary = analysis.summaries[k]
        mean = escaped(_number(summary.mean, analysis.metric))
        cells = [
            *(escaped(text) for text in (arm.name, *arm.chosen.values(), str(summary.n))),
            raised.format(mean, analysis.letters[k]) if claims else mean,
            *([escaped(_interval(summary, analysis.metric))] if claims else []),
            escaped(_number(summary.sd, analysis.metric)),
            escaped(_number(summary.best, analysis.metric)),
            escaped(_steps(analysis, k)),
            escaped(analysis.tallies[k].verdict),
        ]
        rows.append(cells)
    return rows


def _legend(analysis: Analysis) -> str:
    seeds = "n: seeds; steps to 80 %: until half of the members had come so far."
    if not _claims(analysis):
        return f"No interval and no claim: too few seeds. {seeds}"
    return f"Means with their 95 % intervals; arms that share a letter are not told apart. {seeds}"


def _claims(analysis: Analysis) -> bool:
    return not all(math.isnan(summary.low) for summary in analysis.summaries)


def _tuned(analysis: Analysis) -> int:
    return len(analysis.roles.nuisance)


def _number(value: float, metric: str) -> str:
    """Shares as percent, to two digits after the point; losses to four."""
    if math.isnan(value):
        return NONE
    return f"{100 * value:.2f}" if higher_is_better(metric) else f"{value:.4f}"


def _interval(summary: Summary, metric: str) -> str:
    if math.isnan(summary.low):
        return NONE
    return f"{_number(summary.low, metric)} to {_number(summary.high, metric)}"


def _steps(analysis: Analysis, k: int) -> str:
    found = analysis.arrivals[k]
    if found is None:
        return NONE
    return "never" if found.median is None else f"{found.median:,.0f}"


def _escaped(letters: dict[str, str]) -> Callable[[str], str]:
    pattern = re.compile("|".join(map(re.escape, letters)))

    def escaped(text: str) -> str:
        return pattern.sub(lambda found: letters[found[0]], " ".join(text.split()))

    return escaped
