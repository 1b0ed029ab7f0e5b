/** What to write instead of a name that is not known. */
export function suggestion(name: string | undefined): string {
  return name === undefined ? 'docs/migrate-oauth2-proxy.md lists every option' : `did you mean ${name}?`;
}
