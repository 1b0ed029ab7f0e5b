import { setTimeout as pause } from 'node:timers/promises';
import { createTelemetry, type ProcessTelemetry } from '../adapters/telemetry/telemetry.ts';
import { type Seconds, secondsOf } from '../core/time.ts';
import { createCheck } from '../servers/ext-authz/check.ts';
import { type ExtAuthzListener, listenExtAuthz } from '../servers/ext-authz/grpc-listener.ts';
import { listenOps, type OpsServer, type Readiness } from '../servers/ops/ops.ts';
import { listenSideService, type SideService } from '../servers/side-service/side-service.ts';
import type { Config } from './config/config.ts';
import { type Application, wire } from './wire.ts';

/** Answers come from us, not from Envoy's own time-out: this much earlier. */
const answerMargin = secondsOf(0.2);

/** Used where the configuration does not say how long Envoy waits. */
const defaultCheckTimeout = secondsOf(2);

/** A running Sallyport. */
export interface RunningService {
  /**
   * Says that it is not serving, goes on answering for `delay` so that whoever looks at its health sends the next
   * request elsewhere, answers what is in flight, then closes everything. Once; later calls wait for the first.
   */
  stop(delay: Seconds): Promise<void>;
}

/**
 * Builds a configuration and listens. Rejects when an address cannot be used; a store or a provider that does not
 * answer is no reason not to start.
 */
export async function serve(config: Config, version: string): Promise<RunningService> {
  const telemetry = createTelemetry({ level: config.log.level, serviceName: 'sallyport', version });
  const application = await wire(config, telemetry);
  const state = { draining: false };
  const listeners = await listen(config, application, telemetry, () => readinessOf(application, state.draining));
  telemetry.event('started', { version, authz: listeners.authz.address });
  // Asked now so that the first login does not wait; a provider that is down is asked again when it is needed.
  for (const provider of application.providers.values()) void provider.issuer();

  let stopped: Promise<void> | undefined;
  return {
    stop(delay) {
      if (stopped === undefined) {
        state.draining = true;
        telemetry.event('draining_started');
        stopped = stop(listeners, application, { delay, drain: config.shutdown.drain }, telemetry);
      }
      return stopped;
    },
  };
}

interface Listeners {
  readonly authz: ExtAuthzListener;
  readonly http: SideService;
  readonly ops: OpsServer;
}

async function listen(
  config: Config,
  application: Application,
  telemetry: ProcessTelemetry,
  readiness: () => Promise<Readiness>,
): Promise<Listeners> {
  const checkTimeout = config.envoy?.checkTimeout ?? defaultCheckTimeout;
  const check = createCheck({
    authorize: application.gateway.authorize,
    telemetry,
    renderer: application.renderer,
    now: () => performance.now() / 1000,
    deadline: secondsOf(Math.max(checkTimeout - answerMargin, checkTimeout / 2)),
  });
  const { authz, http, ops } = config.listen;
  const sideService = await listenSideService({
    ...http,
    origins: config.origins,
    mounts: application.mounts,
    telemetry,
    renderer: application.renderer,
  });
  const opsServer = await listenOps({
    address: ops.address,
    readiness,
    metrics: { contentType: telemetry.contentType, text: telemetry.metrics },
  });
  // The first check must not fail only because the connection to the store is still being made.
  await application.store.isReachable();
  // Last: whoever gets an answer from the check may rely on the rest.
  return { authz: await listenExtAuthz(authz, check), http: sideService, ops: opsServer };
}

async function readinessOf(application: Application, draining: boolean): Promise<Readiness> {
  return {
    store: (await application.store.isReachable()) ? 'reachable' : 'unreachable',
    providers: new Map([...application.providers].map(([name, provider]) => [name, provider.status()])),
    draining,
  };
}

async function stop(
  listeners: Listeners,
  application: Application,
  { delay, drain }: Config['shutdown'],
  telemetry: ProcessTelemetry,
): Promise<void> {
  listeners.authz.drain();
  listeners.http.drain();
  if (delay > 0) await pause(delay * 1000);
  // The check first: a request that it lets through may still need the side service.
  await listeners.authz.close(drain);
  await listeners.http.close();
  await application.store.close();
  await listeners.ops.close();
  telemetry.event('stopped');
  telemetry.flush();
}
