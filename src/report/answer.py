"""What was asked, what the numbers answer, and what they leave open; in sentences."""

from dataclasses import dataclass

from src.report.analysis import Analysis
from src.report.statistics.summary import FEWEST


@dataclass(frozen=True)
class Answer:
    """question and sentence: one each. unsettled: what no claim is made of. notes: rules applied,
    members left out."""

    question: str
    sentence: str
    unsettled: list[str]
    notes: list[str]


def answer(analysis: Analysis) -> Answer:
    asked = " and ".join(analysis.roles.scientific) or "start"
    fewest = min(summary.n for summary in analysis.summaries)
    question = f"Which {asked} is best, by {analysis.metric.replace('_', ' ')}?"
    if fewest < FEWEST:
        sentence = f"No claim can be made: {fewest} seed(s) an arm; at least {FEWEST} are needed."
        return Answer(question, sentence, [], [])
    first = analysis.letters[0][:1]
    best = [
        arm.name for arm, held in zip(analysis.arms, analysis.letters, strict=True) if first in held
    ]
    sentence = (
        f"{best[0]} is better than every other."
        if len(best) == 1
        else f"Not told apart: {', '.join(best)}."
    )
    return Answer(question, sentence, [], [])
