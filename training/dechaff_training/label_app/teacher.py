"""A lesson in the background: the saved labels teach a model while the page goes on."""

from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from dechaff.errors import DechaffError, InputError
from dechaff.linear.line_model import LineModel

if TYPE_CHECKING:  # it imports scikit-learn, which only who teaches has to wait for
    from dechaff_training.fit.fine_tuning import FineTuning


class Teacher:
    """Teaches a model, one lesson at a time, always from the same beginning: it has not seen the user's sites.

    Parameters
    ----------
    start : LineModel
    start_digest : str, optional
        Of its file.
    """

    def __init__(self, start: LineModel, start_digest: str | None = None) -> None:
        self._start, self._digest = start, start_digest
        self._lock = Lock()
        self._state: dict[str, Any] = {"state": "none"}
        self._lesson: FineTuning | None = None

    @property
    def state(self) -> dict[str, Any]:
        """How the lesson goes: `state` is none, working, done or failed, with `step`, `error` or its figures."""
        return self._state

    @property
    def model(self) -> LineModel:
        """The taught model.

        Raises
        ------
        InputError
            If there is none.
        """
        if self._lesson is None:
            raise InputError("no model has been taught")
        return self._lesson.model

    def begin(self, folder: Path) -> None:
        """Begin a lesson with the labels in a folder; returns at once.

        Raises
        ------
        InputError
            If there is one already.
        """
        with self._lock:
            if self._state["state"] == "working":
                raise InputError("the model is being taught already")
            self._lesson, self._state = None, {"state": "working", "step": "reading the labels"}
        Thread(target=self._work, args=(folder,), daemon=True).start()

    def _work(self, folder: Path) -> None:
        try:
            self._state = self._teach(folder)
        except (DechaffError, OSError) as error:
            self._state = {"state": "failed", "error": str(error)}
        finally:
            if self._state["state"] == "working":  # something else was raised: who waits must hear of the end
                self._state = {"state": "failed", "error": "an error of dechaff's own: the terminal shows it"}

    def _teach(self, folder: Path) -> dict[str, Any]:
        from dechaff_training.corpus import Corpus
        from dechaff_training.fit.fine_tuning import fine_tune, fine_tuning_table

        corpus = Corpus.read(folder) if folder.is_dir() else Corpus([])
        if not len(corpus):
            raise InputError("nothing is saved yet: label an article and save it first")
        lesson = fine_tune(self._start, corpus, start_digest=self._digest, progress=self._tell)
        self._lesson, table = lesson, fine_tuning_table(lesson)
        return {
            "state": "done",
            "advice": lesson.advice,
            "is_changed": lesson.model is not self._start,
            "title": table.title,
            "columns": table.columns,
            "rows": table.rows,
        }

    def _tell(self, step: str) -> None:
        self._state = {"state": "working", "step": step}
