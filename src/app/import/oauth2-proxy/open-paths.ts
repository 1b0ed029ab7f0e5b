/** An entry of skip-auth-route or skip-auth-regex. */
export interface OpenPath {
  /** As it was written. */
  readonly text: string;
  /** Undefined for all. */
  readonly method: string | undefined;
  /** Go's syntax; oauth2-proxy looks for it anywhere in the path. */
  readonly pattern: string;
  /** Open is what it does not match. */
  readonly isNegated: boolean;
}

/** `method=pattern`, `method!=pattern`, `!=pattern` or a pattern, divided as oauth2-proxy does it. */
export function readOpenPath(text: string): OpenPath {
  const [, before, after] = /^(.*?)!?=(.*)$/s.exec(text) ?? [];
  return {
    text,
    method: before === undefined || before === '' ? undefined : before.toUpperCase(),
    pattern: after ?? text,
    // Anywhere in the entry, even in the pattern: so does oauth2-proxy.
    isNegated: text.includes('!='),
  };
}

/** `path` of a rule. */
export type RulePath = { readonly exact: string } | { readonly regex: string };

/** Compiles RE2 syntax, as rules do. */
export type Compiles = (source: string) => boolean;

/**
 * The path of a rule that matches what Go finds the pattern anywhere in: ours cover the whole path. Undefined for a
 * pattern that is in no path, or that is none.
 */
export function wholePath(pattern: string, compiles: Compiles): RulePath | undefined {
  if (!compiles(pattern)) return undefined;
  const [, escaped] = /^\^(\/(?:[A-Za-z0-9_~/-]|\\[.\-/_])*)\$$/.exec(pattern) ?? [];
  const literal = escaped?.replaceAll('\\', '');
  if (literal !== undefined && !/\/\/|\/\.{1,2}(?:\/|$)/.test(literal)) return { exact: literal };
  const simple = simplePattern(pattern);
  const regex = simple !== undefined && compiles(simple) ? simple : `.*(?:${pattern}).*`;
  return regex.length <= 1_000 && compiles(regex) ? { regex } : undefined;
}

/** As a person would write it; undefined where that could mean something else. */
function simplePattern(pattern: string): string | undefined {
  // Alternatives bind less than what would be put around them, and flags and anchors reach further than their place.
  if (/[|]|\(\?|\\[AzQ]/.test(pattern)) return undefined;
  const startsWhole = pattern.startsWith('^');
  const endsWhole = /(?:^|[^\\])(?:\\\\)*\$$/.test(pattern);
  const inner = pattern.slice(startsWhole ? 1 : 0, endsWhole ? -1 : undefined);
  if (/\^|\$/.test(inner.replaceAll(/\\.|\[\^?/g, ''))) return undefined;
  if (inner === '') return startsWhole && endsWhole ? undefined : '.*';
  if (startsWhole && !/^[/([.\\]/.test(inner)) return undefined;
  const start = startsWhole || inner.startsWith('.*') ? '' : '.*';
  const end = endsWhole || /(?:^|[^\\])\.\*$/.test(inner) ? '' : '.*';
  return `${start}${inner}${end}`;
}

/** What an operator may not have meant: more paths than the pattern looks like. */
export function widthOf(pattern: string): 'everything' | 'anywhere' | 'continued' | undefined {
  if (/^\^?(?:\/|\/?\.\*|)\$?$/.test(pattern) && pattern !== '^/$' && pattern !== '^$') return 'everything';
  if (!/^(?:\(\?[a-z]+\))?(?:\^|\\A)/.test(pattern)) return 'anywhere';
  return /(?:\$|\\z|\/|\.\*|\))$/.test(pattern) ? undefined : 'continued';
}
