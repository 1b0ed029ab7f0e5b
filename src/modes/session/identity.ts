import { headerValueOf } from '../../core/http/identity-headers.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Session } from '../../core/session/session.ts';
import type { Header } from '../../core/verdict.ts';
import type { SessionSettings } from './settings.ts';

/** Which of several providers says so: a `sub` means nothing without it. */
export const providerHeader = 'x-auth-request-provider';

/** What the workload learns of a session: the access token and the configured claims. An empty claim sets nothing. */
export function identityOf(session: Session, settings: SessionSettings): readonly Header[] {
  const claims = Object.entries(settings.headers).flatMap(([name, claim]): Header[] => {
    const value = isDisowned(claim, session) ? '' : headerTextOf(session.claims.get(claim));
    return value === '' ? [] : [[name.toLowerCase(), value]];
  });
  const provider: readonly Header[] = settings.provider.length > 1 ? [[providerHeader, session.provider]] : [];
  const { accessToken } = session.tokenSet;
  const bearer: readonly Header[] = settings.forwardAccessToken
    ? [['authorization', `Bearer ${accessToken.reveal()}`]]
    : [];
  return [...bearer, ...claims, ...provider];
}

/** An address that the provider itself says is not verified: anybody may have typed it. */
function isDisowned(claim: string, { claims }: Session): boolean {
  return claim === 'email' && claims.get('email_verified') === false;
}

/** Texts and numbers as they are, lists of them joined with commas; objects have no header form. */
function headerTextOf(claim: JsonValue | undefined): string {
  if (typeof claim === 'string') return headerValueOf(claim);
  if (typeof claim === 'number' || typeof claim === 'boolean') return String(claim);
  // A comma inside an item is encoded, so that no group can pose as two.
  if (Array.isArray(claim))
    return claim
      .map((item) => headerTextOf(item).replaceAll(',', '%2C'))
      .filter(Boolean)
      .join(',');
  return '';
}
