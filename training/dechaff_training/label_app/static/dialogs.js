// The dialogs: keyboard shortcuts, a file that has changed, adding a text.

import { addArticle } from './api.js';
import { find, make } from './dom.js';

/** Show a dialog; returns the value of the button that closes it, "cancel" for Escape. */
export function openDialog(dialog, check = () => true) {
  return new Promise((resolve) => {
    dialog.returnValue = 'cancel';
    dialog.onclick = async ({ target }) => {
      if (target.localName === 'button' && (target.value === 'cancel' || (await check(target.value)))) {
        dialog.close(target.value);
      }
    };
    dialog.onclose = () => resolve(dialog.returnValue);
    dialog.showModal();
  });
}

export function showKeys(keys) {
  const rows = keys.flatMap(([names, action]) => [
    make('dt', {}, ...names.map((name) => make('kbd', { text: name }))),
    make('dd', { text: action }),
  ]);
  find('keys-list').replaceChildren(...rows);
  return openDialog(find('keys-dialog'));
}

export function resolveConflict({ message, can_overwrite: canOverwrite }) {
  const dialog = find('conflict-dialog');
  find('conflict-text').textContent = `${message}. Nothing was saved.`;
  dialog.querySelector('[value=overwrite]').hidden = !canOverwrite;
  return openDialog(dialog);
}

/** Open the dialog for adding a text; returns its index, or null if cancelled. */
export async function addText() {
  const [text, file, problem, html] = ['text', 'file', 'problem', 'html'].map((name) => find(`add-${name}`));
  const [site, title] = [find('add-site'), find('add-name')];
  text.value = file.value = title.value = '';
  html.checked = false;
  problem.hidden = true;
  file.onchange = async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    text.value = await chosen.text();
    title.value = chosen.name.replace(/\.[^.]*$/, '');
    html.checked = /\.html?$/i.test(chosen.name);
  };
  text.onpaste = () => setTimeout(() => { html.checked = /^\s*<(!doctype|html|head|body)\b/i.test(text.value); });
  let index = null;
  await openDialog(find('add-dialog'), async () => {
    try {
      index = await addArticle({ text: text.value, site: site.value, title: title.value, is_html: html.checked });
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    return index !== null;
  });
  return index;
}
