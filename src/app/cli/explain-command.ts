import type { ExplainedRequest } from '../explain.ts';
import type { WrittenRequest } from '../written-request.ts';
import { AdminCallError, callAdmin } from './admin-client.ts';
import { type AdminOptions, findAdmin } from './admin-target.ts';
import { loadAndTell } from './config-commands.ts';
import { formatExplanation } from './explain-report.ts';
import { exitCodes, type Terminal } from './terminal.ts';

export interface ExplainOptions extends AdminOptions {
  /** `Name: value` */
  readonly header: readonly string[];
  /** `name=value` */
  readonly cookie: readonly string[];
  /** `key=value` */
  readonly context: readonly string[];
  /** Adds the headers of a browser that opens a page. */
  readonly browser?: boolean;
  readonly running?: boolean;
  readonly format: string;
}

/** `sallyport explain METHOD URL`. */
export async function explainCommand(
  method: string,
  url: string,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<number> {
  const request = writtenRequest(method, url, options);
  if (typeof request === 'string') {
    terminal.err(`${request}\n`);
    return exitCodes.usage;
  }
  const isRunning = options.admin !== undefined || options.running === true;
  const explained = isRunning
    ? await askRunning(request, options, terminal)
    : await explainOffline(request, options, terminal);
  if (explained === undefined) return exitCodes.failed;
  const { explanation, file, notes } = explained;
  terminal.out(
    options.format === 'json'
      ? `${JSON.stringify({ ...explanation, notes }, undefined, 2)}\n`
      : formatExplanation(explanation, { url, file, notes }),
  );
  return exitCodes.ok;
}

interface Outcome {
  readonly explanation: ExplainedRequest;
  /** Where rules stand; undefined when another machine knows. */
  readonly file: string | undefined;
  readonly notes: readonly string[];
}

async function explainOffline(
  request: WrittenRequest,
  { config: file }: ExplainOptions,
  terminal: Terminal,
): Promise<Outcome | undefined> {
  const [{ explainRequest, ownCookiesOf }, { composeOffline }, { ruleLinesOf }, { requestOf }, { readCookie }] =
    await Promise.all([
      import('../explain.ts'),
      import('../offline.ts'),
      import('../rule-lines.ts'),
      import('../written-request.ts'),
      import('../../core/http/cookies.ts'),
    ]);
  const loaded = await loadAndTell({ config: file, secrets: false }, terminal);
  if (loaded.kind === 'invalid') return undefined;
  const { config } = loaded;
  const application = composeOffline(config);
  const asked = requestOf(request);
  if (asked === undefined) throw new Error('the URL was not checked');
  const explanation = await explainRequest(asked, { config, application, ruleLines: ruleLinesOf(loaded) });
  const hasOwnCookie = ownCookiesOf(application.instances).some((name) => readCookie(asked, name) !== undefined);
  const notes = [...(hasOwnCookie ? [cookieNote] : []), ...notesOf(explanation, request)];
  return { explanation, file: config.file, notes };
}

async function askRunning(
  request: WrittenRequest,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<Outcome | undefined> {
  const found = await findAdmin(options, terminal);
  if (found.kind === 'none') {
    terminal.err(`${found.problem}\n`);
    return undefined;
  }
  try {
    const { method, url } = request;
    const body = {
      method,
      url,
      headers: Object.fromEntries(request.headers),
      context: Object.fromEntries(request.context),
    };
    // What the admin API of this version answers.
    const explanation = (await callAdmin(found.target, {
      method: 'POST',
      path: '/v1/explain',
      body,
    })) as ExplainedRequest;
    return { explanation, file: undefined, notes: notesOf(explanation, request) };
  } catch (error) {
    if (!(error instanceof AdminCallError)) throw error;
    terminal.err(`${error.message}\n`);
    return undefined;
  }
}

const cookieNote =
  'The request brings a cookie of ours, and only a running instance knows its session: add --running, or --admin URL.';

function notesOf({ decision }: ExplainedRequest, { method, headers }: WrittenRequest): readonly string[] {
  const isPerson = headers.has('sec-fetch-mode') || headers.has('accept');
  return decision === 'unauthenticated' && method === 'GET' && !isPerson
    ? ['A person who opens this address in a browser is sent to log in instead: try --browser.']
    : [];
}

/** What a browser sends when somebody opens a page. */
const browserHeaders: readonly (readonly [string, string])[] = [
  ['accept', 'text/html'],
  ['sec-fetch-mode', 'navigate'],
  ['sec-fetch-dest', 'document'],
];

function writtenRequest(method: string, url: string, options: ExplainOptions): WrittenRequest | string {
  if (!/^https?:\/\/[^/?#]/i.test(url)) return 'URL: expected an absolute one, such as https://app.example.com/path';
  const headers = new Map<string, readonly string[]>(
    options.browser === true ? browserHeaders.map(([name, value]) => [name, [value]]) : [],
  );
  for (const line of options.header) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) return '--header: expected "Name: value"';
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
  }
  if (options.cookie.some((pair) => !pair.includes('='))) return '--cookie: expected name=value';
  if (options.cookie.length > 0) headers.set('cookie', [...(headers.get('cookie') ?? []), options.cookie.join('; ')]);
  const context = new Map(options.context.map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]));
  if (options.context.some((pair) => !pair.includes('='))) return '--context: expected key=value';
  return { method, url, headers, context };
}
