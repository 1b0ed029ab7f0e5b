import { comment, decide, type Findings, fail } from '../findings.ts';
import { splitList } from './split-list.ts';
import type { VariableName } from './variables.ts';

/** Where browsers reach the APIs and the agent, and which variable says so. */
export interface Origins {
  readonly origins: readonly string[];
  readonly variable: VariableName;
}

/**
 * The original does not know where it is reached: SALLYPORT_ORIGINS says it, else the domain of its cookies, else the
 * application's own origin.
 */
export function originsOf(
  settings: ReadonlyMap<VariableName, string>,
  trustedOrigins: readonly string[],
  found: Findings,
): Origins {
  const named = splitList(settings.get('SALLYPORT_ORIGINS') ?? '');
  if (named.length > 0) return { origins: named, variable: 'SALLYPORT_ORIGINS' };
  const domain = settings.get('COOKIE_DOMAIN')?.replace(/^\./, '');
  const [origin, variable] = guess(domain, trustedOrigins);
  if (origin === undefined) {
    fail(found, 'SALLYPORT_ORIGINS', 'nothing says where browsers reach the APIs', 'write https://host[:port]');
    return { origins: [], variable };
  }
  const text = `${origin} is taken for the address of the APIs and the agent; if it is another, say so in SALLYPORT_ORIGINS`;
  decide(found, [variable], text);
  comment(
    found,
    ['origins'],
    `From ${variable}: where browsers reach the APIs and the agent. Correct it if it is wrong.`,
  );
  return { origins: [origin], variable };
}

function guess(
  domain: string | undefined,
  [trusted]: readonly string[],
): readonly [origin: string | undefined, variable: VariableName] {
  const scheme = trusted?.startsWith('http:') === true ? 'http' : 'https';
  return domain === undefined ? [trusted, 'TRUSTED_WEB_ORIGIN'] : [`${scheme}://${domain}`, 'COOKIE_DOMAIN'];
}
