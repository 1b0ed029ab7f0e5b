import { type OriginIndex, originNamed, parseAuthority } from '../http/authority.ts';
import { hasSeveralCredentials } from '../http/credentials.ts';
import type { HttpRequest } from '../http/request.ts';
import { parseTarget } from '../http/target.ts';
import { matchRule, type Rule, type RuleUse } from './match.ts';

/** What a request is answered by, or why it is answered by a refusal. */
export type Selection =
  | {
      readonly kind: 'rule';
      readonly origin: string;
      readonly name: string;
      readonly use: Exclude<RuleUse, { kind: 'deny' }>;
    }
  /** `ambiguous`: two readings are possible, 400. `reason` is for our log. */
  | {
      readonly kind: 'ambiguous' | 'unknown_host' | 'denied';
      readonly reason: string;
      readonly rule: string | undefined;
    };

/**
 * The rule that decides a request: the first rows of the decision table. Pure; whatever servers are known to read
 * differently from us, and whatever no rule names, ends here.
 */
export function selectRule(request: HttpRequest, origins: OriginIndex, rules: readonly Rule[]): Selection {
  const authority = parseAuthority(request.authority);
  if (authority === undefined) return refusal('ambiguous', 'the host is not a host');
  if (hasSeveralCredentials(request)) return refusal('ambiguous', 'two Authorization headers');
  const target = parseTarget(request.target);
  if (target.kind === 'ambiguous') return refusal('ambiguous', target.reason);
  const origin = originNamed(authority, origins);
  if (origin === undefined) return refusal('unknown_host', 'the host is not configured');
  // Rules name methods in upper case; `post` would pass by a rule for POST and mean the same to some workloads.
  if (!/^[A-Z][A-Z-]*$/.test(request.method)) return refusal('ambiguous', 'a method in no rule’s spelling');
  // A server that answers it sends back what it got: the access token would reach the browser (RFC 9110 §9.3.8).
  if (request.method === 'TRACE') return refusal('denied', 'TRACE is never forwarded');

  const ruleFor = (path: string) => matchRule(rules, { origin, path, method: request.method });
  const rule = ruleFor(target.path);
  if (target.cutPath !== undefined && ruleFor(target.cutPath) !== rule)
    return refusal('ambiguous', 'rules depend on how an encoded ? or # is read');
  if (rule === undefined) return refusal('denied', 'no rule matches');
  if (isOpenBySlash(target.path, rule, ruleFor))
    return refusal('ambiguous', 'only a slash at the end opens it', rule.name);
  if (rule.use.kind === 'deny') return refusal('denied', 'the rule denies', rule.name);
  return { kind: 'rule', origin, name: rule.name, use: rule.use };
}

function refusal(kind: 'ambiguous' | 'unknown_host' | 'denied', reason: string, rule?: string): Selection {
  return { kind, reason, rule };
}

/**
 * Whether a public rule matches only because of a slash at the end: `/admin/` is `/admin` to most workloads, and an
 * exact rule that protects that must not be passed so (P8).
 */
function isOpenBySlash(path: string, rule: Rule, ruleFor: (path: string) => Rule | undefined): boolean {
  if (rule.use.kind !== 'public' || path === '/' || !path.endsWith('/')) return false;
  const withoutSlash = ruleFor(path.slice(0, -1));
  return withoutSlash !== rule && withoutSlash?.use.kind !== 'public';
}
