import { describe, expect, it } from 'vitest';
import { configOf, document, errorsOf } from '../../../../test/support/config-text.ts';

const ports = 'authz: "127.0.0.1:4180", http: "127.0.0.1:4181", ops: "127.0.0.1:4182"';
const listen = (admin: string) => `{${ports}, admin: ${admin}}`;
const admin = '{token: {file: admin-token}}';
const token = '0123456789abcdef0123456789abcdef';

async function errorsWith(parts: Readonly<Record<string, string>>, text = token): Promise<readonly string[]> {
  return await errorsOf(document(parts), { 'admin-token': text });
}

describe('the admin API of a configuration', () => {
  it('has a listener and a token, or neither', async () => {
    const config = await configOf(document({ listen: listen('"unix:/run/admin.sock"'), admin }), {
      'admin-token': `${token}\n`,
    });
    expect(config.listen.admin).toEqual({ address: { kind: 'unix', path: '/run/admin.sock' }, tls: undefined });
    expect(config.admin?.token.reveal()).toBe(token);
    const without = await configOf(document());
    expect([without.listen.admin, without.admin]).toEqual([undefined, undefined]);
  });

  it('is refused without a token, and a token without a listener', async () => {
    expect(await errorsWith({ listen: listen('"127.0.0.1:4183"') })).toEqual([
      '1:1 admin: a required setting is missing: the admin API has no token that says who may use it (write admin: {token: {file: admin-token}})',
    ]);
    expect(await errorsWith({ admin })).toEqual([
      '8:8 admin: there is a token for the admin API, but no listener for it (write listen.admin: 127.0.0.1:4183, or remove admin)',
    ]);
  });

  it.each([
    ['', 'admin.token.file: the file is empty'],
    [token.slice(1), 'admin.token: expected at least 32 characters (make one: openssl rand -hex 32)'],
    [
      `${token} ${token}`,
      'admin.token: expected printable ASCII characters without blanks (make one: openssl rand -hex 32)',
    ],
    [`${token}é`, 'admin.token: expected printable ASCII characters without blanks (make one: openssl rand -hex 32)'],
  ])('is refused with a token that can be guessed or sent by nobody: %j', async (text, problem) => {
    const errors = await errorsWith({ listen: listen('"127.0.0.1:4183"'), admin }, text);
    expect(errors.map((error) => error.replace(/^\d+:\d+ /, ''))).toEqual([problem]);
  });

  it('is never where strangers reach it, without mutual TLS (G6)', async () => {
    expect(await errorsWith({ listen: listen('"0.0.0.0:4183"'), admin })).toEqual([
      expect.stringContaining(
        'listen.admin: expected a loopback address or a Unix socket: whoever reaches this listener can end every session',
      ),
    ]);
  });

  it('has an address of its own, which the workload has not', async () => {
    expect(await errorsWith({ listen: listen('"127.0.0.1:4182"'), admin })).toEqual([
      expect.stringContaining('listen.admin: listen.ops has the same address'),
    ]);
    const envoy = '{listen: "127.0.0.1:8080", workload: "127.0.0.1:4183", trustedHops: 1}';
    expect(await errorsWith({ listen: listen('"127.0.0.1:4183"'), admin, envoy })).toEqual([
      expect.stringContaining('this one is listen.admin, which users must not reach'),
    ]);
  });
});
