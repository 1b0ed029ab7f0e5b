import { get } from 'node:http';

/**
 * Resolves when an address answers 200; asks again until it does, without an end of its own.
 *
 * @param {number} port
 * @param {string} path
 * @param {string} host of the Host header
 * @returns {Promise<void>}
 */
export async function answers(port, path, host) {
  while (!(await answersNow(port, path, host))) await new Promise((resolve) => setTimeout(resolve, 20));
}

/**
 * @param {number} port
 * @param {string} path
 * @param {string} host
 * @returns {Promise<boolean>}
 */
function answersNow(port, path, host) {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path, headers: { host }, agent: false, timeout: 2000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
