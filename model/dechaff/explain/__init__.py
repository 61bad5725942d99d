"""Why a line has its label: contributions, themes, sentences, and kinds of boilerplate."""
