"""Label Studio's JSON: one task per article, one region per line.

Offsets count code points, as in Label Studio (whose older versions counted UTF-16 units).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dechaff.errors import CorpusError
from dechaff_training.corpus import Article
from dechaff_training.exchange.spans import Span, check_agreement, check_span, label_lines, line_spans

# White space, and the notation of Label Studio for line breaks in the text of regions.
_SPACE = re.compile(r"\\n|\s+")


def to_tasks(articles: Iterable[Article]) -> list[dict[str, Any]]:
    r"""Return labelled articles as annotated tasks for import into Label Studio.

    Parameters
    ----------
    articles : iterable of Article

    Examples
    --------
    >>> import numpy as np
    >>> article = Article("Tweet\n", np.array([0], np.int8), "bote", "bote/weir", "articles", kinds=("share",))
    >>> to_tasks([article])[0]["annotations"][0]["result"][0]["value"]
    {'start': 0, 'end': 5, 'text': 'Tweet', 'labels': ['boilerplate/share']}
    """
    return [
        {
            "data": {"text": article.text, "article": article.id},
            "annotations": [
                {"result": [_region(article.text, *numbered) for numbered in enumerate(line_spans(article), 1)]}
            ],
        }
        for article in articles
    ]


def _region(text: str, number: int, span: Span) -> dict[str, Any]:
    value = {"start": span.start, "end": span.end, "text": text[span.start : span.end], "labels": [span.name]}
    return {"id": f"line-{number}", "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def from_tasks(tasks: Any, where: str) -> Iterator[Article]:
    """Yield the articles of a parsed JSON export of Label Studio.

    Parameters
    ----------
    tasks : list
        The parsed export. Predictions and cancelled annotations are ignored; if annotations are marked as ground
        truth, only these are read.
    where : str
        The name of the file, for errors.

    Raises
    ------
    CorpusError
        If the export is malformed, a task has no annotation, or a line does not have exactly one label.
    """
    if not isinstance(tasks, list):
        raise CorpusError(f'{where}: not a list of tasks: export the project from Label Studio as "JSON"')
    for place, task in enumerate(tasks, 1):
        if not isinstance(task, dict):
            raise CorpusError(f"{where}: task {place} of the list is not an object")
        name = str(task.get("id", place))
        yield _from_task(task, name, f"{where}: task {name}")


def _from_task(task: dict[str, Any], name: str, where: str) -> Article:
    data = task.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise CorpusError(f'{where}: no string "text" in "data": rename the field that contains the text')
    identity = str(data.get("article", name))
    labelled = []
    for place, annotation in enumerate(_annotations(task, where), 1):
        labels, kinds = label_lines(data["text"], _spans(annotation, data["text"], where), where)
        article = Article(data["text"], labels, "", identity, "articles", kinds=kinds)
        labelled.append((f"annotation {annotation.get('id', place)}", article))
    return check_agreement(labelled, where)


def _annotations(task: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """Return the annotations of a task; raise if there are none."""
    listed = task.get("annotations")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise CorpusError(f'{where}: no list "annotations": export as "JSON", not "JSON-MIN"')
    done = [each for each in listed if not each.get("was_cancelled")]
    if not done:
        raise CorpusError(f"{where}: no annotation: label the task, or omit it from the export")
    return [each for each in done if each.get("ground_truth")] or done


def _spans(annotation: dict[str, Any], text: str, where: str) -> Iterator[Span]:
    """Yield the labelled regions; relations, choices and the like are skipped."""
    result = annotation.get("result")
    if not isinstance(result, list) or not all(isinstance(each, dict) for each in result):
        raise CorpusError(f'{where}: an annotation has no list "result"')
    for region in result:
        if region.get("type") != "labels":
            continue
        value = region.get("value")
        if not isinstance(value, dict) or not isinstance(value.get("labels"), list) or len(value["labels"]) != 1:
            raise CorpusError(f"{where}: region {region.get('id')}: give the region exactly one label")
        span = check_span(value.get("start"), value.get("end"), value["labels"][0], where)
        _check_text(span, value.get("text"), text, where)
        yield span


def _check_text(span: Span, copy: Any, text: str, where: str) -> None:
    """Raise if the text at a span differs from the copy in its region; regions without a copy pass."""
    if isinstance(copy, str) and _SPACE.sub("", copy) != _SPACE.sub("", text[span.start : span.end]):
        raise CorpusError(
            f"{where}: a region has the text {copy[:30]!r}, but its offsets {span.start} to {span.end} select "
            f"{text[span.start : span.end][:30]!r}: count offsets in code points"
        )
