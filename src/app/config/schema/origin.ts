import { z } from 'zod';
import { parseAuthority } from '../../../core/http/authority.ts';

/** `scheme://host[:port]`, exactly as a browser writes it. */
export const originSchema = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.origin === text && parseAuthority(url.host) !== undefined && /^https?:$/.test(url.protocol)) return;
  const message =
    'expected scheme://host[:port] with http or https, in lower case, without path, wildcard and default port';
  const isRepairable = url !== undefined && /^https?:$/.test(url.protocol) && parseAuthority(url.host) !== undefined;
  context.addIssue({ code: 'custom', message, params: isRepairable ? { suggestion: `write ${url.origin}` } : {} });
});
