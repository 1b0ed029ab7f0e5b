import { comment, decide, type Findings, fail } from '../findings.ts';
import type { Origins } from './origins.ts';
import { httpPermission, isHttp, isLoopbackHttp, mayLeaveInTheClear } from './plain-http.ts';
import type { VariableName } from './variables.ts';

/**
 * Whether cookies go without `Secure`: where browsers see plain HTTP alone, and that on this machine or by permission.
 * Behind a proxy that ends TLS an http origin is a mistake, which would open the cookies to theft: an error.
 */
export function hasInsecureCookies(
  settings: ReadonlyMap<VariableName, string>,
  { origins, variable }: Origins,
  found: Findings,
): boolean {
  const scheme = schemeFrom(settings, variable);
  const open = origins.filter((origin) => isHttp(origin) && !isLoopbackHttp(origin));
  const isPlain = origins.length > 0 && origins.every(isHttp);
  if (open.length > 0 && !(isPlain && mayLeaveInTheClear(settings))) {
    const problem = `browsers would reach ${open.join(' and ')} over plain HTTP, and cookies would cross the network in the clear`;
    fail(found, scheme, problem, suggestionFor(scheme, isPlain));
    return false;
  }
  if (!isPlain) return false;
  comment(
    found,
    ['modes', 'agent', 'cookie', 'insecureHttp'],
    'For development: cookies cross the network in the clear.',
  );
  decide(found, [scheme], 'cookies have no Secure, since the site is plain HTTP: for development only');
  return true;
}

/** The variable that says http or https; a domain of cookies takes it from the application. */
function schemeFrom(settings: ReadonlyMap<VariableName, string>, variable: VariableName): VariableName {
  if (variable === 'SALLYPORT_ORIGINS') return variable;
  return settings.has('TRUSTED_WEB_ORIGIN') ? 'TRUSTED_WEB_ORIGIN' : 'REDIRECT_URI';
}

function suggestionFor(scheme: VariableName, isPlain: boolean): string {
  const where = scheme === 'SALLYPORT_ORIGINS' ? '' : ', here or, for the APIs alone, in SALLYPORT_ORIGINS';
  return `write the https origin that browsers see${where}${isPlain ? `; ${httpPermission}` : ''}`;
}
