import { suggestName } from '../../config/finding.ts';

/** The name that was probably meant. */
export function nearest(found: string, known: readonly string[]): string | undefined {
  const [, name] = /^did you mean (.*)\?$/.exec(suggestName(found, known) ?? '') ?? [];
  return name;
}

/** What to write instead of a name that is not known. */
export function suggestion(name: string | undefined): string {
  return name === undefined ? 'docs/migrate-oauth2-proxy.md lists every option' : `did you mean ${name}?`;
}
