// One table of the keys: what they are called, what they do, and the command behind them.

const TABLE = [
  [['↑', '↓'], 'go up or down; also Page Up, Page Down, Home, End'],
  [['Shift', '↑ ↓'], 'choose a range'],
  [['Space'], 'flip the line; a range becomes the opposite of its first line', ' ', 'flip'],
  [['+'], 'mark as content', '+', 'content'],
  [['-'], 'mark as boilerplate', '-', 'boilerplate'],
  [['m'], 'mark as not counted: nobody can say', 'm', 'mask'],
  [['Ctrl', 'Z'], 'undo', 'ctrl+z', 'undo'],
  [['Ctrl', 'Shift', 'Z'], 'redo', 'ctrl+shift+z', 'redo'],
  [['s'], 'save; also Ctrl+S', 's', 'save'],
  [['n'], 'next article', 'n', 'next'],
  [['p'], 'previous article', 'p', 'previous'],
  [['o'], 'order the articles: those that the model doubts most first, or as their files come', 'o', 'best'],
  [['t'], 'teach the model with the labels that are saved', 't', 'teach'],
  [['u'], 'only lines that the model is unsure of', 'u', 'unsure'],
  [['?'], 'show these keys', '?', 'keys'],
];
const MOVES = {
  ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity,
};
const COMMANDS = new Map(TABLE.filter(([, , key]) => key).map(([, , key, command]) => [key, command]));
COMMANDS.set('ctrl+s', 'save').set('ctrl+y', 'redo');

export const KEYS = TABLE.map(([names, what]) => [names, what]);

/** Give the command of a key press, or the move `[by, extend]`; null if the key is none of the page's. */
export function readKey(event) {
  if (event.altKey || document.querySelector('dialog[open]')) return null;
  const isTyping = event.target.closest?.('input, textarea, select');
  const isOnButton = event.target.closest?.('button');
  if (event.ctrlKey || event.metaKey) {
    const key = `ctrl+${event.shiftKey ? 'shift+' : ''}${event.key.toLowerCase()}`;
    return isTyping ? null : { command: COMMANDS.get(key) };
  }
  if (isTyping || (isOnButton && [' ', 'Enter'].includes(event.key))) return null;
  if (event.key in MOVES) return { move: [MOVES[event.key], event.shiftKey] };
  return { command: COMMANDS.get(event.key.length === 1 ? event.key.toLowerCase() : event.key) };
}
