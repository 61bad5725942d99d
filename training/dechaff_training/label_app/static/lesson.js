// Teaching: the saved labels move the model; its gain is shown, and who asked decides whether to take it.

import * as api from './api.js';
import { ask } from './dialogs.js';
import { find, make } from './dom.js';

const PAUSE = 400;
const INTRODUCTION = 'The labels that you saved teach a new model. It is measured on sites of yours that it has not seen, and the old one stays until you take the new one.';

const dialog = find('lesson-dialog');
const button = (value) => dialog.querySelector(`[value=${value}]`);

/** Let someone teach the model; gives the file of the new model if it was taken, else null. */
export async function teach() {
  let path = null;
  const before = await api.readLesson();
  show(before);
  const closed = ask(dialog, async (value) => {
    try {
      if (value === 'take') path = (await api.takeModel()).path;
      else {
        await api.beginLesson();
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

/** Show how the lesson goes until it is over or the dialog is closed. */
async function follow() {
  let lesson;
  do {
    try {
      lesson = await api.readLesson();
    } catch (error) {
      lesson = { state: 'failed', error: error.message };
    }
    show(lesson);
    await new Promise((resume) => setTimeout(resume, PAUSE));
  } while (lesson.state === 'working' && dialog.open);
}

function show({ state, step, error, advice, title, columns = [], rows = [], is_changed: isChanged }) {
  find('lesson-text').textContent = { none: INTRODUCTION, working: `${step} …`, done: advice, failed: error }[state];
  find('lesson-text').classList.toggle('problem', state === 'failed');
  find('lesson-progress').hidden = state !== 'working';
  find('lesson-table').hidden = !rows.length;
  find('lesson-table').replaceChildren(
    make('caption', { text: title }),
    make('thead', {}, make('tr', {}, ...columns.map((text) => make('th', { text, scope: 'col' })))),
    make('tbody', {}, ...rows.map(([name, ...figures]) => make('tr', {}, make('th', { text: name, scope: 'row' }), ...figures.map((text) => make('td', { text }))))),
  );
  button('teach').hidden = state === 'working';
  button('teach').textContent = state === 'none' ? 'Teach' : 'Teach again';
  button('take').hidden = state !== 'done' || !isChanged;
}
