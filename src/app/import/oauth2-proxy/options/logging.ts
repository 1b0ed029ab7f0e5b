import { none, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

const oneFormat = none('logs are JSON lines of one form; select and rename fields where they are collected');
const standardOutput = none('logs go to the standard output; let the system that runs the process keep them');

export const loggingOptions: readonly Option[] = [
  {
    flag: 'auth-logging',
    kind: 'boolean',
    standard: 'true',
    outcome: unneeded('logins, logouts and refusals are logged as events; log.level can leave them out'),
  },
  { flag: 'auth-logging-format', kind: 'text', outcome: oneFormat },
  { flag: 'errors-to-info-log', kind: 'boolean', outcome: unneeded('everything goes to the standard output') },
  {
    flag: 'exclude-logging-path',
    kind: 'list',
    outcome: none('requests are in the access log of Envoy (envoy.accessLog); filter there'),
  },
  { flag: 'logging-compress', kind: 'boolean', outcome: standardOutput },
  { flag: 'logging-filename', kind: 'text', outcome: standardOutput },
  { flag: 'logging-local-time', kind: 'boolean', standard: 'true', outcome: unneeded('times in logs are UTC') },
  { flag: 'logging-max-age', kind: 'number', standard: '7', outcome: standardOutput },
  { flag: 'logging-max-backups', kind: 'number', outcome: standardOutput },
  { flag: 'logging-max-size', kind: 'number', standard: '100', outcome: standardOutput },
  {
    flag: 'request-id-header',
    kind: 'text',
    standard: 'X-Request-Id',
    outcome: unneeded('Envoy makes and forwards X-Request-Id; its access log and errors of Sallyport name it'),
  },
  {
    flag: 'request-logging',
    kind: 'boolean',
    standard: 'true',
    outcome: none('requests are in the access log of Envoy: envoy.accessLog: true'),
  },
  { flag: 'request-logging-format', kind: 'text', outcome: oneFormat },
  {
    flag: 'silence-ping-logging',
    kind: 'boolean',
    outcome: unneeded('requests to the health paths are not logged'),
  },
  { flag: 'standard-logging', kind: 'boolean', standard: 'true', outcome: unneeded('log.level takes its place') },
  { flag: 'standard-logging-format', kind: 'text', outcome: oneFormat },
];
