/** Settings that mean the same in every mode that has them. Undefined where an instance has none. */
export interface CommonSettings {
  readonly name: string;
  readonly basePath: string | undefined;
  readonly provider: string | undefined;
  readonly cookieName: string | undefined;
  readonly insecureHttp: boolean;
}

/** Reads them from the parsed settings of an instance. */
export function commonSettings(name: string, settings: unknown): CommonSettings {
  const cookie = memberOf(settings, 'cookie');
  return {
    name,
    basePath: stringOf(memberOf(settings, 'basePath')),
    provider: stringOf(memberOf(settings, 'provider')),
    cookieName: stringOf(memberOf(cookie, 'name')),
    insecureHttp: memberOf(cookie, 'insecureHttp') === true,
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name]; // own property, checked in the line above
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
