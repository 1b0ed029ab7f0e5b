import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { describeStore } from './store.contract.ts';

describeStore('memory', async (clock) => createMemoryStore({ clock }));
