import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { createMemoryDocuments } from './documents.ts';
import { createMemoryOnce } from './once.ts';
import { createMemoryChanges } from './session-changes.ts';
import { createMemoryIndex } from './session-index.ts';
import { createMemorySessions } from './sessions.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Past it a creation throws StoreUnavailableError: nobody's session is ended to make room. 100,000 when absent. */
  readonly maxSessions?: number | undefined;
}

// Markers are small, live for minutes, and whoever can open the login page can make them: enough for 500 logins a
// second. Documents only exist in issuer mode, several for each session.
const maxMarkers = 500_000;
const maxDocuments = 500_000;

/** The store of one process: everything ends with it. For the demo, for tests, and for a single replica. */
export function createMemoryStore({ clock, maxSessions = 100_000 }: MemoryStoreOptions): Store {
  const changes = createMemoryChanges();
  return {
    sessions: createMemorySessions(clock, maxSessions, changes),
    changes,
    // A session is in a few groups, by its user and by the provider's session; groups outlive sessions that end early.
    index: createMemoryIndex(clock, 5 * maxSessions),
    once: createMemoryOnce(clock, maxMarkers),
    documents: createMemoryDocuments(clock, maxDocuments),
    async isReachable() {
      return true;
    },
    async close() {},
  };
}
