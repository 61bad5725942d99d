"""Old names of modules: they can be imported for one more release, with a warning that shows the new name."""

from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from typing import Final

MOVED: Final = {
    "dechaff_training.adapting": "dechaff_training.fit.fine_tuner",
    "dechaff_training.alignment": "dechaff_training.corpus.gold_alignment",
    "dechaff_training.articles": "dechaff_training.corpus.articles",
    "dechaff_training.benchmark": "dechaff_training.evaluate.benchmark",
    "dechaff_training.calibration": "dechaff_training.fit.thresholds",
    "dechaff_training.crosses": "dechaff_training.fit.stages",
    "dechaff_training.differing": "dechaff_training.evaluate.model_diff",
    "dechaff_training.dolma": "dechaff_training.exchange.dolma",
    "dechaff_training.estimator": "dechaff_training.fit.estimator",
    "dechaff_training.evaluation": "dechaff_training.evaluate.evaluation",
    "dechaff_training.extraction": "dechaff_training.corpus.extraction",
    "dechaff_training.fitting": "dechaff_training.fit.line_table",
    "dechaff_training.html_report": "dechaff_training.report.html_report",
    "dechaff_training.kind_fitting": "dechaff_training.fit.kinds",
    "dechaff_training.kinds": "dechaff_training.evaluate.kinds",
    "dechaff_training.label_studio": "dechaff_training.exchange.label_studio",
    "dechaff_training.matching": "dechaff_training.corpus.text_matching",
    "dechaff_training.metrics": "dechaff_training.evaluate.metrics",
    "dechaff_training.ordering": "dechaff_training.fit.active_learning",
    "dechaff_training.page": "dechaff_training.label_app",
    "dechaff_training.page.app": "dechaff_training.label_app.app",
    "dechaff_training.page.server": "dechaff_training.label_app.server",
    "dechaff_training.page.session": "dechaff_training.label_app.session",
    "dechaff_training.pages": "dechaff_training.corpus.pages",
    "dechaff_training.peers": "dechaff_training.corpus.extraction",
    "dechaff_training.places": "dechaff_training.files.paths",
    "dechaff_training.presets": "dechaff_training.fit.thresholds",
    "dechaff_training.progress": "dechaff_training.files.progress",
    "dechaff_training.reading": "dechaff_training.files.text_io",
    "dechaff_training.records": "dechaff_training.evaluate.line_records",
    "dechaff_training.rendering": "dechaff_training.report.rendering",
    "dechaff_training.spans": "dechaff_training.exchange.spans",
    "dechaff_training.teaching": "dechaff_training.fit.fine_tuning",
    "dechaff_training.training": "dechaff_training.fit.training",
}


class LazyMovedModules:
    """Finder of modules by their old names, for `sys.meta_path`.

    It imports `dechaff`, which takes long, only for an old name.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return a spec if `name` is an old name."""
        if name not in MOVED:
            return None
        from dechaff._moved import MovedModules

        return MovedModules(MOVED).find_spec(name, path, target)
