// Helpers for the DOM. Data becomes text nodes, never markup.

export const find = (id) => document.getElementById(id);

export function make(tag, { className, text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Announce a message to screen readers. */
export function announce(message) {
  find('live').textContent = message;
}

/** Show a message until the next one, optionally with a button for an action. */
export function notice(message, action, run) {
  const box = find('notice');
  const [text, button] = box.children;
  text.textContent = message ?? '';
  button.hidden = !action;
  button.textContent = action ?? '';
  button.onclick = run ?? null;
  box.hidden = !message;
}

/** Run after the next paint. */
export function afterPaint(run) {
  requestAnimationFrame(() => setTimeout(run));
}

export const percent = (share) => `${Math.round(share * 100)}\u00a0%`;
export const count = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
