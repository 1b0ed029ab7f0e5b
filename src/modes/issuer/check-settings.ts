import { isWildcardOrigin } from '../../core/http/authority.ts';
import type { SettingsFinding, Surroundings } from '../surroundings.ts';
import type { IssuerSettings } from './settings.ts';

/** Refuses an issuer without a name: under a wildcard it would be another one on every host. */
export function checkSettings(
  { issuer }: Pick<IssuerSettings, 'issuer'>,
  { origins }: Pick<Surroundings, 'origins'>,
): readonly SettingsFinding[] {
  if (issuer !== undefined || origins.length === 0 || origins.some((origin) => !isWildcardOrigin(origin))) return [];
  const problem = 'a required setting is missing: every origin has a wildcard, and an issuer has one name';
  return [{ kind: 'error', path: ['issuer'], problem, fix: 'write issuer: https://host/path, its path the base path' }];
}
