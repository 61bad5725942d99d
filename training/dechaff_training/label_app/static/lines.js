// The list of lines: the active line, the selected range, the filter with the lines around those that pass it.

import { find, make, percent } from './dom.js';
import { WORDS } from './article.js';

const SIGNS = { '+': '+', '-': '−', '?': '?' };
const BLOCK = 40;
const CONTEXT = 2;
const NAMES = { '+': 'content', '-': 'boilerplate', '?': 'masked' };

export class Lines {
  #list = find('lines');
  #rows = [];
  #shown = [];  // the indices of the rows that pass the filter
  #chosen = [];
  active = -1;
  #anchor = -1;

  constructor({ onActive, onFlip }) {
    this.onActive = onActive;
    this.#list.addEventListener('mousedown', (event) => {
      const row = event.target.closest('[role=option]');
      if (!row || event.button) return;
      if (event.shiftKey) event.preventDefault();  // no text selection
      this.go(Number(row.dataset.index), event.shiftKey);
      if (event.target.closest('.mark')) onFlip(event);
    });
  }

  /** Show an article from its first line. */
  show(article) {
    this.article = article;
    this.#rows = article.lines.map((line, i) => makeRow(line, i, article.lines.length));
    this.#rows.forEach((_, i) => this.update(i));
    this.#list.replaceChildren(...inBlocks(this.#rows));
    this.#list.scrollTop = 0;
    this.active = this.#anchor = -1;
    this.#chosen = [];
    this.filter(null);
  }

  /** Show only the lines that satisfy a predicate, and for context those around them; null for all. */
  filter(predicate) {
    this.#list.classList.toggle('filtered', predicate !== null);
    this.#shown = [...this.#rows.keys()].filter((i) => predicate === null || predicate(i));
    const near = new Set(this.#shown.flatMap((i) => Array.from({ length: 2 * CONTEXT + 1 }, (_, by) => i + by - CONTEXT)));
    const shown = new Set(this.#shown);
    this.#rows.forEach((row, i) => {
      row.hidden = !near.has(i);
      row.classList.toggle('context', !shown.has(i));
      row.classList.toggle('cut', i > 0 && near.has(i) && !near.has(i - 1));
    });
    const next = this.#shown.find((i) => i >= this.active) ?? this.#shown.at(-1) ?? -1;
    this.go(next, false);
  }

  /** Make a line the active one, or the end of the range if extended. */
  go(index, extend) {
    this.#rows[this.active]?.classList.remove('active');
    this.active = index;
    if (!extend) this.#anchor = index;
    const row = this.#rows[index];
    if (row) {
      row.classList.add('active');
      this.#list.setAttribute('aria-activedescendant', row.id);
      row.scrollIntoView({ block: 'nearest' });
    } else {
      this.#list.removeAttribute('aria-activedescendant');
    }
    this.#choose();
    this.onActive(index);
  }

  /** Move up or down among the lines that pass the filter; a click may have left it on a line between them. */
  step(by, extend) {
    const before = this.#shown.filter((i) => i <= this.active).length - 1;
    const place = before + by + (by < 0 && this.#shown[before] !== this.active ? 1 : 0);
    const index = this.#shown[Math.max(0, Math.min(place, this.#shown.length - 1))];
    if (index !== undefined && (index !== this.active || !extend)) this.go(index, extend);
  }

  /** Go to the next line that satisfies a predicate, or to the previous one; returns whether there is one. */
  jump(predicate, back) {
    const found = this.#shown.filter((i) => predicate(i) && (back ? i < this.active : i > this.active));
    const index = back ? found.at(-1) : found[0];
    if (index !== undefined) this.go(index, false);
    return index !== undefined;
  }

  /** The lines of the range that pass the filter, or the active line alone. */
  get chosen() { return this.#chosen; }
  /** The first line of the range. */
  get anchor() { return this.#anchor; }

  focus() { this.#list.focus({ preventScroll: true }); }

  /** Redraw a line. */
  update(index) {
    const { article } = this;
    const row = this.#rows[index];
    const mark = article.marks[index];
    row.dataset.mark = NAMES[mark];
    const [sign, , facts] = row.children;
    sign.replaceChildren(make('b', { text: SIGNS[mark] }), WORDS[mark]);
    const { probability } = article.lines[index];
    const kind = article.kind(index);
    const chips = [];
    if (article.isCorrected(index)) chips.push(make('span', { className: 'chip corrected', text: 'corrected' }));
    if (article.isUnsure(index)) chips.push(make('span', { className: 'chip unsure', text: 'unsure' }));
    if (kind) chips.push(make('span', { className: 'chip', text: kind }));
    facts.replaceChildren(...chips, make('span', { className: 'probability', text: percent(probability) }));
  }

  #choose() {
    const [first, last] = [Math.min(this.active, this.#anchor), Math.max(this.active, this.#anchor)];
    for (const i of this.#chosen) this.#rows[i].setAttribute('aria-selected', 'false');
    this.#chosen = first === last && first >= 0 ? [first] : this.#shown.filter((i) => i >= first && i <= last);
    for (const i of this.#chosen) this.#rows[i].setAttribute('aria-selected', 'true');
    this.#list.classList.toggle('range', this.#chosen.length > 1);
  }
}

/** Group rows into blocks, so that the browser can skip rendering those out of view. */
function inBlocks(rows) {
  const blocks = [];
  for (let i = 0; i < rows.length; i += BLOCK) {
    blocks.push(make('div', { className: 'block', role: 'presentation' }, ...rows.slice(i, i + BLOCK)));
  }
  return blocks;
}

function makeRow(line, index, total) {
  const row = make(
    'div',
    {
      className: line.gap ? 'line gap' : 'line',
      role: 'option',
      id: `line-${index}`,
      'aria-selected': 'false',
      'aria-posinset': index + 1,
      'aria-setsize': total,
      'data-index': index,
    },
    make('span', { className: 'mark', title: 'Flip (space)' }),
    make('span', { className: 'text', text: line.text, dir: 'auto' }),
    make('span', { className: 'facts' }),
  );
  return row;
}
