import { secondsOf } from '../core/time.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { type Check, createCheck } from '../servers/ext-authz/check.ts';
import type { Config } from './config/config.ts';
import type { LoadedFiles } from './config/load-config.ts';
import { ruleLinesOf } from './rule-lines.ts';
import { type Application, type Wired, wire } from './wire.ts';

/** Answers come from us, not from Envoy's own time-out: this much earlier. */
const answerMargin = secondsOf(0.2);

/** Used where the configuration does not say how long Envoy waits. */
const defaultCheckTimeout = secondsOf(5);

/** One configuration and everything that it became. A reload puts another in its place, whole. */
export interface Snapshot extends Wired {
  readonly config: Config;
  readonly application: Application;
  readonly check: Check;
  /** Line of each rule in the file, from 1. */
  readonly ruleLines: readonly number[];
  readonly loadedAt: Date;
  /** Of the configuration file: equal on replicas that have the same. */
  readonly digest: string;
}

/** What serves now. The one thing that a reload changes. */
export interface Serving {
  current: Snapshot;
}

/** Makes a configuration what can serve; takes over from `before` what is the same in both. */
export async function createSnapshot(
  loaded: LoadedFiles & { readonly kind: 'ok' },
  telemetry: Telemetry,
  before?: Snapshot,
): Promise<Snapshot> {
  const { config } = loaded;
  const application = await wire(config, telemetry, before);
  const checkTimeout = config.envoy?.checkTimeout ?? defaultCheckTimeout;
  const check = createCheck({
    authorize: application.gateway.authorize,
    telemetry,
    renderer: application.renderer,
    now: () => performance.now() / 1000,
    deadline: secondsOf(Math.max(checkTimeout - answerMargin, checkTimeout / 2)),
  });
  const digest = loaded.files.get(config.file)?.state ?? '';
  return { config, application, check, ruleLines: ruleLinesOf(loaded), loadedAt: new Date(), digest };
}
