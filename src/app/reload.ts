import type { ProcessTelemetry } from '../adapters/telemetry/telemetry.ts';
import { type Seconds, secondsOf } from '../core/time.ts';
import { assertUsable } from '../servers/mutual-tls.ts';
import type { PreparedContent } from '../servers/side-service/side-service.ts';
import type { Config } from './config/config.ts';
import type { FilesRead } from './config/files-read.ts';
import type { LoadedFiles } from './config/load-config.ts';
import type { Listeners } from './lifecycle.ts';
import { openedRules } from './opened-rules.ts';
import { logFindings, type ReloadOutcome, type ReloadTrigger, reportReload } from './reload-outcome.ts';
import { restartReasons } from './restart-reasons.ts';
import { isSameSetting } from './same-settings.ts';
import { createSnapshot, type Serving, type Snapshot } from './serving.ts';
import { unlessAborted } from './unless-aborted.ts';
import { closeUnused } from './wire.ts';

export interface Reloader {
  /**
   * Takes over the configuration as its files are after this call. During a reload one more is queued, for however
   * many that ask. Never rejects, and gives up after 30 s.
   */
  reload(trigger: ReloadTrigger): Promise<ReloadOutcome>;
  /** The last attempt; undefined when there was none. */
  readonly last: { readonly at: Date; readonly outcome: ReloadOutcome['kind'] } | undefined;
  /** The files of the last attempt, or of the start. */
  readonly files: FilesRead;
  /** Whether the last attempt failed for something that may mend itself, some time ago. */
  readonly isRetryDue: boolean;
  /** Takes no further attempt: those end with `failed`. One that is under way has 5 s left. */
  refuse(): void;
  /** After {@link Reloader.refuse}: waits for an attempt that is under way, and closes what earlier configurations had. */
  close(): Promise<void>;
}

const retryMilliseconds = 30_000;
/** For an attempt: a disk that does not answer must not keep every later configuration out. */
const attemptMilliseconds = 30_000;
/** For one that is under way when the process ends: what it began to build should be closed. */
const closeMilliseconds = 5_000;

export interface ReloadPorts {
  readonly load: () => Promise<LoadedFiles>;
  readonly serving: Serving;
  readonly listeners: Listeners;
  readonly telemetry: ProcessTelemetry;
}

