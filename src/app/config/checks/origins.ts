import { errorAt, type Finding } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** Refuses origins that one request could name at the same time: the host alone must say which it is. */
export function checkOrigins({ origins }: Sections): readonly Finding[] {
  return origins.flatMap(({ index, value }) => {
    const url = new URL(value);
    const twin = origins.find((other) => other.index < index && sharesAuthority(new URL(other.value), url));
    if (twin !== undefined) {
      const problem = `origins[${twin.index}] has the same host: a request for it could be meant for either`;
      return [errorAt(['origins', index], problem, 'keep one of them')];
    }
    const wide = origins.find((other) => coversUnderOtherScheme(new URL(other.value), url));
    if (wide === undefined) return [];
    const problem = `origins[${wide.index}] covers this host under another scheme: a request for it could be meant for either`;
    return [errorAt(['origins', index], problem, 'use one scheme for both, or move one to another domain')];
  });
}

function sharesAuthority(one: URL, other: URL): boolean {
  // Without a port in the Host header only the name is left: http://a and https://a are one.
  if (one.host === other.host) return true;
  // http://a:443 is where https://a is.
  return one.hostname === other.hostname && portOf(one) === portOf(other);
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

/** Whether `wide` has a wildcard and is meant as well where a request for the other's host names no port. */
function coversUnderOtherScheme(wide: URL, narrow: URL): boolean {
  const [, parent] = /^\*(\..+)$/.exec(wide.hostname) ?? [];
  if (parent === undefined || wide.port !== '' || narrow.port !== '' || wide.protocol === narrow.protocol) return false;
  return narrow.hostname.endsWith(parent) && !narrow.hostname.slice(0, -parent.length).includes('.');
}
