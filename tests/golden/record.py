"""Record the shipped model's probabilities for a few articles: run this when another model ships.

python tests/golden/record.py
"""

import hashlib
import json
from importlib.resources import files
from pathlib import Path

from dechaff import LineModel, default_model
from dechaff_training.corpus.corpus import Corpus

RECORD = Path(__file__).parent / "probabilities.json"
ARTICLES = Path(__file__).parents[2] / "data" / "articles"
#: One article of each script, among them a live blog, a recipe, comments, prices and a brief.
NAMES = (
    "deccan-ledger/sugar-mill-brief",
    "salt-and-milestone/recipe-braised-leeks-mustard-crumbs",
    "tallow-creek-courier/sewer-rates-vote-comments",
    "solderpoint/best-kettles-under-50",
    "wemmertaler-bote/liveticker-derby-kreuzfelden-oberwemmer",
    "talnogorsk-vestnik/sud-les",
    "lanchuan-online/qingju-xinpin",
    "shiomihara-nippo/gyokyo-hanketsu",
    "haeon-ilbo/gimjang-baechu",
    "seemant-prahari/mandi-bhav-pyaz-tamatar",
    "sahifat-al-mirsat/safinat-milh-janiha-mujaz",
)


def probabilities(model: LineModel) -> dict[str, list[float]]:
    """Compute the probability of content of every line of the articles, to four decimals."""
    texts = {article.id: article.text for article in Corpus.read(*(ARTICLES / f"{name}.txt" for name in NAMES))}
    return {name: model.predict_proba([texts[name]])[:, 1].round(4).tolist() for name in NAMES}


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Write `probabilities.json`."""
    shipped = Path(str(files("dechaff").joinpath("artifacts", "default.joblib")))
    record = {"sha256": digest(shipped), "probabilities": probabilities(default_model())}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
