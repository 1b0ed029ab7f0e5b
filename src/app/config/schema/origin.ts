import { z } from 'zod';
import { parseAuthority } from '../../../core/http/authority.ts';

/** `scheme://host[:port]`, exactly as a browser writes it. */
export const originSchema = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isServed = url !== undefined && parseAuthority(url.host) !== undefined && /^https?:$/.test(url.protocol);
  if (isServed && url.hostname.endsWith('.')) {
    const written = url.origin.replace(url.hostname, url.hostname.slice(0, -1));
    const params = { suggestion: `write ${written}` };
    // Envoy takes the dot off a request's host, so nothing would ever be for this origin.
    context.addIssue({ code: 'custom', message: 'expected a host without a dot at its end', params });
    return;
  }
  if (isServed && url.origin === text) return;
  const message =
    'expected scheme://host[:port] with http or https, in lower case, without path, wildcard and default port';
  context.addIssue({ code: 'custom', message, params: isServed ? { suggestion: `write ${url.origin}` } : {} });
});
