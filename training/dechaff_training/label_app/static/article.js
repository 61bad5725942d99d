// An article: its lines, their marks, and the undo history.

export const WORDS = { '+': 'content', '-': 'boilerplate', '?': 'not counted' };

export class Article {
  #changes = [];
  #undone = [];

  constructor(data) {
    Object.assign(this, data, { marks: [...data.marks] });
    // The marks that need no draft, and the marks in the file.
    this.settled = data.origin === 'draft' ? null : data.marks;
    this.saved = data.origin === 'saved' ? data.marks : null;
  }

  get isSaved() { return this.marks.join('') === this.saved; }
  get isSettled() { return this.marks.join('') === this.settled; }
  get canUndo() { return this.#changes.length > 0; }
  get canRedo() { return this.#undone.length > 0; }

  isUnsure(index) {
    const { probability } = this.lines[index];
    return probability >= this.unsure[0] && probability <= this.unsure[1];
  }

  isCorrected(index) {
    return this.marks[index] !== this.lines[index].mark;
  }

  /** Mark lines; returns the indices of those that change. */
  set(indices, mark) {
    const change = indices.filter((i) => this.marks[i] !== mark).map((i) => ({ i, before: this.marks[i], after: mark }));
    if (!change.length) return [];
    this.#changes.push(change);
    this.#undone = [];
    return this.#apply(change, 'after');
  }

  undo() { return this.#move(this.#changes, this.#undone, 'before'); }
  redo() { return this.#move(this.#undone, this.#changes, 'after'); }

  /** Record that marks have been saved; there may be newer ones already. */
  settle(digest, marks) {
    this.digest = digest;
    this.settled = this.saved = marks;
  }

  #move(from, to, side) {
    const change = from.pop();
    if (!change) return [];
    to.push(change);
    return this.#apply(change, side);
  }

  #apply(change, side) {
    for (const step of change) this.marks[step.i] = step[side];
    return change.map((step) => step.i);
  }
}