/** Replaces what serves, whole or not at all. `files`: those that the first configuration was read from. */
export function createReloader(files: FilesRead, ports: ReloadPorts): Reloader {
  const { serving, telemetry } = ports;
  const retired = new Map<NodeJS.Timeout, () => Promise<void>>();
  const state = { files, isClosed: false };
  let last: Reloader['last'];
  let running: Promise<ReloadOutcome> | undefined;
  let queued: Promise<ReloadOutcome> | undefined;
  let limit = new AbortController();
  let ending: NodeJS.Timeout | undefined;

  function begin(trigger: ReloadTrigger): Promise<ReloadOutcome> {
    const ours = new AbortController();
    limit = ours;
    const tooLate = () => ours.abort(new Error(`the reload took longer than ${attemptMilliseconds / 1000} s`));
    const timer = setTimeout(tooLate, attemptMilliseconds);
    running = unlessAborted(attempt(ours.signal), ours.signal)
      .catch((error: unknown): ReloadOutcome => {
        telemetry.problem('config_reload_refused', { outcome: 'failed', trigger }, error);
        return { kind: 'failed' };
      })
      .then((outcome) => {
        clearTimeout(timer);
        running = undefined;
        last = { at: new Date(), outcome: outcome.kind };
        reportReload(outcome, trigger, telemetry);
        return outcome;
      });
    return running;
  }

  /** Changes nothing once `given` is aborted. */
  async function attempt(given: AbortSignal): Promise<ReloadOutcome> {
    if (state.isClosed) return { kind: 'failed' };
    const loaded = await ports.load();
    if (given.aborted) return { kind: 'failed' };
    state.files = loaded.files;
    logFindings('warning', loaded.warnings, telemetry);
    if (loaded.kind === 'invalid') return { kind: 'invalid', findings: loaded.errors };
    const before = serving.current;
    const opened = openedRules(before.config, loaded.config);
    if (opened.length > 0) return { kind: 'invalid', findings: opened.map(loaded.locate) };
    const reasons = restartReasons(before.config, loaded.config);
    if (reasons.length > 0) return { kind: 'needs_restart', findings: reasons.map(loaded.locate) };
    const next = await createSnapshot(loaded, telemetry, before);
    const prepared = await prepare(before, next, ports).catch(async (error: unknown) => {
      await closeUnused(next.application, before.application);
      throw error;
    });
    if (prepared === undefined || state.isClosed || given.aborted) {
      await prepared?.discard();
      await closeUnused(next.application, before.application);
      return { kind: prepared === undefined ? 'store_unreachable' : 'failed' };
    }
    retire(before, next, swap(next, prepared, ports));
    return { kind: 'reloaded' };
  }

  /** Requests that began under the old configuration may take as long as they may at the end of the process. */
  function retire(before: Snapshot, next: Snapshot, endContent: () => Promise<void>): void {
    const end = async () => {
      await endContent();
      await closeUnused(before.application, next.application);
    };
    const timer = setTimeout(() => {
      retired.delete(timer);
      end().catch((error: unknown) => telemetry.problem('config_reload_refused', { outcome: 'not_closed' }, error));
    }, graceOf(before.config) * 1000);
    retired.set(timer.unref(), end);
  }

  return {
    reload(trigger) {
      if (running === undefined) return begin(trigger);
      queued ??= running.then(() => {
        queued = undefined;
        return begin(trigger);
      });
      return queued;
    },
    get last() {
      return last;
    },
    get files() {
      return state.files;
    },
    get isRetryDue() {
      return last?.outcome === 'store_unreachable' && Date.now() - last.at.getTime() >= retryMilliseconds;
    },
    refuse() {
      state.isClosed = true;
      // From now on, not from close(): whoever asked by the admin API is waited for before.
      ending ??= setTimeout(() => limit.abort(new Error('the process ends')), closeMilliseconds);
    },
    async close() {
      await (queued ?? running);
      clearTimeout(ending);
      for (const timer of retired.keys()) clearTimeout(timer);
      await Promise.all([...retired.values()].map((end) => end()));
      retired.clear();
    },
  };
}

/** How long requests of a configuration that was replaced may take: no check is cut off before its time. */
function graceOf({ shutdown, envoy }: Config): Seconds {
  return secondsOf(Math.max(shutdown.drain, envoy?.checkTimeout ?? 0, 2));
}

/** Everything that can go wrong, before anything is changed. Undefined when a new store does not answer. */
async function prepare(
  before: Snapshot,
  { config, application }: Snapshot,
  { listeners, telemetry }: ReloadPorts,
): Promise<PreparedContent | undefined> {
  for (const listener of Object.values(config.listen)) if (listener?.tls !== undefined) assertUsable(listener.tls);
  const isNewStore = application.store !== before.application.store;
  if (isNewStore && !(await application.store.isReachable())) return undefined;
  return await listeners.http.prepare({ ...application, origins: config.origins, telemetry });
}

/** From one request to the next. Yields how to end the side service's content before. */
function swap(
  next: Snapshot,
  prepared: PreparedContent,
  { serving, listeners, telemetry }: ReloadPorts,
): () => Promise<void> {
  const before = serving.current;
  serving.current = next;
  const endContent = prepared.serve();
  renewCertificates(before.config, next.config, listeners);
  telemetry.setLevel(next.config.log.level);
  const kept = new Set(before.application.providers.values());
  for (const provider of next.application.providers.values()) if (!kept.has(provider)) void provider.issuer();
  return endContent;
}

function renewCertificates(before: Config, { listen, shutdown }: Config, listeners: Listeners): void {
  const { authz, http, admin } = listen;
  const hasChanged = (name: 'authz' | 'http' | 'admin') => !isSameSetting(before.listen[name]?.tls, listen[name]?.tls);
  if (authz.tls !== undefined && hasChanged('authz')) listeners.authz.renewTls(authz.tls, shutdown.drain);
  if (http.tls !== undefined && hasChanged('http')) listeners.http.renewTls(http.tls);
  if (admin?.tls !== undefined && hasChanged('admin')) listeners.admin?.renewTls(admin.tls);
}
