import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const shells = new Set(['sh', 'dash', 'bash', 'zsh', 'ash', 'busybox']);

/**
 * Resolves when the npm that runs this script is gone: a killed npm tells its script nothing, and there may be
 * a shell between the two. Never resolves for a script that was started without npm.
 *
 * @returns {Promise<void>}
 */
export function npmDeath() {
  return new Promise((resolve) => {
    if (process.env.npm_lifecycle_event === undefined) return;
    const parent = process.ppid;
    const shell = parentOf(parent);
    const npm = shell !== undefined && shells.has(shell.name) ? shell.parent : undefined;
    const timer = setInterval(() => {
      const orphaned = process.ppid !== parent || (npm !== undefined && parentOf(parent)?.parent !== npm);
      if (!orphaned) return;
      clearInterval(timer);
      resolve();
    }, 500);
    timer.unref();
  });
}

/**
 * @param {number} pid
 * @returns {{ readonly name: string, readonly parent: number } | undefined} undefined when it is gone
 */
function parentOf(pid) {
  try {
    if (process.platform === 'linux') {
      const match = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      return match === null ? undefined : { name: match[1] ?? '', parent: Number(match[2]) };
    }
    const [parent = '', name = ''] = execFileSync('ps', ['-o', 'ppid=,ucomm=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
