"""Record a small model file and its probabilities: run this when features or the format change.

python tests/record_format.py

It writes the file of the format that `save_model` writes; those of older formats stay.
"""

import json
from pathlib import Path

from helpers import SMALL_MODEL

from dechaff import LineModel, save_model
from dechaff.features import specification
from dechaff.linear.artifact import VERSION

GOLDEN = Path(__file__).parent / "golden"
ARTICLE = Path(__file__).parents[1] / "data" / "example.txt"


def probabilities(model: LineModel) -> list[float]:
    """Compute the probability of content of every line of the example."""
    return model.predict_proba([ARTICLE.read_text("utf-8")])[:, 1].round(9).tolist()


def main() -> None:
    """Write `format-N.joblib` and `format-N.json`."""
    save_model(SMALL_MODEL, GOLDEN / f"format-{VERSION}.joblib")
    record = {"specification": specification(), "probabilities": probabilities(SMALL_MODEL)}
    (GOLDEN / f"format-{VERSION}.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
