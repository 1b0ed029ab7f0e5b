import { type CommonSettings, commonSettings } from '../common-settings.ts';
import { errorAt, type Finding, suggestName, warningAt } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** Refuses instances that get in each other's way, and references to providers that are not there. */
export function checkInstances(sections: Sections): readonly Finding[] {
  const instances = [...sections.modes].map(([name, { settings }]) => commonSettings(name, settings));
  return instances.flatMap((instance, index) => {
    const earlier = instances.slice(0, index);
    return [
      ...checkProvider(instance, sections.declared.providers),
      ...checkBasePath(instance, earlier),
      ...checkCookie(instance, earlier),
      ...checkInsecureHttp(
        instance,
        sections.origins.map(({ value }) => value),
      ),
    ];
  });
}

function checkProvider({ name, provider }: CommonSettings, known: readonly string[]): readonly Finding[] {
  if (provider === undefined || known.includes(provider)) return [];
  const problem = 'there is no provider of this name under providers';
  return [errorAt(['modes', name, 'provider'], problem, suggestName(provider, known))];
}

function checkBasePath({ name, basePath }: CommonSettings, earlier: readonly CommonSettings[]): readonly Finding[] {
  const twin = earlier.find((other) => overlaps(basePath, other.basePath));
  if (twin === undefined) return [];
  const problem = `the base path is the same as that of modes.${twin.name}, or one lies below the other`;
  return [errorAt(['modes', name, 'basePath'], problem, 'give each instance a base path of its own')];
}

function overlaps(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

// Instances add words to the name (`sallyport-login`): a name that continues another's may meet them.
function checkCookie({ name, cookieName }: CommonSettings, earlier: readonly CommonSettings[]): readonly Finding[] {
  const twin = earlier.find(
    (other) => continues(cookieName, other.cookieName) || continues(other.cookieName, cookieName),
  );
  if (twin === undefined) return [];
  const problem = `the cookies would be taken for those of modes.${twin.name}`;
  return [errorAt(['modes', name, 'cookie', 'name'], problem, 'give each instance a cookie name of its own')];
}

function continues(longer: string | undefined, shorter: string | undefined): boolean {
  return shorter !== undefined && longer !== undefined && (longer === shorter || longer.startsWith(`${shorter}-`));
}

function checkInsecureHttp(
  { name, cookieName, insecureHttp }: CommonSettings,
  origins: readonly string[],
): readonly Finding[] {
  const hasHttps = origins.some((origin) => origin.startsWith('https:'));
  if (insecureHttp && hasHttps) {
    const problem = 'insecureHttp is for plain HTTP alone, and an origin is https: its cookies would be open to theft';
    return [errorAt(['modes', name, 'cookie', 'insecureHttp'], problem, 'remove insecureHttp')];
  }
  if (!insecureHttp && cookieName !== undefined && origins.some((origin) => !isTrustworthy(origin))) {
    const problem = 'browsers keep no Secure cookie from an http origin: nobody can log in there';
    return [warningAt(['modes', name], problem, 'use https; for development only, set cookie.insecureHttp: true')];
  }
  return [];
}

/** https, or the loopback host on which Chromium and Firefox keep Secure cookies. */
function isTrustworthy(origin: string): boolean {
  return origin.startsWith('https:') || ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname);
}
