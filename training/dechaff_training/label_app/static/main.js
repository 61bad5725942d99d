// The label app: opens one article at a time, runs commands, and saves drafts and labels.

import * as api from './api.js';
import { Article, WORDS } from './article.js';
import { addText, resolveConflict, showKeys } from './dialogs.js';
import { afterPaint, announce, count, find, make, notice } from './dom.js';
import { fineTune } from './fine-tuning.js';
import { KEYS, KINDS, readKey } from './keys.js';
import { Lines } from './lines.js';
import { Queue } from './queue.js';
import { Why } from './why.js';

const DRAFT_DELAY = 300;

let article = null;
let draftTimer = 0;
let onlyUnsure = false;
const why = new Why();
const queue = new Queue((index) => open(index));
const lines = new Lines({
  onActive: (index) => article && why.show(article, index),
  onFlip: (event) => run('flip', event),
});

const commands = {
  flip: (event) => setMarks(article.marks[lines.anchor] === '+' ? '-' : '+', event),
  content: (event) => setMarks('+', event),
  boilerplate: (event) => setMarks('-', event),
  mask: (event) => setMarks('?', event),
  kind: (event) => setMarks('-', event, KINDS[Number(event.key)]),
  doubtful: (event) => jump((i) => article.isUnsure(i), event, 'line with an uncertain prediction'),
  'next-content': (event) => jump((i) => article.marks[i] === '+', event, 'content line'),
  undo: () => changed(article.undo(), 'undone'),
  redo: () => changed(article.redo(), 'redone'),
  unsure: () => filter(!onlyUnsure),
  best: () => sort(!queue.isSorted),
  'fine-tune': () => replaceModel(),
  save: () => save(article),
  next: () => step(1),
  previous: () => step(-1),
};

/** Go to the next line of a sort, with Shift to the previous one. */
function jump(predicate, { shiftKey }, name) {
  if (!lines.jump(predicate, shiftKey)) announce(`no ${name} ${shiftKey ? 'above' : 'below'}`);
}

function setMarks(mark, event, kind) {
  changed(article.set(lines.chosen, mark, kind));
  afterPaint(() => performance.measure('dechaff:flip', { start: event.timeStamp }));
}

/** Redraw changed lines, and schedule a draft. */
function changed(indices, how = '') {
  if (!indices.length) return;
  indices.forEach((i) => lines.update(i));
  if (how) lines.go(indices[0], false);
  const lineCount = indices.length === 1 ? `line ${indices[0] + 1}` : count(indices.length, 'line');
  const kind = article.kinds[indices[0]];
  const label = WORDS[article.marks[indices[0]]] + (kind && article.kind(indices[0]) ? `, ${kind}` : '');
  announce(`${lineCount} ${how ? `${how}: ` : ''}${label}`);
  clearTimeout(draftTimer);
  draftTimer = setTimeout(keep, DRAFT_DELAY);
  summarise();
}

/** Save or delete the draft now. */
async function keep() {
  clearTimeout(draftTimer);
  draftTimer = 0;
  const kept = article;
  const work = kept.isSettled ? api.dropDraft(kept) : api.keepDraft(kept);
  await work.then(() => queue.setState(kept.index, kept.isSettled ? (kept.saved ? 'saved' : 'new') : 'draft'), showError);
}

async function save(saved) {
  clearTimeout(draftTimer);
  draftTimer = 0;
  try {
    const sent = saved.labels;
    const { digest, path } = await api.saveArticle(saved);
    saved.settle(digest, sent);
    queue.setState(saved.index, 'saved');
    notice(null);
    announce(`saved to ${path}`);
  } catch (error) {
    if (error.status !== 409) return showError(error);
    await settleConflict(saved, error);
  }
  if (saved === article) summarise();
}

async function settleConflict(saved, error) {
  const choice = await resolveConflict(error);
  if (choice === 'reload') await discard(saved);
  if (choice === 'overwrite') {
    saved.digest = error.digest;
    await save(saved);
  }
}

async function discard({ index }) {
  try {
    await api.dropDraft({ index });
    await open(index);
    await queue.load();
  } catch (error) {
    showError(error);
  }
}

