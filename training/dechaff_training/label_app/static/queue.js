// The articles and the order in which they come: that of their files, or the best to label first.

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
  /** The article to begin with. */
  get first() { return this.#order[0]; }

  /** Read the list anew; what is new in it comes last. */
  async load() {
    this.#items = await api.listArticles();
    const known = new Set(this.#order);
    this.#order.push(...this.#items.keys().filter((index) => !known.has(index)));
    this.#print();
  }

  /** Take the articles that the model doubts most first, each with its reason, or all as their files come. */
  async sort(wanted) {
    const suggestions = wanted ? await api.suggest() : [];
    this.#reasons = new Map(suggestions.map(({ index, reason }) => [index, reason]));
    this.#order = [...new Set([...this.#reasons.keys(), ...this.#items.keys()])];
    this.#print();
  }

  /** Show which article is open. */
  choose(index) { this.#select.value = index ?? ''; }

  /** The article so many places on; undefined past the ends. */
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
