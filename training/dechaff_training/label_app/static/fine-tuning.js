// The fine-tuning dialog: adapt the model to the saved labels, compare both models, use the new one.

import * as api from './api.js';
import { openDialog } from './dialogs.js';
import { find, make } from './dom.js';

const INTERVAL = 400;
const INTRODUCTION = 'A new model is fine-tuned on your saved labels and evaluated on held-out sites of yours. The current model stays in use until you accept the new one.';

const dialog = find('tuning-dialog');
const button = (value) => dialog.querySelector(`[value=${value}]`);

/** Open the dialog; returns the file of the new model if it was accepted, else null. */
export async function fineTune() {
  let path = null;
  const before = await api.readFineTuning();
  show(before);
  const closed = openDialog(dialog, async (value) => {
    try {
      if (value === 'use') path = (await api.useModel()).path;
      else {
        await api.beginFineTuning();
        follow();
      }
    } catch (error) {
      show({ state: 'failed', error: error.message });
    }
    return path !== null;
  });
  if (before.state === 'working') follow();
  await closed;
  return path;
}

/** Show the progress until fine-tuning ends or the dialog is closed. */
async function follow() {
  let progress;
  do {
    try {
      progress = await api.readFineTuning();
    } catch (error) {
      progress = { state: 'failed', error: error.message };
    }
    show(progress);
    await new Promise((resume) => setTimeout(resume, INTERVAL));
  } while (progress.state === 'working' && dialog.open);
}

function show({ state, step, error, advice, title, columns = [], rows = [], is_changed: isChanged }) {
  find('tuning-text').textContent = { none: INTRODUCTION, working: `${step} …`, done: advice, failed: error }[state];
  find('tuning-text').classList.toggle('problem', state === 'failed');
  find('tuning-progress').hidden = state !== 'working';
  find('tuning-table').hidden = !rows.length;
  find('tuning-table').replaceChildren(
    make('caption', { text: title }),
    make('thead', {}, make('tr', {}, ...columns.map((text) => make('th', { text, scope: 'col' })))),
    make('tbody', {}, ...rows.map(([name, ...figures]) => make('tr', {}, make('th', { text: name, scope: 'row' }), ...figures.map((text) => make('td', { text }))))),
  );
  button('start').hidden = state === 'working';
  button('start').textContent = state === 'none' ? 'Fine-tune' : 'Fine-tune again';
  button('use').hidden = state !== 'done' || !isChanged;
}
