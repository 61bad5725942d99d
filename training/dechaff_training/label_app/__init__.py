"""The label app: view each line's label with its reasons, correct it and save it, all on this machine.

Requests pass from the browser (`static/`) through `views` to `session`, which reads `sources` and writes `store`.
"""
