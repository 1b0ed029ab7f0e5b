import type { PlainReply, Reply } from '../../src/core/verdict.ts';
import type { ModeExplanation, Pass, RequestFacts } from '../../src/modes/mode.ts';
import { authorize, explain } from '../../src/modes/oauth-agent/authorize.ts';
import type { OauthAgentRequirements } from '../../src/modes/oauth-agent/requirements.ts';
import type { AgentRuntime } from '../../src/modes/oauth-agent/runtime.ts';
import { type AgentSettingsInput, type AgentStates, agentStates } from './agent-states.ts';
import type { CookieJar } from './cookie-jar.ts';
import { type HttpRequestParts, httpRequest } from './http-request.ts';

/** Origin of the page; its APIs are at another. */
export const pageOrigin = 'https://app.example.com';

export interface AgentCheckParts extends HttpRequestParts {
  /** Whose cookies come along; undefined: none. Default: those of the session. */
  readonly from?: CookieJar | undefined;
  readonly requirements?: OauthAgentRequirements;
  readonly rejected?: RequestFacts['rejected'];
}

/** The check of an agent, and a browser with a session of it. Requests come from its page unless told otherwise. */
export interface AgentCheck extends Omit<AgentStates, 'agent' | 'browserOf'> {
  readonly jar: CookieJar;
  /** Another browser, with a session of its own. */
  newBrowser(): Promise<CookieJar>;
  check(parts?: AgentCheckParts): Promise<Pass | Reply>;
  /** A reply as it leaves, or a failed test. */
  reply(parts?: AgentCheckParts): Promise<PlainReply>;
  /** What the API gets as Authorization, or the status of the answer it does not get. */
  bearer(parts?: AgentCheckParts): Promise<string | undefined>;
  explained(parts?: AgentCheckParts): Promise<ModeExplanation>;
  /** What a request that changes something brings beside the cookies of this jar. */
  csrfHeaders(of?: CookieJar): Promise<Readonly<Record<string, string>>>;
  /** From now on, whoever has a cookie opened gets this error. */
  failToOpen(error: Error): void;
  /** The session ends as by a logout. */
  endSession(): Promise<boolean>;
}

export async function agentCheck(settings: AgentSettingsInput = {}): Promise<AgentCheck> {
  const states = agentStates();
  let agent: AgentRuntime = states.agent({ trustedOrigins: [pageOrigin], ...settings });
  const jar = await states.browserOf(agent);

  function arrivalOf(parts: AgentCheckParts) {
    const { target = '/api', headers, requirements = {}, rejected, ...rest } = parts;
    const from = 'from' in parts ? parts.from : jar;
    const cookie = from?.headerFor(target) ?? '';
    const all = { origin: pageOrigin, ...(cookie === '' ? {} : { cookie }), ...headers };
    const facts = { origin: 'https://api.example.com', rule: 'the APIs', rejected };
    return [httpRequest({ target, ...rest, headers: all }), facts, requirements, agent] as const;
  }
  const check = (parts: AgentCheckParts = {}) => authorize(...arrivalOf(parts));

  return {
    ...states,
    jar,
    newBrowser: () => states.browserOf(agent),
    check,
    async reply(parts) {
      const answer = await check(parts);
      if (answer.kind !== 'reply' || typeof answer.body !== 'string') throw new Error('the request was let through');
      return { ...answer, body: answer.body };
    },
    async bearer(parts) {
      const answer = await check(parts);
      return answer.kind === 'pass' ? new Map(answer.setHeaders).get('authorization') : String(answer.status);
    },
    explained: (parts = {}) => explain(...arrivalOf(parts)),
    async csrfHeaders(of = jar) {
      const [request] = arrivalOf({ from: of });
      const presented = await agent.state.find(request);
      const token = presented.kind === 'found' ? agent.csrf.tokenOf(request, presented.key) : undefined;
      return { 'x-example-csrf': token ?? '' };
    },
    failToOpen(error) {
      agent = { ...agent, state: { ...agent.state, find: () => Promise.reject(error) } };
    },
    endSession: () => agent.state.end(arrivalOf({})[0]),
  };
}
