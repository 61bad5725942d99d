"""The labelling page: see each line's label and its reasons, correct it, save it, all on this machine.

One way through it: files (`sources`, `store`) -> `session` -> `views` -> the page in `static/`.
"""
