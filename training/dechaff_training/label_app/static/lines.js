// The list of lines: the active line, the selected range, the filter.

import { find, make, percent } from './dom.js';
import { WORDS } from './article.js';

const SIGNS = { '+': '+', '-': '−', '?': '?' };
const BLOCK = 40;
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

  /** Show only the lines that satisfy a predicate; null for all. */
  filter(predicate) {
    this.#shown = [];
    this.#list.classList.toggle('filtered', predicate !== null);
    this.#rows.forEach((row, i) => {
      row.hidden = predicate !== null && !predicate(i);
      if (!row.hidden) this.#shown.push(i);
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

  /** Move up or down among the visible lines. */
  step(by, extend) {
    const place = this.#shown.indexOf(this.active) + by;
    const index = this.#shown[Math.max(0, Math.min(place, this.#shown.length - 1))];
    if (index !== undefined && (index !== this.active || !extend)) this.go(index, extend);
  }

  /** The visible lines of the range. */
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
    const { kind, probability } = article.lines[index];
    const chips = [];
    if (article.isCorrected(index)) chips.push(make('span', { className: 'chip corrected', text: 'corrected' }));
    if (article.isUnsure(index)) chips.push(make('span', { className: 'chip unsure', text: 'unsure' }));
    if (kind && mark === '-') chips.push(make('span', { className: 'chip', text: kind }));
    facts.replaceChildren(...chips, make('span', { className: 'probability', text: percent(probability) }));
  }

  #choose() {
    const [first, last] = [Math.min(this.active, this.#anchor), Math.max(this.active, this.#anchor)];
    for (const i of this.#chosen) this.#rows[i].setAttribute('aria-selected', 'false');
    this.#chosen = this.#shown.filter((i) => i >= first && i <= last);
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
