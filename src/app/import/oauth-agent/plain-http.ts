import type { VariableName } from './variables.ts';

/** Whether SALLYPORT_ALLOW_HTTP lets plain HTTP leave this machine. */
export function mayLeaveInTheClear(settings: ReadonlyMap<VariableName, string>): boolean {
  return settings.get('SALLYPORT_ALLOW_HTTP') === 'true';
}

/** What to write besides https. */
export const httpPermission = 'for development only, set SALLYPORT_ALLOW_HTTP=true';

/** Whether a URL is plain HTTP. */
export function isHttp(url: string): boolean {
  return url.startsWith('http:');
}

/** Whether a URL is plain HTTP that does not leave this machine. */
export function isLoopbackHttp(url: string): boolean {
  const host = isHttp(url) && URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
}
