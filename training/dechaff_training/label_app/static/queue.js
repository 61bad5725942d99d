// The articles in the order of their files, or by the model's uncertainty.

import * as api from './api.js';
import { find, make } from './dom.js';

const SIGNS = { saved: '✓', draft: '●', new: '○' };

export class Queue {
  #select = find('articles');
  #items = [];
  #order = [];
  #reasons = new Map();

  constructor(onChoose) {
    this.#select.addEventListener('change', () => onChoose(Number(this.#select.value)));
  }

  get length() { return this.#items.length; }
  get isSorted() { return this.#reasons.size > 0; }
  /** The index of the first article. */
  get first() { return this.#order[0]; }

  /** Reload the list; new articles come last. */
  async load() {
    this.#items = await api.listArticles();
    const known = new Set(this.#order);
    this.#order.push(...this.#items.keys().filter((index) => !known.has(index)));
    this.#print();
  }

  /** Sort by the model's uncertainty, with a reason for each article, or by file. */
  async sort(wanted) {
    const suggestions = wanted ? await api.suggest() : [];
    this.#reasons = new Map(suggestions.map(({ index, reason }) => [index, reason]));
    this.#order = [...new Set([...this.#reasons.keys(), ...this.#items.keys()])];
    this.#print();
  }

  /** Select the open article. */
  choose(index) { this.#select.value = index ?? ''; }

  /** The article at an offset from another; undefined past the ends. */
  from(index, by) { return this.#order[this.#order.indexOf(index) + by]; }
  place(index) { return `${this.#order.indexOf(index) + 1} of ${this.length}`; }
  reason(index) { return this.#reasons.get(index); }

  setState(index, state) {
    this.#items[index].state = state;
    this.#select.options[this.#order.indexOf(index)].textContent = nameOf(this.#items[index]);
  }

  #print() {
    const { value } = this.#select;
    this.#select.replaceChildren(...this.#order.map((i) => make('option', { value: i, text: nameOf(this.#items[i]) })));
    if (value) this.#select.value = value;
  }
}

function nameOf({ site, slug, state }) {
  return `${SIGNS[state]} ${site} / ${slug}${state === 'new' ? '' : ` (${state})`}`;
}
