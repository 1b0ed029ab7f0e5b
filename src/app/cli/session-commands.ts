import type { SessionView } from '../session-view.ts';
import { AdminCallError, callAdmin, streamAdmin } from './admin-client.ts';
import { type AdminOptions, type AdminTarget, findAdmin } from './admin-target.ts';
import { formatSession, formatSessions } from './session-report.ts';
import { exitCodes, type Terminal } from './terminal.ts';

/** Which sessions are meant. */
export interface SelectionOptions extends AdminOptions {
  readonly user?: string;
  readonly sid?: string;
  readonly format: string;
}

export interface ListOptions extends SelectionOptions {
  readonly limit?: string;
}

export interface EndOptions extends SelectionOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

/** `sallyport session list`. */
export async function sessionListCommand(options: ListOptions, terminal: Terminal): Promise<number> {
  const query = queryOf({ user: options.user, sid: options.sid, limit: options.limit });
  return await withAdmin(options, terminal, async (target) => {
    const call = { method: 'GET', path: `/v1/sessions${query}` } as const;
    if (options.format === 'json') {
      for await (const session of streamAdmin(target, call)) terminal.out(`${JSON.stringify(session)}\n`);
      return exitCodes.ok;
    }
    const answer = (await callAdmin(target, call)) as ListAnswer; // what the admin API of this version answers
    terminal.out(formatSessions(answer.sessions));
    if (answer.is_truncated) terminal.err('there are more: --limit N shows up to 1000, --format json all of them\n');
    tellSealed(answer, terminal);
    return exitCodes.ok;
  });
}

/** `sallyport session show NAME`. */
export async function sessionShowCommand(name: string, options: SelectionOptions, terminal: Terminal): Promise<number> {
  return await withAdmin(options, terminal, async (target) => {
    const path = `/v1/sessions/${encodeURIComponent(name)}`;
    const session = (await callAdmin(target, { method: 'GET', path })) as SessionView; // as above
    terminal.out(options.format === 'json' ? `${JSON.stringify(session, undefined, 2)}\n` : formatSession(session));
    return exitCodes.ok;
  });
}

/** `sallyport session end NAME|--user U|--sid S|--all`. */
export async function sessionEndCommand(
  name: string | undefined,
  options: EndOptions,
  terminal: Terminal,
): Promise<number> {
  const { user, sid, all, yes } = options;
  if ([name, user, sid, all].filter((way) => way !== undefined).length !== 1) {
    terminal.err('say which sessions to end: NAME, --user, --sid or --all\n');
    return exitCodes.usage;
  }
  if (all === true && yes !== true) {
    terminal.err('--all logs everybody out: add --yes if that is what you want\n');
    return exitCodes.usage;
  }
  const path =
    name === undefined
      ? `/v1/sessions${queryOf({ user, sid, all: all === true ? 'true' : undefined })}`
      : `/v1/sessions/${encodeURIComponent(name)}`;
  return await withAdmin(options, terminal, async (target) => {
    const answer = (await callAdmin(target, { method: 'DELETE', path })) as EndAnswer; // as above
    const words = answer.ended === 1 ? '1 session ended' : `${answer.ended} sessions ended`;
    terminal.out(options.format === 'json' ? `${JSON.stringify(answer)}\n` : `${words}\n`);
    tellSealed(answer, terminal);
    return exitCodes.ok;
  });
}

interface SealedInstances {
  readonly sealed_instances?: readonly string[];
}

interface ListAnswer extends SealedInstances {
  readonly sessions: readonly SessionView[];
  readonly is_truncated: boolean;
}

interface EndAnswer extends SealedInstances {
  readonly ended: number;
}

function tellSealed({ sealed_instances: sealed = [] }: SealedInstances, terminal: Terminal): void {
  if (sealed.length === 0) return;
  terminal.err(`sessions of ${sealed.join(', ')} are in cookies: nobody but the browser can list or end them\n`);
}

async function withAdmin(
  options: AdminOptions,
  terminal: Terminal,
  work: (target: AdminTarget) => Promise<number>,
): Promise<number> {
  const found = await findAdmin(options, terminal);
  if (found.kind === 'none') {
    terminal.err(`${found.problem}\n`);
    return exitCodes.failed;
  }
  try {
    return await work(found.target);
  } catch (error) {
    if (!(error instanceof AdminCallError)) throw error;
    terminal.err(`${error.message}\n`);
    return exitCodes.failed;
  }
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
