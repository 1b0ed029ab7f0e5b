import { indexOrigins, type NamedOrigin, originNamed, parseAuthority } from '../http/authority.ts';
import { hasSeveralCredentials } from '../http/credentials.ts';
import { type HeaderLimits, hasUnderscoredHeader, isWithin } from '../http/header-limits.ts';
import { isRuleMethod, preflightMethodOf } from '../http/navigation.ts';
import type { HttpRequest } from '../http/request.ts';
import { isLenient, matchRule, type Rule, type RuleUse, seesPreflights } from './match.ts';
import { type ReadTarget, readTarget } from './read-target.ts';

/** What a request is answered by, or why it is answered by a refusal. */
export type Selection =
  | {
      readonly kind: 'rule';
      /** Without a wildcard. */
      readonly origin: string;
      readonly name: string;
      /** `preflight`: a CORS preflight that goes to the workload without identity. */
      readonly use: Exclude<RuleUse, { kind: 'deny' }> | { readonly kind: 'preflight' };
    }
  | Unselected;

interface Unselected {
  /** `too_large`: 431. `ambiguous`: two readings are possible, 400. */
  readonly kind: 'too_large' | 'ambiguous' | 'unknown_host' | 'denied';
  /** For our log. */
  readonly reason: string;
  readonly rule: string | undefined;
}

/** What rules are selected by. */
export interface RuleSettings {
  readonly origins: readonly string[];
  readonly rules: readonly Rule[];
  readonly limits: HeaderLimits;
}

/**
 * Finds the rule that decides a request: the first rows of the decision table, in their order. Pure; whatever servers
 * are known to read differently from us, and whatever no rule names, ends here.
 */
export function createRuleSelector({ rules, limits, ...settings }: RuleSettings): (request: HttpRequest) => Selection {
  const origins = indexOrigins(settings.origins);
  const guardsUnderscores = rules.some((rule) => rule.tolerates.has('underscoredHeaders'));
  const readsLeniently = isLenient(rules);
  const hasPreflights = rules.some(seesPreflights);

  return (request) => {
    if (!isWithin(limits, request)) return refusal('too_large', 'more header than a request may bring');
    const named = originNamed(request.authority, origins);
    if (named === undefined && parseAuthority(request.authority) === undefined)
      return refusal('ambiguous', 'the host is not a host');
    if (hasSeveralCredentials(request)) return refusal('ambiguous', 'two Authorization headers');
    const target = readTarget(request.target, readsLeniently);
    if (target.kind === 'ambiguous') return refusal('ambiguous', target.reason);
    // Rules name methods in upper case; `post` would pass by a rule for POST and mean the same to some workloads.
    if (!isRuleMethod(request.method)) return refusal('ambiguous', 'a method in no rule’s spelling');
    // No rule of an unknown host could have tolerated a peculiar path.
    if (named === undefined && target.peculiarities.length > 0) return refusal('ambiguous', target.reason);
    if (named === undefined) return refusal('unknown_host', 'the host is not configured');
    // A server that answers it sends back what it got: the access token would reach the browser (RFC 9110 §9.3.8).
    if (request.method === 'TRACE') return refusal('denied', 'TRACE is never forwarded');
    const preflightMethod = hasPreflights ? preflightMethodOf(request) : undefined;
    const hasUnderscores = guardsUnderscores && hasUnderscoredHeader(request);
    return selectAmong(rules, { request, named, target, preflightMethod, hasUnderscores });
  };
}

/** What is known of a request that no row above the rules has answered. */
interface Candidate {
  readonly request: HttpRequest;
  readonly named: NamedOrigin;
  readonly target: ReadTarget;
  readonly preflightMethod: string | undefined;
  readonly hasUnderscores: boolean;
}

/** The rule to which every reading of the target leads, if it tolerates what is peculiar about the request. */
function selectAmong(rules: readonly Rule[], candidate: Candidate): Selection {
  const { named, target, preflightMethod, hasUnderscores } = candidate;
  const { method, context } = candidate.request;
  const { path, otherPaths, peculiarities } = target;
  const ruleFor: RuleFor = (each) =>
    matchRule(rules, { origin: named.configured, path: each, method, preflightMethod, context });
  const rule = ruleFor(path);
  if (peculiarities.some((each) => rule?.tolerates.has(each) !== true))
    return refusal('ambiguous', target.reason, rule?.name);
  if (hasUnderscores && rule?.tolerates.has('underscoredHeaders') !== true)
    return refusal('ambiguous', 'a header name with an underscore', rule?.name);
  if (otherPaths.some((each) => ruleFor(each) !== rule)) return refusal('ambiguous', rulesDiffer(target));
  if (rule === undefined) return refusal('denied', 'no rule matches');
  const isPassed = (each: Rule) => preflightMethod !== undefined && each.passesPreflight;
  const isOpen = (each: Rule) => each.use.kind === 'public' || isPassed(each);
  if ([path, ...otherPaths].some((each) => isPassedBySlash(each, rule, ruleFor, isOpen)))
    return refusal('ambiguous', 'a slash at the end leads past a rule', rule.name);
  if (rule.use.kind === 'deny') return refusal('denied', 'the rule denies', rule.name);
  const use = isPassed(rule) ? ({ kind: 'preflight' } as const) : rule.use;
  return { kind: 'rule', origin: named.origin, name: rule.name, use };
}

type RuleFor = (path: string) => Rule | undefined;

function refusal(kind: Unselected['kind'], reason: string, rule?: string): Unselected {
  return { kind, reason, rule };
}

function rulesDiffer({ peculiarities }: ReadTarget): string {
  const what = peculiarities.length === 0 ? 'an encoded ? or #' : 'the path';
  return `rules depend on how ${what} is read`;
}

/**
 * Whether a slash at the end leads past a rule that protects the path without it: `/admin/` is `/admin` to most
 * workloads (P8). An open rule never takes such a request; another one does where it names this path with its slash, or
 * where the rule that is passed was no exact one, which says itself where it ends.
 */
function isPassedBySlash(path: string, rule: Rule, ruleFor: RuleFor, isOpen: (rule: Rule) => boolean): boolean {
  if (path === '/' || !path.endsWith('/')) return false;
  const withoutSlash = ruleFor(path.slice(0, -1));
  if (withoutSlash === rule || (withoutSlash !== undefined && isOpen(withoutSlash))) return false;
  return isOpen(rule) || (withoutSlash?.path.kind === 'exact' && rule.path.kind !== 'exact');
}
