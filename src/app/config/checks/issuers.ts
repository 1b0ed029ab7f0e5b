import { isWildcardOrigin } from '../../../core/http/authority.ts';
import { issuerMode } from '../../../modes/issuer/index.ts';
import type { IssuerSettings } from '../../../modes/issuer/settings.ts';
import { errorAt, type Finding } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** Refuses an issuer without a name: under a wildcard it would be another one on every host. */
export function checkIssuers({ origins, modes }: Pick<Sections, 'origins' | 'modes'>): readonly Finding[] {
  // No origin at all has an error of its own.
  if (origins.length === 0 || origins.some(({ value }) => !isWildcardOrigin(value))) return [];
  return [...modes].flatMap(([name, { definition, settings }]) => {
    // The settings of this definition are what its schema made of them.
    if (definition !== issuerMode || (settings as IssuerSettings).issuer !== undefined) return [];
    const problem = 'a required setting is missing: every origin has a wildcard, and an issuer has one name';
    return [errorAt(['modes', name, 'issuer'], problem, 'write issuer: https://host/path, its path the base path')];
  });
}
