// An article: its lines, their marks and kinds, and the undo history.

export const WORDS = { '+': 'content', '-': 'boilerplate', '?': 'not counted' };

export class Article {
  #changes = [];
  #undone = [];

  constructor(data) {
    Object.assign(this, data, { marks: [...data.marks] });
    // The labels that need no draft, and the labels in the file.
    this.settled = data.origin === 'draft' ? null : this.labels;
    this.saved = data.origin === 'saved' ? this.labels : null;
  }

  /** Marks and kinds as they are saved: only boilerplate has a kind. */
  get labels() { return this.marks.map((mark, i) => (mark === '-' ? mark + this.kinds[i] : mark)).join(' '); }
  get isSaved() { return this.labels === this.saved; }
  get isSettled() { return this.labels === this.settled; }
  get canUndo() { return this.#changes.length > 0; }
  get canRedo() { return this.#undone.length > 0; }

  isUnsure(index) {
    const { probability } = this.lines[index];
    return probability >= this.unsure[0] && probability <= this.unsure[1];
  }

  isCorrected(index) {
    return this.marks[index] !== this.lines[index].mark;
  }

  /** The kind of a boilerplate line: that of its label, or else the model's. */
  kind(index) {
    return this.marks[index] === '-' ? this.kinds[index] || this.lines[index].kind : null;
  }

  /** Mark lines, with a kind if one is given; returns the indices of those that change. */
  set(indices, mark, kind) {
    const change = indices
      .map((i) => ({ i, before: [this.marks[i], this.kinds[i]], after: [mark, kind ?? this.kinds[i]] }))
      .filter(({ before, after }) => before.join() !== after.join());
    if (!change.length) return [];
    this.#changes.push(change);
    this.#undone = [];
    return this.#apply(change, 'after');
  }

  undo() { return this.#move(this.#changes, this.#undone, 'before'); }
  redo() { return this.#move(this.#undone, this.#changes, 'after'); }

  /** Record that labels have been saved; there may be newer ones already. */
  settle(digest, labels) {
    this.digest = digest;
    this.settled = this.saved = labels;
  }

  #move(from, to, side) {
    const change = from.pop();
    if (!change) return [];
    to.push(change);
    return this.#apply(change, side);
  }

  #apply(change, side) {
    for (const step of change) [this.marks[step.i], this.kinds[step.i]] = step[side];
    return change.map((step) => step.i);
  }
}
