import { isIP } from 'node:net';
import { z } from 'zod';
import type { Address } from '../../../servers/address.ts';

const hostAndPort = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([1-9][0-9]{0,4})$/;

/** `host:port` or `unix:/path`; undefined for anything else. IPv6 addresses stand in brackets. */
function parseAddress(text: string): Address | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    // sockaddr_un holds 108 bytes with the NUL at the end.
    return path.startsWith('/') && Buffer.byteLength(path) < 108 && !path.includes('\0')
      ? { kind: 'unix', path }
      : undefined;
  }
  const [, host = '', digits = ''] = hostAndPort.exec(text) ?? [];
  const port = Number(digits);
  const name = host.startsWith('[') ? host.slice(1, -1) : host;
  if (host === '' || port > 65_535 || (host.startsWith('[') && isIP(name) !== 6)) return undefined;
  return { kind: 'tcp', host: name, port };
}

/** Whether only this machine reaches the address. */
export function isLocal(address: Address): boolean {
  if (address.kind === 'unix') return true;
  return (
    address.host === 'localhost' ||
    address.host === '::1' ||
    (isIP(address.host) === 4 && address.host.startsWith('127.'))
  );
}

const expectation = 'expected host:port (127.0.0.1:4180, [::1]:4180) or unix:/absolute/path of at most 107 bytes';

function addressSchema(isAllowed: (address: Address) => boolean, message: string) {
  return z.string().transform((text, context): Address => {
    const address = parseAddress(text);
    if (address !== undefined && isAllowed(address)) return address;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** Where something listens: an IP address or `localhost`, never a name that DNS could move. */
export const listenAddressSchema = addressSchema(
  (address) => address.kind === 'unix' || address.host === 'localhost' || isIP(address.host) !== 0,
  `${expectation}; the host is an IP address or localhost`,
);

/** Where something is reached: names that DNS knows as well. */
export const targetAddressSchema = addressSchema(() => true, expectation);

/** As {@link targetAddressSchema}, without Unix sockets. */
export const hostAddressSchema = addressSchema(
  (address) => address.kind === 'tcp',
  'expected host:port, such as redis.example.com:6379',
);
