import type { Outcome } from '../outcome.ts';

/** One option of oauth2-proxy, which can be a flag, an environment variable and a key of its file. */
export interface Option {
  /** As on the command line, without the hyphens before it: `email-domain`. */
  readonly flag: string;
  /** `list`: may be given several times, and with commas. */
  readonly kind: 'text' | 'boolean' | 'list' | 'duration' | 'number';
  /** Its value when nobody says anything, where that is not empty, false or 0. */
  readonly standard?: string;
  /** Its value may be a secret, or hold one, and is never shown. */
  readonly isSecret?: true;
  /** On the command line alone: no variable and no key of the file says it. */
  readonly isOnlyFlag?: true;
  readonly outcome: Outcome;
}

/** Keys of the file that do not follow the rule of {@link keyOf}. */
const oddKeys: ReadonlyMap<string, string> = new Map([['skip-auth-regex', 'skip_auth_regex']]);

/** The key in oauth2-proxy's file: underscores, and plural for what may be given several times. */
export function keyOf({ flag, kind }: Option): string {
  const key = oddKeys.get(flag) ?? flag.replaceAll('-', '_');
  return kind === 'list' && !key.endsWith('s') && !oddKeys.has(flag) ? `${key}s` : key;
}

/** The environment variable. */
export function variableOf(option: Option): string {
  return `OAUTH2_PROXY_${keyOf(option).toUpperCase()}`;
}
