import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './project.js';

/** After this, a child that was asked to end is ended. */
const patienceMs = 4000;

/**
 * @typedef {object} Child
 * @property {string} name
 * @property {Promise<string>} ended resolves to how it ended, when it did
 */

/**
 * Programs that live and die together. Each is a process group of its own, so that Ctrl-C reaches only us and
 * they end in order; a guard process ends them when we are killed.
 *
 * @param {string} logFolder absolute; receives one file for each child
 */
export function createChildren(logFolder) {
  const guard = spawn('sh', [join(root, 'scripts', 'lib', 'guard.sh')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // A guard that is gone must not take us with it.
  guard.stdin.on('error', () => undefined);
  guard.unref();
  /** @type {Map<number, Promise<string>>} */
  const living = new Map();

  return {
    /**
     * @param {string} name
     * @param {string} command
     * @param {readonly string[]} args
     * @returns {Child}
     */
    start(name, command, args) {
      const log = openSync(logOf(name), 'w', 0o600);
      const child = spawn(command, args, { cwd: root, detached: true, stdio: ['ignore', log, log] });
      closeSync(log);
      const { pid } = child;
      /** @type {Promise<string>} */
      const ended = new Promise((resolve) => {
        child.on('error', (error) => resolve(`${basename(command)} did not start: ${error.message}`));
        child.on('exit', (code, signal) => resolve(`${name} ended (${signal ?? `exit code ${code}`})`));
      });
      if (pid !== undefined) {
        living.set(pid, ended);
        guard.stdin.write(`+ ${pid}\n`);
        void ended.then(() => {
          living.delete(pid);
          guard.stdin.write(`- ${pid}\n`);
        });
      }
      return { name, ended };
    },

    /**
     * What a child wrote last.
     *
     * @param {string} name
     */
    logTail(name) {
      return readFileSync(logOf(name), 'utf8').trimEnd().split('\n').slice(-12).join('\n');
    },

    /** Asks all that are left to end, waits, and ends those that did not. */
    async endAll() {
      const all = [...living];
      // As Ctrl-C does: after SIGTERM a Sallyport waits for its load balancers.
      for (const [pid] of all) signal(pid, 'SIGINT');
      const late = setTimeout(() => {
        for (const [pid] of living) signal(pid, 'SIGKILL');
      }, patienceMs);
      await Promise.all(all.map(([, ended]) => ended));
      clearTimeout(late);
      guard.stdin.end();
    },
  };

  /** @param {string} name */
  function logOf(name) {
    return join(logFolder, `${name}.log`);
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in this moment.
  }
}
