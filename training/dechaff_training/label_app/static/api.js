// What the page asks the server. Requests that change something go out one after the other.

const HOME = new URL('.', location.href);
const [, TOKEN] = location.pathname.split('/');
const STOPPED = 'The server has stopped. Run the same dechaff label again: what you changed is there as a draft.';

export class Refusal extends Error {
  constructor(status, answer) {
    super(answer.error ?? `the server answered ${status}`);
    Object.assign(this, answer, { status });
  }
}

async function ask(method, path, body, keepalive = false) {
  const request = { method, keepalive, headers: { 'X-Dechaff-Token': TOKEN, 'Content-Type': 'application/json' } };
  if (body !== undefined) request.body = JSON.stringify(body);
  const response = await fetch(new URL(`api/${path}`, HOME), request).catch(() => {
    throw new Refusal(0, { error: STOPPED });
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, answer ?? {});
  return answer;
}

let last = Promise.resolve();
function inTurn(...request) {
  last = last.catch(() => {}).then(() => ask(...request));
  return last;
}

const marks = ({ key, marks, digest }) => ({ key, marks: marks.join(''), digest });

export const listArticles = async () => (await ask('GET', 'articles')).articles;
export const suggest = () => ask('GET', 'suggestions');
export const readLesson = () => ask('GET', 'lesson');
export const beginLesson = () => ask('POST', 'lesson');
export const takeModel = () => ask('PUT', 'model');
export const addArticle = async (given) => (await inTurn('POST', 'articles', given)).index;
export const openArticle = (index) => inTurn('GET', `articles/${index}`);
export const explain = ({ index, key }, line) => ask('GET', `articles/${index}/lines/${line}?key=${key}`);
export const saveArticle = (article) => inTurn('PUT', `articles/${article.index}`, marks(article));
export const keepDraft = (article) => inTurn('PUT', `articles/${article.index}/draft`, marks(article), true);
export const dropDraft = ({ index }) => inTurn('DELETE', `articles/${index}/draft`);
