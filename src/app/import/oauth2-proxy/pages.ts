import { decide, type Findings } from '../findings.ts';
import { textOf } from './given.ts';
import type { Original } from './original.ts';

/** `pages` of sallyport.yaml; undefined when nothing is to be changed about them. */
export function pagesOf(
  { given }: Original,
  host: string | undefined,
  found: Findings,
): Readonly<Record<string, string>> | undefined {
  const logo = textOf(given, 'custom-sign-in-logo');
  if (logo === undefined || logo === '-') return undefined;
  if (/^https?:/i.test(logo) || !/\.(?:svg|png)$/i.test(logo)) {
    decide(found, ['custom-sign-in-logo'], 'a logo is an SVG or PNG file of at most 64 KiB: name it in pages.logo');
    return undefined;
  }
  return { logo, logoText: host ?? 'Logo' };
}
