// The whole application: what is shown depends on one question to the agent, and every button is one call of the client.
import { AgentError, createAgentClient } from '../client/src/agent-client.ts';
import { byId, momentText, type Row, rowsOf, showTable } from './view.ts';

/** How often the page asks whether the session still lives. Asking does not prolong it. */
const pollMs = 20_000;

const isOver = 'You are signed out: your session has ended, perhaps in another tab.';

const { agent = '', api = '', cookiePrefix = '' } = document.documentElement.dataset;
const client = createAgentClient({ baseUrl: agent, apiBaseUrl: new URL(api, location.href).href, cookiePrefix });

const status = byId('status', HTMLElement);
const problem = byId('problem', HTMLElement);
const signedOut = byId('signed-out', HTMLElement);
const signedIn = byId('signed-in', HTMLElement);
/** Nobody has to be told of the end of a session who asked for it. */
let isSigningOut = false;
const answer = byId('answer', HTMLElement);

/** Carries out what a button is for; a second click while that goes on does nothing. */
async function act(button: HTMLElement | undefined, what: string, work: () => Promise<string>): Promise<void> {
  if (button?.ariaDisabled === 'true') return;
  if (button !== undefined) button.ariaDisabled = 'true';
  problem.textContent = '';
  status.textContent = `${what} …`;
  try {
    status.textContent = await work();
  } catch (error) {
    status.textContent = '';
    problem.textContent = `${what} did not work: ${textOf(error)}`;
  } finally {
    if (button !== undefined) button.ariaDisabled = null;
  }
}

function textOf(error: unknown): string {
  if (error instanceof AgentError) {
    const again = error.retryAfter === undefined ? '' : `, again in ${error.retryAfter} s`;
    return `${error.message} (${error.status} ${error.code}${again})`;
  }
  return error instanceof Error ? error.message : String(error);
}

function on(id: string, what: string, work: () => Promise<string>): void {
  const button = byId(id, HTMLButtonElement);
  button.addEventListener('click', (event) => {
    event.preventDefault();
    void act(button, what, work);
  });
}

function show(isLoggedIn: boolean): void {
  signedOut.hidden = isLoggedIn;
  signedIn.hidden = !isLoggedIn;
  if (!isLoggedIn) for (const id of ['user', 'claims', 'session', 'answer']) byId(id, HTMLElement).replaceChildren();
}

/** Asks who is there, and finishes a login where the URL holds the provider's answer. */
async function begin(): Promise<string> {
  isSigningOut = false;
  show(false);
  const { isLoggedIn } = await client.endLogin();
  if (!isLoggedIn) return 'Nobody is signed in.';
  const [user, claims] = await Promise.all([client.userInfo(), client.claims(), showSession()]);
  showTable(byId('user', HTMLElement), rowsOf(user));
  showTable(byId('claims', HTMLElement), rowsOf(claims));
  show(true);
  return `Signed in as ${String(user['name'] ?? user.sub)}.`;
}

async function showSession(): Promise<void> {
  const session = await client.session();
  if (!session.isLoggedIn) {
    if (signedIn.hidden || isSigningOut) return;
    show(false);
    status.textContent = isOver;
    return;
  }
  const now = Date.now() / 1000;
  const rows: readonly (Row | undefined)[] = [
    ['User', session.sub ?? '–'],
    session.expiresAt === undefined ? undefined : ['Session ends', momentText(session.expiresAt, now)],
    session.accessTokenExpiresAt === undefined
      ? undefined
      : ['Access token ends', momentText(session.accessTokenExpiresAt, now)],
  ];
  showTable(
    byId('session', HTMLElement),
    rows.filter((row) => row !== undefined),
  );
}

/** What the workload says that it received: header lines, tokens cut short by it. */
interface Echo {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function call(path: string, init?: RequestInit): Promise<string> {
  const response = await client.fetch(path, init);
  // The client has told its listeners, see below.
  if (response.status === 401 && signedIn.hidden) return isOver;
  if (!response.ok) throw new Error(`the API answered ${response.status}`);
  const echo = (await response.json()) as Echo; // our own workload
  const { authorization = 'none', cookie = 'none', ...others } = echo.headers;
  const rows: readonly Row[] = [
    ['authorization', authorization],
    ['cookie', cookie],
    ['body', echo.body === '' ? 'none' : echo.body],
    ...rowsOf(others),
  ];
  showTable(answer, rows, 'What the API received');
  answer.focus();
  return `${init?.method ?? 'GET'} /${path}: ${response.status}`;
}

on('sign-in', 'Signing in', async () => {
  await client.startLogin();
  return 'On the way to the provider …';
});
on('refresh', 'Refreshing', async () => {
  await client.refresh();
  await showSession();
  return 'The tokens were replaced, if they were not quite new.';
});
on('sign-out', 'Signing out', async () => {
  isSigningOut = true;
  try {
    await client.logout();
  } catch (error) {
    isSigningOut = false;
    throw error;
  }
  // The client has told its listeners: the session was over before, and the page stays.
  if (signedIn.hidden) return isOver;
  show(false);
  signedOut.hidden = true;
  return 'Signing out …';
});
on('get', 'Calling the API', () => call('hello'));
on('post', 'Calling the API', () => {
  const body = JSON.stringify({ text: byId('text', HTMLInputElement).value });
  return call('notes', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
});
byId('call', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());

client.onChange((change) => {
  if (change === 'signed-in') void act(undefined, 'Loading', begin);
  else {
    show(false);
    status.textContent = isOver;
  }
});
// Back after a logout may bring the page as it was.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) void act(undefined, 'Loading', begin);
});
setInterval(() => {
  if (!signedIn.hidden) showSession().catch(() => undefined);
}, pollMs);
void act(undefined, location.search.includes('state=') ? 'Signing in' : 'Loading', begin);
