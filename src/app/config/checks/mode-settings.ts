import { problemOfSharedKey } from '../../../adapters/node-crypto/shared-key.ts';
import type { Secret } from '../../../core/secret.ts';
import { SecretReference } from '../../../modes/settings-types.ts';
import type { Finding } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** What the modes say about the settings of their instances, with the rest of the configuration around them. */
export function checkModeSettings(
  sections: Pick<Sections, 'origins' | 'providers' | 'modes' | 'rules'>,
  found: readonly Finding[],
): readonly Finding[] {
  const { modes, providers } = sections;
  const areOriginsRight = !found.some(({ path }) => path[0] === 'origins');
  const origins = areOriginsRight ? sections.origins.map(({ value }) => value) : [];
  const basePaths = new Map(
    [...modes].flatMap(([name, { definition, settings }]) => {
      const { basePath } = definition.common(settings);
      return basePath === undefined ? [] : [[name, basePath] as const];
    }),
  );
  return [...modes].flatMap(([name, { definition, settings }]) => {
    const guardedOrigins = guardedBy(name, origins, sections.rules);
    const surroundings = { origins, guardedOrigins, basePaths, providers, problemOfSharedKey: problemOfReadKey };
    const findings = definition.check?.(settings, surroundings) ?? [];
    return findings.map(({ kind, path, problem, fix }): Finding => {
      return { severity: kind, path: ['modes', name, ...path], at: 'value', problem, suggestion: fix };
    });
  });
}

function guardedBy(name: string, origins: readonly string[], rules: Sections['rules']): readonly string[] {
  const using = rules.filter(({ value }) => value.use === name);
  if (using.length === 0 || using.some(({ value }) => value.hosts === undefined)) return origins;
  const hosts = new Set(using.flatMap(({ value }) => value.hosts ?? []));
  return origins.filter((origin) => hosts.has(new URL(origin).host));
}

/** A key that could not be read, and is empty for that, has an error of its own. */
function problemOfReadKey(key: Secret<string>): string | undefined {
  if (key instanceof SecretReference || key.reveal() === '') return undefined;
  return problemOfSharedKey(key.reveal());
}
