import type { PathPeculiarity } from '../http/path-readings.ts';

/** How a rule names paths; at most one way. Compared with the decoded path of {@link parseTarget}. */
export type PathMatch =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly path: string }
  /** Whole segments: `/app` matches `/app` and `/app/x`, not `/apple`. Without a slash at the end; `` is every path. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** Linear-time, and over the whole path. */
  | { readonly kind: 'pattern'; matches(path: string): boolean };

/** What a rule's `use` names. */
export type RuleUse =
  /** `keepsAuthorization`: the client's own Authorization header reaches the workload. */
  | { readonly kind: 'public'; readonly keepsAuthorization: boolean }
  | { readonly kind: 'deny' }
  | { readonly kind: 'mode'; readonly instance: string; readonly requirements: unknown };

/** What a request is refused for, unless its rule tolerates it. */
export type Peculiarity = PathPeculiarity | 'underscoredHeaders';

export interface Rule {
  readonly name: string;
  /** Origins, as configured, whose requests it applies to; undefined is all of them. */
  readonly origins: ReadonlySet<string> | undefined;
  readonly path: PathMatch;
  /** Methods in upper case; undefined is all of them. */
  readonly methods: ReadonlySet<string> | undefined;
  /** What Envoy's route must say in `context_extensions`, each with this value; empty asks for nothing. */
  readonly context: ReadonlyMap<string, string>;
  readonly tolerates: ReadonlySet<Peculiarity>;
  /** CORS preflights for it reach the workload, without identity. Only where `use` is a mode. */
  readonly passesPreflight: boolean;
  /** CORS preflights for it go to the mode, which answers them. Never beside `passesPreflight`. */
  readonly answersPreflight: boolean;
  readonly use: RuleUse;
}

/** The parts of a request that rules look at. */
export interface RuleSubject {
  /** As configured. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  /** What a CORS preflight asks about; undefined for every other request. */
  readonly preflightMethod: string | undefined;
  /** Set by the operator of Envoy. */
  readonly context: ReadonlyMap<string, string>;
}

/** Whether any rule tolerates a path that servers read differently. */
export function isLenient(rules: readonly Rule[]): boolean {
  return rules.some(({ tolerates }) => [...tolerates].some((each) => each !== 'underscoredHeaders'));
}

/** The first rule that matches; undefined when none does, which is a refusal. */
export function matchRule(rules: readonly Rule[], subject: RuleSubject): Rule | undefined {
  return rules.find(
    (rule) =>
      (rule.origins === undefined || rule.origins.has(subject.origin)) &&
      matchesMethod(rule, subject) &&
      hasContext(rule.context, subject.context) &&
      matchesPath(rule.path, subject.path),
  );
}

/** One of the things that a rule asks of a request. */
export type RuleCondition = 'host' | 'method' | 'context' | 'path';

/** What keeps a rule from deciding about a request, as {@link matchRule} sees it; empty when it would decide. */
export function unmetConditions(rule: Rule, subject: RuleSubject): readonly RuleCondition[] {
  const conditions: readonly (readonly [RuleCondition, boolean])[] = [
    ['host', rule.origins === undefined || rule.origins.has(subject.origin)],
    ['method', matchesMethod(rule, subject)],
    ['context', hasContext(rule.context, subject.context)],
    ['path', matchesPath(rule.path, subject.path)],
  ];
  return conditions.flatMap(([condition, isMet]) => (isMet ? [] : [condition]));
}

/** Whether a rule looks at what a preflight asks about. */
export function seesPreflights({ passesPreflight, answersPreflight }: Rule): boolean {
  return passesPreflight || answersPreflight;
}

/** A preflight is OPTIONS, and to a rule that passes or answers preflights also what it asks about. */
function matchesMethod(rule: Rule, { method, preflightMethod }: RuleSubject): boolean {
  const { methods } = rule;
  if (methods === undefined || methods.has(method)) return true;
  return preflightMethod !== undefined && seesPreflights(rule) && methods.has(preflightMethod);
}

function hasContext(wanted: Rule['context'], context: RuleSubject['context']): boolean {
  if (wanted.size === 0) return true;
  return [...wanted].every(([key, value]) => context.get(key) === value);
}

function matchesPath(match: PathMatch, path: string): boolean {
  switch (match.kind) {
    case 'any':
      return true;
    case 'exact':
      return path === match.path;
    case 'prefix':
      return path === match.prefix || path.startsWith(`${match.prefix}/`);
    case 'pattern':
      return match.matches(path);
  }
}
