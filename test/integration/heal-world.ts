import { rejectedAttemptOf } from '../../src/core/http/heal-attempt.ts';
import type { HttpRequest } from '../../src/core/http/request.ts';
import { epochMillisecondsOf } from '../../src/core/time.ts';
import type { Forward } from '../../src/core/verdict.ts';
import { withFreePorts } from '../support/ports.ts';
import { allow, type Edge, type ScriptedCheck, startEdge, startScriptedCheck } from './envoy-world.ts';

/** The generated heal chain with a check that keeps one access token and refreshes it as a session does. */
export interface HealWorld {
  readonly port: number;
  /** As requests name it: `localhost:<port>`. */
  readonly host: string;
  readonly check: ScriptedCheck;
  readonly edge: Edge;
  /** The token that the workload should take. */
  readonly token: () => string;
  readonly refreshes: () => number;
  /** A token of an hour ago, which the workload refuses; nothing seen, nothing refreshed. */
  reset(): void;
}

export interface HealWorldOptions {
  readonly workload: number;
  /** Port of the side service, where one is there. */
  readonly sideService?: number;
  /** Members of `envoy`, as YAML. */
  readonly envoy: string;
}

const anHour = 3_600_000;

/** Starts Envoy with the chain, and its check, before a workload. */
export async function startHealWorld({ workload, sideService, envoy }: HealWorldOptions): Promise<HealWorld> {
  return await withFreePorts(4, async ([port = 0, authz = 0, ops = 0, http = 0]) => {
    const edge = await startEdge(`
origins: ["http://localhost:${port}"]
listen: {authz: "127.0.0.1:${authz}", http: "127.0.0.1:${sideService ?? http}", ops: "127.0.0.1:${ops}"}
keys: {env: KEYS}
store: {type: memory}
providers: {demo: {issuer: https://id.example.com, clientId: demo, clientSecret: {env: SECRET}}}
modes: {web: {mode: session, provider: demo}}
rules: [{use: web}]
envoy: {listen: "127.0.0.1:${port}", workload: "127.0.0.1:${workload}", accessLog: true, ${envoy}}
`);
    const check = await startScriptedCheck({ kind: 'tcp', host: '127.0.0.1', port: authz });
    const state = { refreshes: 0, obtainedAt: 0 };
    const token = () => `token-${state.refreshes}`;
    const answer = (request: HttpRequest): Forward => {
      const rejected = rejectedAttemptOf(request, epochMillisecondsOf(Date.now()));
      if (rejected !== undefined && state.obtainedAt < rejected.requestedAt) {
        Object.assign(state, { refreshes: state.refreshes + 1, obtainedAt: Date.now() });
      }
      // As the gateway: nothing of ours goes on to the workload.
      const removeHeaders = [...request.headers.keys()].filter((name) => name.startsWith('x-sallyport-'));
      return { ...allow, setHeaders: [['authorization', `Bearer ${token()}`]], removeHeaders };
    };
    const reset = () => {
      check.reset();
      check.answerWith(answer);
      Object.assign(state, { refreshes: 0, obtainedAt: Date.now() - anHour });
    };
    reset();
    return { port, host: `localhost:${port}`, check, edge, token, refreshes: () => state.refreshes, reset };
  });
}
