import { z } from 'zod';
import { isWildcardOrigin, parseAuthority } from '../../../core/http/authority.ts';

/** Stands for the name that a wildcard leaves open while the rest is looked at. */
const anyName = 'any-name';

/** `scheme://host[:port]`, exactly as a browser writes it; the leftmost name of the host may be `*`. */
export const originSchema = z.string().superRefine((text, context) => {
  const isWildcard = isWildcardOrigin(text);
  const sample = isWildcard ? text.replace('*', anyName) : text;
  const written = (origin: string) => (isWildcard ? origin.replace(anyName, '*') : origin);
  const url = URL.canParse(sample) ? new URL(sample) : undefined;
  const isServed = url !== undefined && parseAuthority(url.host) !== undefined && /^https?:$/.test(url.protocol);
  if (isServed && url.hostname.endsWith('.')) {
    const params = { suggestion: `write ${written(url.origin.replace(url.hostname, url.hostname.slice(0, -1)))}` };
    // Envoy takes the dot off a request's host, so nothing would ever be for this origin.
    context.addIssue({ code: 'custom', message: 'expected a host without a dot at its end', params });
    return;
  }
  if (isServed && isWildcard && url.hostname.split('.').length < 3) {
    const message = 'expected at least two names behind the wildcard: https://*.example.com, not https://*.com';
    context.addIssue({ code: 'custom', message, params: { suggestion: 'name the domain whose hosts are meant' } });
    return;
  }
  if (isServed && url.origin === sample) return;
  const message =
    'expected scheme://host[:port] with http or https, in lower case, without path and default port; `*.` may stand for the first name of the host';
  const suggestion = isServed ? `write ${written(url.origin)}` : withScheme(text);
  const params = suggestion === undefined ? {} : { suggestion };
  context.addIssue({ code: 'custom', message, params });
});

/** What is most often meant by a host alone. */
function withScheme(text: string): string | undefined {
  return /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?$/.test(text) ? `write https://${text}` : undefined;
}