async function open(index) {
  if (draftTimer) await keep();
  try {
    article = new Article(await api.openArticle(index));
  } catch (error) {
    queue.choose(article?.index);
    return showError(error);
  }
  notice(null);
  if (article.origin === 'draft') {
    notice('Your unsaved changes were restored.', 'Discard them', () => discard(article));
  }
  queue.choose(index);
  find('title').textContent = `${article.site} / ${article.slug}`;
  document.title = `${article.slug} · dechaff label`;
  lines.show(article);
  filter(false);
  summarise();
  lines.focus();
  afterPaint(() => performance.measure('dechaff:open'));
}

function step(by) {
  const index = queue.from(article.index, by);
  if (index === undefined) return announce(by > 0 ? 'this is the last article' : 'this is the first article');
  return open(index);
}

/** Sort the articles by the model's uncertainty, or by file. */
async function sort(wanted) {
  try {
    announce(wanted ? 'sorting the articles' : 'sorted by file');
    await queue.sort(wanted);
  } catch (error) {
    return showError(error);
  }
  find('best').setAttribute('aria-pressed', queue.isSorted);
  if (wanted && !queue.isSorted) announce('all articles are labelled');
  return queue.isSorted ? open(queue.first) : summarise();
}

function filter(wanted) {
  const unsure = article.lines.filter((_, i) => article.isUnsure(i)).length;
  onlyUnsure = wanted && unsure > 0;
  lines.filter(onlyUnsure ? (i) => article.isUnsure(i) : null);
  find('unsure').setAttribute('aria-pressed', onlyUnsure);
  if (wanted) announce(unsure ? `${count(unsure, 'unsure line')} shown, with the lines around` : 'no line has an uncertain prediction');
  summarise();
}

function summarise() {
  const of = (mark) => article.marks.filter((other) => other === mark).length;
  const unsure = article.lines.filter((_, i) => article.isUnsure(i)).length;
  const corrected = article.lines.filter((_, i) => article.isCorrected(i)).length;
  const parts = [`article ${queue.place(article.index)}`, `${of('+')} content`, `${of('-')} boilerplate`];
  if (of('?')) parts.push(`${of('?')} not counted`);
  parts.push(`${unsure} unsure`, `${corrected} corrected`);
  const state = make('span', { className: 'state', text: article.isSaved ? '✓ saved' : '● not saved' });
  state.dataset.saved = article.isSaved;
  find('counts').replaceChildren(parts.join(' · '), ' ', state);
  find('undo').disabled = !article.canUndo;
  find('redo').disabled = !article.canRedo;
  find('previous').disabled = queue.from(article.index, -1) === undefined;
  find('next').disabled = queue.from(article.index, 1) === undefined;
  const reason = queue.reason(article.index);
  find('reason').textContent = reason ? `Suggested: ${reason}` : '';
}

function showError(error) {
  notice(error.message);
}

async function add() {
  const index = await addText();
  if (index === null) return;
  await queue.load();
  await start(index);
}

/** Fine-tune the model; if the new one is accepted, reopen the article with its predictions. */
async function replaceModel() {
  try {
    const path = await fineTune();
    if (path === null) return;
    if (draftTimer) await keep();
    if (article) await open(article.index);
    announce(`the new model is in use, and saved to ${path}`);
  } catch (error) {
    showError(error);
  }
}

async function start(index = queue.first) {
  const isEmpty = !queue.length;
  find('empty').hidden = !isEmpty;
  find('lines').hidden = isEmpty;
  for (const id of ['previous', 'next', 'best', 'unsure', 'undo', 'redo', 'save', 'articles']) find(id).disabled = isEmpty;
  if (isEmpty) find('title').textContent = 'No articles';
  else await open(index);
}

function run(name, event) {
  if (name === 'keys') showKeys(KEYS);
  else if (name === 'add') add().catch(showError);
  else if (article) commands[name](event);
}

for (const name of ['add', 'keys', ...Object.keys(commands)]) {
  find(name)?.addEventListener('click', (event) => {
    run(name, event);
    if (event.detail && !document.querySelector('dialog[open]')) lines.focus();  // after a mouse click, keys act on the lines again
  });
}
document.addEventListener('keydown', (event) => {
  const found = readKey(event);
  if (!found?.command && !found?.move) return;
  event.preventDefault();
  if (found.command) run(found.command, event);
  else if (article) lines.step(...found.move);
});
addEventListener('pagehide', () => draftTimer && keep());

try {
  await queue.load();
  await start();
} catch (error) {
  showError(error);
}
