"""Train a small model, or compare probabilities of models of other versions with the recorded ones.

python exchange.py train FOLDER NAME      writes NAME.joblib and NAME.npy, the probabilities of all lines
python exchange.py compare FOLDER         prints the largest difference for every model of the folder, as JSON
"""

import json
import sys
from pathlib import Path

import numpy as np

from dechaff import load_model, save_model
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit.estimator import LineClassifier

ARTICLES = Path(__file__).parents[2] / "data" / "articles"


def train(folder: Path, name: str) -> None:
    """Train on the project's articles; save the model and its probabilities."""
    corpus = Corpus.read(ARTICLES)
    classifier = LineClassifier(n_bits=12, n_trees=10, n_folds=2)
    model = classifier.fit(corpus.texts, corpus.labels, groups=corpus.groups).model_
    save_model(model, folder / f"{name}.joblib")
    # From the file, where word weights are rounded.
    read = load_model(folder / f"{name}.joblib")
    np.save(folder / f"{name}.npy", read.predict_proba(corpus.texts)[:, 1])


def compare(folder: Path) -> dict[str, float]:
    """Return the largest difference between recorded and computed probabilities, by model."""
    texts = Corpus.read(ARTICLES).texts
    return {
        path.stem: float(
            np.abs(load_model(path).predict_proba(texts)[:, 1] - np.load(path.with_suffix(".npy"))).max()
        )
        for path in sorted(folder.glob("*.joblib"))
    }


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train(Path(sys.argv[2]), sys.argv[3])
    else:
        print(json.dumps(compare(Path(sys.argv[2]))))
