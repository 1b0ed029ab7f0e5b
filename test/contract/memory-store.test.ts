import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { describeStore, standingClock } from './store.contract.ts';

describeStore('memory', async () => {
  const clock = standingClock();
  return { store: createMemoryStore({ clock }), clock };
});
