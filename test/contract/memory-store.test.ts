import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { describeChanges } from './changes.contract.ts';
import { describeClaims } from './claims.contract.ts';
import { describeStore } from './store.contract.ts';

describeStore('memory', async (clock) => createMemoryStore({ clock }));
describeClaims('memory', async (clock) => createMemoryStore({ clock }));
describeChanges('memory', async (clock) => {
  const store = createMemoryStore({ clock });
  return { store, other: store };
});
