import { readCookie } from '../core/http/cookies.ts';
import type { HttpRequest } from '../core/http/request.ts';
import type { Rule, RuleCondition } from '../core/rules/match.ts';
import { type RuleTrace, traceRules } from '../core/rules/trace-rules.ts';
import { openSession } from '../flows/open-session.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import type { Config } from './config/config.ts';
import { type Decision, explainReason } from './explain-texts.ts';
import { type SessionView, viewOfSession } from './session-view.ts';
import type { Application } from './wire.ts';

/** What would happen to a request and why, for people and programs. Holds no token and no cookie. */
export interface ExplainedRequest {
  readonly method: string;
  readonly host: string;
  /** Without the query, which may hold anything. */
  readonly path: string;
  readonly decision: Decision;
  /** What the client gets; null where the workload or a page of ours answers. */
  readonly status: number | null;
  /** A word, or a few. */
  readonly reason: string;
  /** The same for people. */
  readonly explanation: string;
  /** Null where no rule was reached, or none matches. */
  readonly rule: ExplainedRule | null;
  /** Rules before it, or all where none decides, with what they ask for that the request has not. */
  readonly passed_over: readonly (ExplainedRule & { readonly unmet: readonly UnmetCondition[] })[];
  /** What the request's cookie leads to, whether or not it counts. */
  readonly session: SessionView | null;
}

interface ExplainedRule {
  /** From 1, in the order of the file. */
  readonly number: number;
  readonly name: string;
  /** In the configuration file, from 1. */
  readonly line: number;
  /** `public`, `deny` or the name of an instance. */
  readonly use: string;
}

interface UnmetCondition {
  readonly condition: RuleCondition;
  /** What the rule is for. */
  readonly expected: string;
}

/** What an explanation is taken from. */
export interface Explained {
  readonly config: Config;
  readonly application: Application;
  readonly ruleLines: readonly number[];
}

const statuses = {
  forward: null,
  anonymous: null,
  own_page: null,
  answered: 204,
  login: 302,
  unauthenticated: 401,
  unauthorized: 401,
  refuse: 403,
  unknown_host: 403,
  bad_request: 400,
  too_large: 431,
  unavailable: 503,
} as const;

/** Explains a request. Nothing is begun, written or logged; a store that is down is part of the explanation. */
export async function explainRequest(request: HttpRequest, explained: Explained): Promise<ExplainedRequest> {
  const all = traceRules(request, explained.config);
  const { decision, reason, isByRule } = await decisionOf(request, all, explained);
  const traces = isByRule ? all : [];
  const rules = traces.map(({ rule, unmet }, index) => ({
    number: index + 1,
    name: rule.name,
    line: explained.ruleLines[index] ?? 0,
    use: useOf(rule),
    unmet: unmet.map((condition) => ({ condition, expected: expectationOf(rule, condition) })),
  }));
  const deciding = rules.find(({ unmet }) => unmet.length === 0);
  const { unmet: _none, ...rule } = deciding ?? { unmet: [] };
  return {
    method: request.method,
    host: request.authority,
    path: pathOf(request),
    decision,
    status: statuses[decision],
    reason,
    explanation: explainReason(decision, reason),
    rule: 'number' in rule ? rule : null,
    passed_over: rules.filter((each) => each !== deciding),
    session: decision === 'unavailable' ? null : await sessionOf(request, explained),
  };
}

interface Decided {
  readonly decision: Decision;
  readonly reason: string;
  /** Whether rules were asked: it is one that decides, or that none does. */
  readonly isByRule: boolean;
}

async function decisionOf(
  request: HttpRequest,
  traces: readonly RuleTrace[],
  { application, config }: Explained,
): Promise<Decided> {
  // Envoy sends these to the side service and asks nobody; a host that is not ours it refuses before.
  const basePaths = [...config.modes.values()].map(({ definition, settings }) => definition.common(settings).basePath);
  const basePath = basePaths.find((each) => each !== undefined && isBelow(pathOf(request), each));
  if (basePath !== undefined && traces.length > 0)
    return { decision: 'own_page', reason: `below ${basePath}`, isByRule: false };
  try {
    const { decision, reason, rule } = await application.gateway.explain(request);
    const isUnruled = decision === 'refuse' && traces.every(({ unmet }) => unmet.length > 0);
    return { decision, reason, isByRule: rule !== undefined || isUnruled };
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return { decision: 'unavailable', reason: 'store_unavailable', isByRule: true };
  }
}

/** The session that any cookie of ours leads to, whichever rule decides. */
async function sessionOf(request: HttpRequest, { application, config }: Explained): Promise<SessionView | null> {
  const { instances, sessions } = application;
  for (const cookie of ownCookiesOf(instances)) {
    const id = readCookie(request, cookie);
    const name = id === undefined ? undefined : sessions.idNames.nameOf(id);
    const found = name === undefined ? undefined : await openSession(name, sessions);
    if (name !== undefined && found !== undefined) return viewOfSession({ ...found, name }, config);
  }
  return null;
}

/** Names of the cookies that instances set. */
export function ownCookiesOf(instances: Application['instances']): readonly string[] {
  return [...instances.values()].flatMap(({ ownCookies }) => ownCookies);
}

function pathOf({ target }: HttpRequest): string {
  return target.split('?')[0] ?? '';
}

function isBelow(path: string, basePath: string): boolean {
  return path === basePath || path.startsWith(`${basePath}/`);
}

function useOf({ use }: Rule): string {
  return use.kind === 'mode' ? use.instance : use.kind;
}

function expectationOf({ origins, methods, context, path }: Rule, condition: RuleCondition): string {
  switch (condition) {
    case 'host':
      return [...(origins ?? [])].map((origin) => origin.replace(/^.*:\/\//, '')).join(', ');
    case 'method':
      return [...(methods ?? [])].join(', ');
    case 'context':
      return [...context].map(([key, value]) => `${key}=${value}`).join(', ');
    case 'path':
      return expectedPath(path);
  }
}

function expectedPath(path: Rule['path']): string {
  switch (path.kind) {
    case 'any':
      return 'any';
    case 'exact':
      return path.path;
    case 'prefix':
      return `${path.prefix} and below`;
    case 'pattern':
      return 'a pattern';
  }
}
