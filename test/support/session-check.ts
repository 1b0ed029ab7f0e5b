import type { PlainReply, Reply } from '../../src/core/verdict.ts';
import type { Pass, RequestFacts } from '../../src/modes/mode.ts';
import type { SessionRequirements } from '../../src/modes/session/requirements.ts';
import { type HttpRequestParts, httpRequest } from './http-request.ts';
import { rendered } from './rendered.ts';
import { appOrigin, type Browser, cookieHeader, newBrowser, type SessionWorld } from './session-world.ts';

export interface CheckParts extends HttpRequestParts {
  readonly browser?: Browser;
  readonly requirements?: SessionRequirements;
  readonly rejected?: RequestFacts['rejected'];
}

/** What the world's instance says to a request. */
export async function checkIn(
  { instance }: SessionWorld,
  { browser, requirements = {}, rejected, ...parts }: CheckParts = {},
): Promise<Pass | Reply> {
  const cookie = browser === undefined || browser.cookies.size === 0 ? {} : { cookie: cookieHeader(browser) };
  const request = httpRequest({ target: '/app', ...parts, headers: { ...cookie, ...parts.headers } });
  if (instance.authorize === undefined) throw new Error('a session instance decides requests');
  return await instance.authorize(request, { origin: appOrigin, rule: 'the application', rejected }, requirements);
}

/** A reply as it leaves, or a failed test. */
export async function refusalIn(world: SessionWorld, parts: CheckParts = {}): Promise<PlainReply> {
  const answer = await checkIn(world, parts);
  if (answer.kind !== 'reply') throw new Error('the request was let through');
  return rendered(answer);
}

/** A browser that has logged in. */
export async function loggedInTo(world: SessionWorld): Promise<Browser> {
  const browser = newBrowser();
  await world.logIn(browser);
  return browser;
}

export function headerOf(reply: Reply, name: string): string | undefined {
  return new Map(reply.headers).get(name);
}
