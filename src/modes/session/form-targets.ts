/**
 * Where forms of ours may lead beside our own origin: to any https origin, in development to http as well. Chromium
 * applies `form-action` to every redirect behind a form, and where a provider sends people is its matter (ADR 7).
 */
export function formTargetsFor(origin: string): readonly string[] {
  return origin.startsWith('https:') ? ['https:'] : ['https:', 'http:'];
}
