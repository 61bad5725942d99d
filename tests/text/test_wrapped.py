"""Plain text that is more than lines: hard-wrapped paragraphs, code as a block."""

import textwrap

import pytest
from helpers import ANY_TEXT
from hypothesis import given
from hypothesis import strategies as st

from dechaff import classify_lines, clean_article
from dechaff.text.code_blocks import find_code
from dechaff.text.reading import Rows
from dechaff.text.wrapped import read_plain

PARAGRAPHS = [
    "The council voted on Tuesday to repair the old bridge, which had been closed since March after a survey found "
    "cracks in two of its piers.",
    "Work will begin in the spring and is expected to take two years, the mayor said after the vote, and the ferry will "
    "run every ten minutes until then.",
    "Shopkeepers on the north bank, who had asked for a decision before the summer, said that they were relieved by it.",
]
MENU = ["Home", "News", "Sport", "Subscribe for ₹900 per month"]
CODE = "# Comments\nwidth = read(path)\nfor row in rows:\n    print(row)\n"


@pytest.mark.parametrize("width", [40, 60, 72, 100])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_wrapped_paragraphs_are_read_as_one(width: int, gap: str) -> None:
    """The lines of each wrapped paragraph are read as one line, lines behind short ones by themselves."""
    text = gap.join("\n".join(textwrap.wrap(each, width)) for each in [*PARAGRAPHS, *MENU])
    reading = read_plain(text)
    assert reading is not None
    assert set(MENU[1:]) <= set(reading.lines)
    if gap == "\n\n":
        assert reading.lines == [*PARAGRAPHS, *MENU]


def test_divided_words_are_joined() -> None:
    """Where every full line has the very width, as `fold -w 72` prints them, words are put together again."""
    text = "\n".join(each[k : k + 72] for each in PARAGRAPHS for k in range(0, len(each), 72))
    reading = read_plain(text)
    assert reading is not None
    assert reading.lines == PARAGRAPHS


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*PARAGRAPHS, *MENU]),
        "\n".join(MENU),
        "\n".join(f"{'word ' * (k % 7)}end" for k in range(40)),
        "a",
        "",
    ],
)
def test_other_text_is_not_wrapped(text: str) -> None:
    """Text with a line for each paragraph, menus and lines of any lengths are read as they are."""
    assert read_plain(text) is None


def test_items_and_indented_lines_begin_anew() -> None:
    """A line with a bullet or a deeper indentation does not continue the line before it."""
    wrapped = "\n".join(textwrap.wrap(PARAGRAPHS[0], 40))
    item = textwrap.fill(PARAGRAPHS[1], 40, initial_indent="- ", subsequent_indent="  ")
    reading = read_plain(f"{wrapped}\n{item}\n{item}")
    assert reading is not None
    assert sum(line.startswith("- Work") for line in reading.lines) == 2


def test_code_is_a_block() -> None:
    """Code is not read, stays with the text around it as a whole, and its comments end nothing."""
    text = "\n\n".join([PARAGRAPHS[0], CODE, *PARAGRAPHS[1:]])
    assert find_code(Rows.of(text)).sum() == len(CODE.splitlines())
    assert clean_article(text, format="auto").text == text
    assert {line.label for line in classify_lines(text, format="auto")} == {"content"}


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(PARAGRAPHS),
        "the first item, as amended;\nthe second item;\nthe third item, if any;\nand the last one.",
        "Name: Jory\nAge: 44\nTown: Penhallow (north)",
        "1 + 1 = 2\nShare\nSubscribe",
    ],
)
def test_other_text_is_no_code(text: str) -> None:
    """Prose, items that end with semicolons and lists of facts are not code."""
    assert not find_code(Rows.of(text)).any()


@given(
    st.lists(st.sampled_from([*PARAGRAPHS, *MENU, CODE, "* * *", ""]), max_size=9), st.integers(20, 90), ANY_TEXT
)
def test_every_line_has_a_label(parts: list[str], width: int, rest: str) -> None:
    """Whatever is read, every line of the text has a label, and those that are content make up the text that is kept."""
    text = "\n".join([*(textwrap.fill(part, width) for part in parts), rest])
    article = clean_article(text, format="auto")
    assert [line.text for line in article.lines] == [line.text for line in classify_lines(text)]
    kept = [line.text for line in article.lines if line.label == "content"]
    assert [line.text for line in classify_lines(article.text)] == kept or not article.lines


def test_rules_stay_between_kept_lines() -> None:
    """A line without a letter or digit stays between two lines that stay."""
    text = "\n".join([PARAGRAPHS[0], "* * *", PARAGRAPHS[1], "---", "Share", "Log in"])
    assert clean_article(text).text == "\n".join([PARAGRAPHS[0], "* * *", PARAGRAPHS[1], ""])
