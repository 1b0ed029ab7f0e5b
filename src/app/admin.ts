import { systemClock } from '../adapters/system/clock.ts';
import { endSessions, findSessions, type SessionFilter } from '../flows/session-directory.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { type AdminServer, listenAdmin } from '../servers/admin/admin.ts';
import type { AdminOperations, ReloadAnswer } from '../servers/admin/operations.ts';
import { version } from './cli/version.ts';
import type { Config, ConfigError, Listener } from './config/config.ts';
import { explainRequest } from './explain.ts';
import { keyStatus } from './key-status.ts';
import { countKeyUses } from './key-uses.ts';
import type { Reloader } from './reload.ts';
import type { ReloadOutcome } from './reload-outcome.ts';
import type { Serving } from './serving.ts';
import { viewOfSession } from './session-view.ts';
import { keyRingOf } from './wire.ts';
import { requestOf } from './written-request.ts';

export interface AdminPorts {
  readonly serving: Serving;
  readonly telemetry: Telemetry;
  /** Undefined while the process starts. */
  readonly reloader: () => Reloader | undefined;
}

/** Listens for the admin API of what serves. Rejects when the address cannot be used. */
export function startAdmin({ address, tls }: Listener, ports: AdminPorts): Promise<AdminServer> {
  const { serving, telemetry } = ports;
  const token = () => {
    const { admin } = serving.current.config;
    if (admin === undefined) throw new Error('the configuration has an admin listener and no token');
    return admin.token;
  };
  return listenAdmin({ address, tls, token, operations: adminOperations(ports), telemetry });
}

function adminOperations({ serving, telemetry, reloader }: AdminPorts): AdminOperations {
  // A user's name is not logged: who ended whose sessions is between the operator and the user.
  const end = async (filter: SessionFilter): Promise<number> => {
    const count = await endSessions(filter, serving.current.application.sessions);
    telemetry.event('session_ended', { outcome: 'admin', by: filter.kind, count });
    return count;
  };
  return {
    async *sessions(query) {
      const { config, application } = serving.current;
      for await (const found of findSessions(query, application.sessions)) yield viewOfSession(found, config);
    },
    async session(name) {
      const { config, application } = serving.current;
      const { value: found } = await findSessions({ kind: 'name', name }, application.sessions).next();
      return found && viewOfSession(found, config);
    },
    endSessions: end,
    endSession: async (name) => (await end({ kind: 'name', name })) > 0,
    sealedInstances: () => sealedInstancesOf(serving.current.config),
    async explain(query) {
      const request = requestOf(query);
      if (request === undefined) throw new Error('the URL was not checked');
      return await explainRequest(request, serving.current);
    },
    async keys() {
      const { config, application } = serving.current;
      return keyStatus(keyRingOf(config), await countKeyUses(application.store), config.modes, systemClock.now());
    },
    config() {
      const { config, loadedAt, digest } = serving.current;
      const last = reloader()?.last;
      return {
        version: version(),
        file: config.file,
        digest,
        loaded_at: loadedAt.toISOString(),
        last_reload: last === undefined ? null : { at: last.at.toISOString(), outcome: last.outcome },
      };
    },
    async reload() {
      return answerOf((await reloader()?.reload('admin')) ?? { kind: 'failed' });
    },
  };
}

/** Instances that keep sessions in cookies: no store knows them. */
function sealedInstancesOf({ modes }: Config): readonly string[] {
  return [...modes.values()]
    .filter(({ definition, settings }) => definition.common(settings).state === 'sealed')
    .map(({ name }) => name);
}

function answerOf(outcome: ReloadOutcome): ReloadAnswer {
  const findings: readonly ConfigError[] = 'findings' in outcome ? outcome.findings : [];
  return { outcome: outcome.kind, findings };
}
