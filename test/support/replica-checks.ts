import { scriptFetch } from './browser-headers.ts';
import { checkClient } from './check-client.ts';
import { checkMessage } from './check-request.ts';
import { sessionCookie, type World } from './world.ts';

/** Asks the check of one replica, past Envoy's choice between them. */
export interface ReplicaCheck {
  /** The HTTP status that a script with the cookie of this session id gets from Envoy; 200: it is let through. */
  ask(sessionId: string, path?: string): Promise<number>;
}

/** One for each replica of a world, which stays good when the replica is started again. */
export function replicaChecks(world: World): readonly ReplicaCheck[] {
  return world.configs.map((config) => {
    const client = checkClient(config['listen'].authz);
    return {
      async ask(sessionId, path = '/app') {
        const headers = new Map(Object.entries({ ...scriptFetch, cookie: `${sessionCookie}=${sessionId}` }));
        const answered = await client.check(checkMessage({ host: world.host, path, headers }));
        switch (answered.kind) {
          case 'allowed':
            return 200;
          case 'denied':
            return answered.httpStatus;
          case 'failed':
            throw new Error(`the check failed with gRPC status ${answered.code}`);
        }
      },
    };
  });
}
