import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './tools.ts';

let guard: ReturnType<typeof startGuard> | undefined;

/** Has a process ended when this one dies without ending it (a crashed or killed test worker). */
export function guardProcess(pid: number): () => void {
  guard ??= startGuard();
  const { stdin } = guard;
  stdin.write(`+ ${pid}\n`);
  return () => stdin.write(`- ${pid}\n`);
}

function startGuard() {
  const child = spawn('sh', [join(root, 'scripts/lib/guard.sh')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  // A pipe is a socket here; it alone must not keep the worker alive.
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
