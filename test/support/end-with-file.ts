import { afterAll } from 'vitest';
import { endEverything } from './ends.ts';

// A vitest set-up file: runs in each test file's own worker.
afterAll(endEverything, 30_000);
