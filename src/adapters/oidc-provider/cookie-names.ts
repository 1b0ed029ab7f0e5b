/** Cookies of the engine, by its own words for them. */
export interface CookieNames {
  readonly session: string;
  readonly interaction: string;
  readonly resume: string;
}

/**
 * Names of one instance's cookies. With https they carry `__Secure-`, so that no insecure origin of the host can
 * plant them (RFC 6265bis §4.1.3.1); `__Host-` would forbid the path that keeps them away from workloads.
 */
export function cookieNamesOf(instance: string, issuer: string): CookieNames {
  const prefix = issuer.startsWith('https:') ? '__Secure-' : '';
  const stem = `${prefix}sallyport-issuer-${instance.toLowerCase().replace(/[^a-z0-9]/g, '-')}`;
  return { session: stem, interaction: `${stem}-interaction`, resume: `${stem}-resume` };
}

/** Every cookie that goes out under these names: the session's has a second one with its signature. */
export function allCookiesOf(names: CookieNames): readonly string[] {
  return [names.session, `${names.session}.sig`, names.interaction, names.resume];
}
