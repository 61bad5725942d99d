// The keyboard shortcuts: names, descriptions, keys and commands.

const TABLE = [
  [['↑', '↓'], 'move up or down; also Page Up, Page Down, Home, End'],
  [['Shift', '↑ ↓'], 'select a range'],
  [['Space'], 'flip the line; a range gets the opposite of its first line\'s mark', ' ', 'flip'],
  [['+'], 'mark as content', '+', 'content'],
  [['-'], 'mark as boilerplate', '-', 'boilerplate'],
  [['m'], 'mark as not counted, for lines that cannot be decided', 'm', 'mask'],
  [['Ctrl', 'Z'], 'undo', 'ctrl+z', 'undo'],
  [['Ctrl', 'Shift', 'Z'], 'redo', 'ctrl+shift+z', 'redo'],
  [['s'], 'save; also Ctrl+S', 's', 'save'],
  [['n'], 'next article', 'n', 'next'],
  [['p'], 'previous article', 'p', 'previous'],
  [['o'], 'sort the articles by the model\'s uncertainty, or by file', 'o', 'best'],
  [['t'], 'fine-tune the model on the saved labels', 't', 'fine-tune'],
  [['u'], 'show only lines with an uncertain prediction', 'u', 'unsure'],
  [['?'], 'show these shortcuts', '?', 'keys'],
];
const MOVES = {
  ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity,
};
const COMMANDS = new Map(TABLE.filter(([, , key]) => key).map(([, , key, command]) => [key, command]));
COMMANDS.set('ctrl+s', 'save').set('ctrl+y', 'redo');

export const KEYS = TABLE.map(([names, action]) => [names, action]);

/** Return the command of a key press, or the move `[by, extend]`; null for other keys. */
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
