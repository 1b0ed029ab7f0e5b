import { indexOrigins, originNamed } from '../http/authority.ts';
import { preflightMethodOf } from '../http/navigation.ts';
import type { HttpRequest } from '../http/request.ts';
import { isLenient, type Rule, type RuleCondition, unmetConditions } from './match.ts';
import { readTarget } from './read-target.ts';

/** How one rule looks at a request. */
export interface RuleTrace {
  readonly rule: Rule;
  /** Empty for the rule that decides. */
  readonly unmet: readonly RuleCondition[];
}

/**
 * The rules in their order up to the one that decides, and what keeps each from deciding: for people who ask why.
 * Empty for a request that is refused before rules are looked at.
 */
export function traceRules(
  request: HttpRequest,
  { origins, rules }: { readonly origins: readonly string[]; readonly rules: readonly Rule[] },
): readonly RuleTrace[] {
  const named = originNamed(request.authority, indexOrigins(origins));
  const target = readTarget(request.target, isLenient(rules));
  if (named === undefined || target.kind === 'ambiguous') return [];
  const { method, context } = request;
  const preflightMethod = preflightMethodOf(request);
  const subject = { origin: named.configured, path: target.path, method, preflightMethod, context };
  const traces = rules.map((rule) => ({ rule, unmet: unmetConditions(rule, subject) }));
  const deciding = traces.findIndex(({ unmet }) => unmet.length === 0);
  return deciding < 0 ? traces : traces.slice(0, deciding + 1);
}
