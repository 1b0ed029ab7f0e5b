import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessTelemetry } from '../adapters/telemetry/telemetry.ts';
import type { AdminServer } from '../servers/admin/admin.ts';
import { type ExtAuthzListener, listenExtAuthz } from '../servers/ext-authz/grpc-listener.ts';
import { listenOps, type OpsServer, type Readiness } from '../servers/ops/ops.ts';
import { listenSideService, type SideService } from '../servers/side-service/side-service.ts';
import type { Config } from './config/config.ts';
import type { Serving } from './serving.ts';

/** Everything that listens. Addresses stay as they are until the process ends; what answers there does not. */
export interface Listeners {
  readonly authz: ExtAuthzListener;
  readonly http: SideService;
  readonly ops: OpsServer;
  readonly admin: AdminServer | undefined;
}

export interface ListenPorts {
  readonly telemetry: ProcessTelemetry;
  readonly readiness: () => Promise<Readiness>;
  /** Undefined when there is no admin API. */
  readonly listenAdmin: (() => Promise<AdminServer>) | undefined;
}

/** Opens the listeners for what serves. Rejects when an address cannot be used; then none is open. */
export async function openListeners(serving: Serving, ports: ListenPorts): Promise<Listeners> {
  const opened: (() => Promise<void>)[] = [];
  try {
    return await openEach(serving, ports, opened);
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

async function openEach(
  serving: Serving,
  { telemetry, readiness, listenAdmin }: ListenPorts,
  opened: (() => Promise<void>)[],
): Promise<Listeners> {
  const { config, application } = serving.current;
  const { authz, http, ops } = config.listen;
  // The first request must not fail only because the connection to the store is still being made.
  await application.store.isReachable();
  const sideService = await listenSideService({ ...http, ...application, origins: config.origins, telemetry });
  opened.push(sideService.close);
  const opsServer = await listenOps({
    address: ops.address,
    readiness,
    metrics: { contentType: telemetry.contentType, text: telemetry.metrics },
  });
  opened.push(opsServer.close);
  const adminServer = await listenAdmin?.();
  if (adminServer) opened.push(adminServer.close);
  // Last: whoever gets an answer from the check may rely on the rest.
  const checks = await listenExtAuthz(authz, (message) => serving.current.check(message));
  return { authz: checks, http: sideService, ops: opsServer, admin: adminServer };
}

/**
 * Says that this process is not serving, goes on answering for `delay`, lets what is in flight end for `drain`, and
 * closes; `release` closes what answered, before the probes hear nothing any more.
 */
export async function closeListeners(
  { authz, http, ops, admin }: Listeners,
  { delay, drain }: Config['shutdown'],
  release: () => Promise<void>,
): Promise<void> {
  authz.drain();
  http.drain();
  if (delay > 0) await pause(delay * 1000);
  // The check first: a request that it lets through may still need the side service.
  await authz.close(drain);
  await http.close();
  await admin?.close();
  await release();
  await ops.close();
}
