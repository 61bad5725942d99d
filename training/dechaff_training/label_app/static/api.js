// The server's API. Requests that change something are sent one after the other.

const HOME = new URL('.', location.href);
const [, TOKEN] = location.pathname.split('/');
const STOPPED = 'The server has stopped. Run the same dechaff label command again: your changes are kept as drafts.';

export class ApiError extends Error {
  constructor(status, answer) {
    super(answer.error ?? `the server answered ${status}`);
    Object.assign(this, answer, { status });
  }
}

async function send(method, path, body, keepalive = false) {
  const request = { method, keepalive, headers: { 'X-Dechaff-Token': TOKEN, 'Content-Type': 'application/json' } };
  if (body !== undefined) request.body = JSON.stringify(body);
  const response = await fetch(new URL(`api/${path}`, HOME), request).catch(() => {
    throw new ApiError(0, { error: STOPPED });
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer ?? {});
  return answer;
}

let last = Promise.resolve();
function inTurn(...request) {
  last = last.catch(() => {}).then(() => send(...request));
  return last;
}

const marks = ({ key, marks, kinds, digest }) => ({ key, marks: marks.join(''), kinds, digest });

export const listArticles = async () => (await send('GET', 'articles')).articles;
export const suggest = () => send('GET', 'suggestions');
export const readFineTuning = () => send('GET', 'fine-tuning');
export const beginFineTuning = () => send('POST', 'fine-tuning');
export const useModel = () => send('PUT', 'model');
export const addArticle = async (fields) => (await inTurn('POST', 'articles', fields)).index;
export const openArticle = (index) => inTurn('GET', `articles/${index}`);
export const explain = ({ index, key }, line) => send('GET', `articles/${index}/lines/${line}?key=${key}`);
export const saveArticle = (article) => inTurn('PUT', `articles/${article.index}`, marks(article));
export const keepDraft = (article) => inTurn('PUT', `articles/${article.index}/draft`, marks(article), true);
export const dropDraft = ({ index }) => inTurn('DELETE', `articles/${index}/draft`);
