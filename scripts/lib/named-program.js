import { SetUpError } from './project.js';
import { isExecutable } from './run.js';

/** Variables by which the person at the keyboard names a program of their own. */
export const overrides = { envoy: 'ENVOY_BIN', redis: 'REDIS_BIN', chromium: 'CHROMIUM_BIN' };

/**
 * The program that the environment names for a tool.
 *
 * @param {keyof typeof overrides} tool
 * @returns {string | undefined} its path; undefined when none is named
 */
export function namedProgram(tool) {
  const variable = overrides[tool];
  const path = process.env[variable];
  if (path === undefined || path === '') return undefined;
  if (!isExecutable(path)) throw new SetUpError(`there is no program at ${path}: see ${variable}`);
  return path;
}
