import type { CommonSettings } from '../../../modes/mode.ts';
import { errorAt, type Finding, suggestName, warningAt } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** The common settings of an instance, with its name. */
interface Named extends CommonSettings {
  readonly name: string;
}

/** Refuses instances that get in each other's way, and providers that are not there. */
export function checkInstances(sections: Pick<Sections, 'origins' | 'modes' | 'declared'>): readonly Finding[] {
  const instances = [...sections.modes].map(([name, { definition, settings }]) => ({
    name,
    ...definition.common(settings),
  }));
  return instances.flatMap((instance, index) => {
    const earlier = instances.slice(0, index);
    return [
      ...checkInstanceProviders(instance, sections.declared.providers),
      ...checkBasePath(instance, earlier),
      ...checkCookie(instance, earlier),
      ...checkInsecureHttp(
        instance,
        sections.origins.map(({ value }) => value),
      ),
    ];
  });
}

function checkInstanceProviders({ name, providers }: Named, known: readonly string[]): readonly Finding[] {
  const unknown = providers.filter((provider) => !known.includes(provider));
  const problem = 'there is no provider of this name under providers';
  return unknown.map((provider) =>
    errorAt(['modes', name, 'provider', ...placeOf(provider, providers)], problem, suggestName(provider, known)),
  );
}

/** A single one may stand without a list. */
function placeOf(provider: string, providers: readonly string[]): readonly number[] {
  return providers.length > 1 ? [providers.indexOf(provider)] : [];
}

function checkBasePath({ name, basePath }: Named, earlier: readonly Named[]): readonly Finding[] {
  const twin = earlier.find((other) => overlaps(basePath, other.basePath));
  if (twin === undefined) return [];
  const problem = `the base path is the same as that of modes.${twin.name}, or one lies below the other`;
  return [errorAt(['modes', name, 'basePath'], problem, 'give each instance a base path of its own')];
}

function overlaps(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

// Instances add words to the name (`sallyport-login`, `example-at`, and chunks `.1`): a name that continues another's
// may meet them. Prefixes as `__Host-` are left out of account: not every instance of both has them.
function checkCookie({ name, cookie }: Named, earlier: readonly Named[]): readonly Finding[] {
  const twin = earlier.find(
    (other) => continues(cookie?.name, other.cookie?.name) || continues(other.cookie?.name, cookie?.name),
  );
  if (twin === undefined) return [];
  const problem = `the cookies would be taken for those of modes.${twin.name}`;
  const { setting = 'name' } = cookie ?? {};
  return [errorAt(['modes', name, 'cookie', setting], problem, `give each instance a cookie ${setting} of its own`)];
}

function continues(longer: string | undefined, shorter: string | undefined): boolean {
  return shorter !== undefined && longer !== undefined && (longer === shorter || longer.startsWith(`${shorter}-`));
}

function checkInsecureHttp({ name, cookie }: Named, origins: readonly string[]): readonly Finding[] {
  if (cookie === undefined) return [];
  const { insecureHttp } = cookie;
  const hasHttps = origins.some((origin) => origin.startsWith('https:'));
  if (insecureHttp && hasHttps) {
    const problem = 'insecureHttp is for plain HTTP alone, and an origin is https: its cookies would be open to theft';
    return [errorAt(['modes', name, 'cookie', 'insecureHttp'], problem, 'remove insecureHttp')];
  }
  if (!insecureHttp && origins.some((origin) => !isTrustworthy(origin))) {
    const problem = 'browsers keep no Secure cookie from an http origin: nobody can log in there';
    return [warningAt(['modes', name], problem, 'use https; for development only, set cookie.insecureHttp: true')];
  }
  return [];
}

/** https, or the loopback host on which Chromium and Firefox keep Secure cookies. */
function isTrustworthy(origin: string): boolean {
  return origin.startsWith('https:') || ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname);
}
