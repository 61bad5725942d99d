// The keyboard shortcuts: names, descriptions, keys and commands.

// In the order of their keys, 1 to 8; 0 is no kind.
export const KINDS = ['', 'offer', 'share', 'related', 'credit', 'date', 'legal', 'comment', 'other'];

const TABLE = [
  [['↑', '↓'], 'move up or down; also Page Up, Page Down, Home, End'],
  [['Shift', '↑ ↓'], 'select a range'],
  [['Space'], 'flip the line; a range gets the opposite of its first line\'s mark', ' ', 'flip'],
  [['+'], 'mark as content', '+', 'content'],
  [['-'], 'mark as boilerplate', '-', 'boilerplate'],
  [['m'], 'mark as not counted, for lines that cannot be decided', 'm', 'mask'],
  [['1', '…', '8'], `mark as boilerplate of a kind: ${KINDS.slice(1).join(', ')}; 0 for no kind`],
  [['d'], 'next line with an uncertain prediction; with Shift the previous one', 'd', 'doubtful'],
  [['c'], 'next content line; with Shift the previous one', 'c', 'next-content'],
  [['Ctrl', 'Z'], 'undo', 'ctrl+z', 'undo'],
  [['Ctrl', 'Shift', 'Z'], 'redo', 'ctrl+shift+z', 'redo'],
  [['s'], 'save; also Ctrl+S', 's', 'save'],
  [['n'], 'next article', 'n', 'next'],
  [['p'], 'previous article', 'p', 'previous'],
  [['o'], 'sort the articles by the model\'s uncertainty, or by file', 'o', 'best'],
  [['t'], 'fine-tune the model on the saved labels', 't', 'fine-tune'],
  [['u'], 'show only lines with an uncertain prediction, and the lines around them', 'u', 'unsure'],
  [['?'], 'show these shortcuts', '?', 'keys'],
];
const MOVES = {
  ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity,
};
const COMMANDS = new Map(TABLE.filter(([, , key]) => key).map(([, , key, command]) => [key, command]));
COMMANDS.set('ctrl+s', 'save').set('ctrl+y', 'redo');
KINDS.forEach((_, digit) => COMMANDS.set(String(digit), 'kind'));

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
