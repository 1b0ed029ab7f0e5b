import { comment, decide, type Findings, fail } from '../findings.ts';
import type { VariableName } from './variables.ts';

/** `listen` of sallyport.yaml: the side service takes the port of the original, on loopback. */
export function listenersOf(
  settings: ReadonlyMap<VariableName, string>,
  found: Findings,
): Readonly<Record<'authz' | 'http' | 'ops', string>> {
  const port = settings.get('PORT');
  if (port !== undefined && !isPort(port)) fail(found, 'PORT', 'expected a number from 1 to 65535');
  const given = {
    authz: settings.get('SALLYPORT_LISTEN_AUTHZ'),
    http: settings.get('SALLYPORT_LISTEN_HTTP') ?? (port === undefined ? undefined : `127.0.0.1:${port}`),
    ops: settings.get('SALLYPORT_LISTEN_OPS'),
  };
  const taken = new Set(Object.values(given));
  const usual = (port: number) => {
    const free = [port, 4183, 4184, 4185].map((number) => `127.0.0.1:${number}`).find((address) => !taken.has(address));
    taken.add(free);
    return free ?? '';
  };
  const listen = { authz: given.authz ?? usual(4180), http: given.http ?? usual(4181), ops: given.ops ?? usual(4182) };
  if (port !== undefined && settings.get('SALLYPORT_LISTEN_HTTP') === undefined) {
    decide(found, ['PORT'], `the agent listens on ${listen.http}, on loopback alone: Envoy beside it goes there`);
  }
  comment(found, ['listen'], 'Envoy and Sallyport side by side; whoever reaches authz or http can obtain tokens.');
  return listen;
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}
