/**
 * Cost of the check without a transport: decode, a trivial authorize, guard, encode.
 * `node bench/micro-check.ts` prints microseconds and operations per second for one core.
 */

import { createTelemetry } from '../src/adapters/telemetry/telemetry.ts';
import { secondsOf } from '../src/core/time.ts';
import type { Verdict } from '../src/core/verdict.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { createCheck } from '../src/servers/ext-authz/check.ts';
import { withDeadline } from '../src/servers/ext-authz/deadline.ts';
import { createResponseEncoder } from '../src/servers/ext-authz/response-encoder.ts';
import { flawOf } from '../src/servers/ext-authz/response-guard.ts';
import { toCheckResponse } from '../src/servers/ext-authz/to-check-response.ts';
import { toHttpRequest } from '../src/servers/ext-authz/to-http-request.ts';
import { checkMessage } from '../test/support/check-request.ts';
import { renderer } from '../test/support/rendered.ts';

const sessionId = `k1.${'A'.repeat(43)}`;
const path = '/app/orders?x=1';
const browserHeaders: readonly (readonly [string, string])[] = [
  [':authority', 'app.example.com'],
  [':path', path],
  [':method', 'GET'],
  [':scheme', 'https'],
  ['sec-ch-ua', '"Chromium";v="140", "Not;A=Brand";v="24"'],
  ['sec-ch-ua-mobile', '?0'],
  ['sec-ch-ua-platform', '"Linux"'],
  ['upgrade-insecure-requests', '1'],
  [
    'user-agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  ],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['sec-fetch-site', 'same-origin'],
  ['sec-fetch-mode', 'navigate'],
  ['sec-fetch-user', '?1'],
  ['sec-fetch-dest', 'document'],
  ['referer', 'https://app.example.com/app/'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['accept-language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['cookie', `theme=dark; __Host-sallyport=${sessionId}; _ga=GA1.1.1234567890.1700000000`],
  ['priority', 'u=0, i'],
  ['x-forwarded-for', '192.0.2.7'],
  ['x-forwarded-proto', 'https'],
  ['x-request-id', '7d9f2c1e-4a54-4a3c-9a55-2f5f0f6f7a11'],
];

const verdict: Verdict = {
  kind: 'forward',
  setHeaders: [
    ['authorization', `Bearer ${'t'.repeat(900)}`],
    ['x-auth-request-user', 'alice'],
    ['x-auth-request-email', 'alice@example.com'],
    ['x-auth-request-name', 'Alice Adams'],
    ['cookie', 'theme=dark; _ga=GA1.1.1234567890.1700000000'],
  ],
  removeHeaders: ['x-auth-request-groups', 'proxy-authorization'],
  responseHeadersIfAbsent: [['cache-control', 'private']],
};

const rounds = 100_000;

async function measure(name: string, work: () => unknown): Promise<void> {
  for (let index = 0; index < rounds / 2; index += 1) await work();
  const cpuBefore = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  for (let index = 0; index < rounds; index += 1) await work();
  const wall = Number(process.hrtime.bigint() - startedAt) / 1000 / rounds;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMicroseconds = (cpu.user + cpu.system) / rounds;
  console.log(
    `${name.padEnd(44)} ${wall.toFixed(2).padStart(7)} µs  ${cpuMicroseconds.toFixed(2).padStart(7)} CPU-µs  ${Math.round(
      1e6 / wall,
    )
      .toString()
      .padStart(8)} /s`,
  );
}

const silent: Telemetry = { event: () => {}, problem: () => {}, check: () => {} };
const telemetry = createTelemetry({ level: 'info', serviceName: 'micro-check' });
const now = () => performance.now() / 1000;
const authorize = async () => verdict;
const options = { authorize, renderer, now, deadline: secondsOf(1.8) };
const check = createCheck({ ...options, telemetry });
const checkSilent = createCheck({ ...options, telemetry: silent });
const raw = checkMessage({ path, rawHeaders: browserHeaders });
const joined = checkMessage({ path, headers: new Map(browserHeaders) });
const encode = createResponseEncoder();
const response = toCheckResponse(verdict);

console.log(`CheckRequest of ${raw.length} bytes with ${browserHeaders.length} headers, Node ${process.version}`);
await measure('(empty loop)', () => undefined);
await measure('decode, header_map', () => toHttpRequest(raw));
await measure('decode, joined headers', () => toHttpRequest(joined));
await measure('verdict to response', () => toCheckResponse(verdict));
await measure('guard', () => flawOf(response));
await measure('encode', () => encode(response));
await measure('deadline', () => withDeadline(authorize(), options.deadline));
await measure('telemetry.check', () => telemetry.check('forward', 0.0004));
await measure('whole check, header_map, no telemetry', () => checkSilent(raw));
await measure('whole check, header_map', () => check(raw));
await measure('whole check, joined headers', () => check(joined));
