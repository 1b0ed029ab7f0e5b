import { describe, expect, it } from 'vitest';
import { document, errorsOf } from '../../../../test/support/config-text.ts';

const listen = '{authz: "127.0.0.1:4180", http: "127.0.0.1:4181", ops: "0.0.0.0:4182"}';

function errorsFor(workload: string, more = ''): Promise<readonly string[]> {
  const envoy = `{listen: "0.0.0.0:8443", admin: "[::1]:9901", trustedHops: 1, workload: "${workload}"${more}}`;
  return errorsOf(document({ listen, envoy }));
}

describe('a workload that is a listener of Envoy or of Sallyport (G7)', () => {
  it.each([
    ['[::1]:9901', 'envoy.admin'],
    ['localhost:9901', 'envoy.admin'],
    ['[0:0:0:0:0:0:0:1]:9901', 'envoy.admin'],
    ['127.0.0.1:8443', 'envoy.listen'],
    ['127.0.0.1:4180', 'listen.authz'],
    ['LOCALHOST.:4180', 'listen.authz'],
    ['127.1:4180', 'listen.authz'],
    ['0.0.0.0:4180', 'listen.authz'],
    ['[::ffff:127.0.0.1]:4180', 'listen.authz'],
    ['localhost:4181', 'listen.http'],
    ['127.0.0.1:4182', 'listen.ops'],
    ['[::1]:4182', 'listen.ops'],
  ])('is refused: %s is %s', async (workload, name) => {
    const problem = `expected the address of the application; this one is ${name}, which users must not reach`;
    expect(await errorsFor(workload)).toEqual([
      expect.stringContaining(`envoy.workload: ${problem} (write where the application listens)`),
    ]);
  });

  it('is refused where it is a replica, by name or by socket', async () => {
    const replicas = ', replicas: [{authz: "auth.internal:1", http: "unix:/run/h.sock"}]';
    expect(await errorsFor('auth.internal:1', replicas)).toEqual([expect.stringContaining('envoy.replicas[0].authz')]);
    expect(await errorsFor('unix:/run/h.sock', replicas)).toEqual([expect.stringContaining('envoy.replicas[0].http')]);
  });

  it.each(['127.0.0.1:9000', '127.0.0.2:4180', 'app.internal:4180', '10.0.0.1:8443', 'unix:/run/app.sock'])(
    'is not what %s is',
    async (workload) => {
      expect(await errorsFor(workload)).toEqual([]);
    },
  );
});
