// The panel with the reasons for a line's prediction.

import { explain } from './api.js';
import { WORDS } from './article.js';
import { find, make, percent } from './dom.js';

const DELAY = 80;  // no requests while a key is held down

export class Why {
  #panel = find('why');
  #known = new Map();
  #timer = 0;
  #article = null;

  show(article, index) {
    clearTimeout(this.#timer);
    if (article !== this.#article) this.#known.clear();
    this.#article = article;
    this.line = index;
    if (index < 0) this.#panel.replaceChildren();
    else if (this.#known.has(index)) this.#print(this.#known.get(index));
    else this.#timer = setTimeout(() => this.#load(article, index), DELAY);
  }

  async #load(article, index) {
    const reasons = await explain(article, index).catch((error) => ({ error: error.message }));
    if (article !== this.#article) return;
    if (!reasons.error) this.#known.set(index, reasons);
    if (index === this.line) this.#print(reasons);
  }

  #print(reasons) {
    const { probability, mark, kind } = this.#article.lines[this.line];
    const prediction = [`Line ${this.line + 1}: the model predicts `, make('b', { text: WORDS[mark] })];
    if (kind && mark === '-') prediction.push(` (${kind})`);
    prediction.push(`; probability of content ${percent(probability)}.`);
    const parts = [make('p', {}, ...prediction), makeScale(probability)];
    if (reasons.error) parts.push(make('p', { className: 'problem', text: reasons.error }));
    else parts.push(makeReasons(reasons));
    this.#panel.replaceChildren(...parts);
  }
}

function makeScale(probability) {
  const needle = make('span', {});
  needle.style.insetInlineStart = `${probability * 100}%`;
  const ends = make('div', { className: 'ends' }, make('span', { text: '− boilerplate' }), make('span', { text: 'content +' }));
  return make('div', { className: 'scale', 'aria-hidden': 'true' }, make('div', { className: 'bar' }, needle), ends);
}

function makeReasons(reasons) {
  const strongest = Math.max(...reasons.map(({ contribution }) => Math.abs(contribution)));
  const items = reasons.map(({ text, contribution }) => {
    const side = contribution < 0 ? 'boilerplate' : 'content';
    const bar = make('span', { className: 'weight', 'data-mark': side, 'aria-hidden': 'true' });
    bar.style.inlineSize = `${(100 * Math.abs(contribution)) / strongest}%`;
    const value = `${contribution < 0 ? '−' : '+'}${Math.abs(contribution).toFixed(2)} for ${side}`;
    return make('li', {}, make('span', { text, dir: 'auto' }), bar, make('small', { text: value }));
  });
  return make('ol', { 'aria-label': 'Strongest reasons' }, ...items);
}
