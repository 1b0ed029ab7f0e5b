import { systemClock } from '../adapters/system/clock.ts';
import { createTelemetry } from '../adapters/telemetry/telemetry.ts';
import type { Seconds } from '../core/time.ts';
import type { Readiness } from '../servers/ops/ops.ts';
import type { LoadedFiles } from './config/load-config.ts';
import { closeListeners, openListeners } from './lifecycle.ts';
import { createReloader, type Reloader } from './reload.ts';
import type { ReloadOutcome, ReloadTrigger } from './reload-outcome.ts';
import { createSnapshot, type Serving } from './serving.ts';
import { watchFiles } from './watch-files.ts';
import { closeUnused } from './wire.ts';

/** A running Sallyport. */
export interface RunningService {
  /** See {@link Reloader.reload}. */
  reload(trigger: ReloadTrigger): Promise<ReloadOutcome>;
  /**
   * Says that it is not serving, goes on answering for `delay` (`shutdown.delay` where none is given) so that whoever
   * looks at its health sends the next request elsewhere, answers what is in flight, then closes everything. Once;
   * later calls wait for the first.
   */
  stop(delay?: Seconds): Promise<void>;
}

/**
 * Builds a configuration and listens; `load` reads it again for a reload. Rejects when an address cannot be used; a
 * store or a provider that does not answer is no reason not to start.
 */
export async function serve(
  loaded: LoadedFiles & { readonly kind: 'ok' },
  version: string,
  load: () => Promise<LoadedFiles>,
): Promise<RunningService> {
  const { log, listen } = loaded.config;
  const telemetry = createTelemetry({ level: log.level, serviceName: 'sallyport', version });
  const serving: Serving = { current: await createSnapshot(loaded, telemetry) };
  const state: { isDraining: boolean; reloader: Reloader | undefined } = { isDraining: false, reloader: undefined };
  const { admin } = listen;
  const opening = openListeners(serving, {
    telemetry,
    readiness: () => readinessOf(serving, state),
    // Imported where it is configured: nobody should wait at the start for what he does not use.
    listenAdmin:
      admin &&
      (async () => {
        const { startAdmin } = await import('./admin.ts');
        return await startAdmin(admin, { serving, telemetry, reloader: () => state.reloader });
      }),
  });
  const listeners = await opening.catch(async (error: unknown) => {
    // Or the connections to the store would keep a process alive that nobody can reach.
    await closeUnused(serving.current.application, undefined);
    throw error;
  });
  const reloader = createReloader(loaded.files, { load, serving, listeners, telemetry });
  state.reloader = reloader;
  const watcher = watchFiles({
    interval: () => serving.current.config.reload.interval,
    files: () => (serving.current.config.reload.watch ? reloader.files : new Map()),
    isDue: () => reloader.isRetryDue,
    onChange: () => reloader.reload('files'),
  });
  telemetry.countReload('started', systemClock.now());
  telemetry.event('started', { version, authz: listeners.authz.address });
  // Asked now so that the first login does not wait; a provider that is down is asked again when it is needed.
  for (const provider of serving.current.application.providers.values()) void provider.issuer();

  let stopped: Promise<void> | undefined;
  const stop = async (given: Seconds | undefined) => {
    state.isDraining = true;
    telemetry.event('draining_started');
    watcher.close();
    reloader.refuse();
    const { delay, drain } = serving.current.config.shutdown;
    await closeListeners(listeners, { delay: given ?? delay, drain }, async () => {
      await reloader.close();
      await closeUnused(serving.current.application, undefined);
    });
    telemetry.event('stopped');
    telemetry.flush();
  };
  return {
    reload: (trigger) => reloader.reload(trigger),
    stop: (delay) => {
      stopped ??= stop(delay);
      return stopped;
    },
  };
}

async function readinessOf(
  { current: { application, loadedAt } }: Serving,
  { isDraining, reloader }: { readonly isDraining: boolean; readonly reloader: Reloader | undefined },
): Promise<Readiness> {
  const last = reloader?.last;
  return {
    store: (await application.store.isReachable()) ? 'reachable' : 'unreachable',
    providers: new Map([...application.providers].map(([name, provider]) => [name, provider.status()])),
    draining: isDraining,
    config: {
      loadedAt: loadedAt.toISOString(),
      lastReload: last && { at: last.at.toISOString(), outcome: last.outcome },
    },
  };
}
