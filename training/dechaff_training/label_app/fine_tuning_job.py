"""Fine-tune the model on the saved labels in the background, while the label app stays usable."""

from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from dechaff.errors import DechaffError, InputError
from dechaff.linear.line_model import LineModel
from dechaff_training.corpus import Corpus

if TYPE_CHECKING:  # imports scikit-learn, which labelling does not need
    from dechaff_training.fit.fine_tuning import FineTuning


class FineTuningJob:
    """Run one fine-tuning at a time, always from the same start model.

    The comparison before and after thus uses a model that was not fitted on the user's sites.

    Parameters
    ----------
    start : LineModel
    start_digest : str, optional
        The digest of the start model's file.
    """

    def __init__(self, start: LineModel, start_digest: str | None = None) -> None:
        self._start, self._digest = start, start_digest
        self._lock = Lock()
        self._state: dict[str, Any] = {"state": "none"}
        self._result: FineTuning | None = None

    @property
    def state(self) -> dict[str, Any]:
        """The progress: `state` is none, working, done or failed; other keys are `step`, `error` or the scores."""
        return self._state

    @property
    def model(self) -> LineModel:
        """The fine-tuned model.

        Raises
        ------
        InputError
            If no model has been fine-tuned.
        """
        if self._result is None:
            raise InputError("no model has been fine-tuned")
        return self._result.model

    def begin(self, folder: Path) -> None:
        """Start fine-tuning on the labels in a folder, and return at once.

        Raises
        ------
        InputError
            If fine-tuning is already running.
        """
        with self._lock:
            if self._state["state"] == "working":
                raise InputError("the model is already being fine-tuned")
            self._result, self._state = None, {"state": "working", "step": "reading the labels"}
        Thread(target=self._run, args=(folder,), daemon=True).start()

    def _run(self, folder: Path) -> None:
        try:
            self._state = self._fine_tune(folder)
        except (DechaffError, OSError) as error:
            self._state = {"state": "failed", "error": str(error)}
        finally:
            if self._state["state"] == "working":  # after an unexpected error the browser must not wait forever
                self._state = {"state": "failed", "error": "an internal error: see the terminal"}

    def _fine_tune(self, folder: Path) -> dict[str, Any]:
        from dechaff_training.fit.fine_tuning import fine_tune, fine_tuning_table

        corpus = Corpus.read(folder) if folder.is_dir() else Corpus([])
        if not len(corpus):
            raise InputError("nothing is saved yet: label an article and save it first")
        result = fine_tune(self._start, corpus, start_digest=self._digest, progress=self._show_step)
        self._result, table = result, fine_tuning_table(result)
        return {
            "state": "done",
            "advice": result.advice,
            "is_changed": result.model is not self._start,
            "title": table.title,
            "columns": table.columns,
            "rows": table.rows,
        }

    def _show_step(self, step: str) -> None:
        self._state = {"state": "working", "step": step}
