import { errorAt, type Finding } from '../finding.ts';
import type { Sections } from '../sections.ts';

const shortestToken = 32;

/** Refuses an admin API that anybody could use, and a token for none. */
export function checkAdmin({ listen, admin, declared }: Sections): readonly Finding[] {
  if (listen?.admin !== undefined && !declared.top.includes('admin')) {
    const problem = 'a required setting is missing: the admin API has no token that says who may use it';
    return [errorAt(['admin'], problem, 'write admin: {token: {file: admin-token}}')];
  }
  if (listen !== undefined && listen.admin === undefined && admin !== undefined) {
    const problem = 'there is a token for the admin API, but no listener for it';
    return [errorAt(['admin'], problem, 'write listen.admin: 127.0.0.1:4183, or remove admin')];
  }
  return [];
}

/** Refuses a token that could be guessed. */
export function checkAdminToken({ admin }: Sections, found: readonly Finding[]): readonly Finding[] {
  // A token that could not be read has an error of its own.
  if (admin === undefined || found.some(({ path }) => path[0] === 'admin')) return [];
  const token = admin.token.reveal();
  if (token.length < shortestToken) {
    const problem = `expected at least ${shortestToken} characters`;
    return [errorAt(['admin', 'token'], problem, 'make one: openssl rand -hex 32')];
  }
  if (/^[\x21-\x7e]+$/.test(token)) return [];
  return [
    errorAt(['admin', 'token'], 'expected printable ASCII characters without blanks', 'make one: openssl rand -hex 32'),
  ];
}
