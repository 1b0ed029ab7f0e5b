import type { KeyStatus, KeyView, UnknownKeyView } from '../key-status.ts';
import { printable } from './report.ts';
import { formatTable } from './table.ts';

/** The keys of a ring as a table; below it a line for each that does not seal. */
export function formatKeyStatus({ keys, unknown_keys: unknown }: KeyStatus): string {
  const rows = keys.map((key) => [
    ...[key.id, minute(key.created_at), key.role],
    ...[key.sessions.needed, key.sessions.named, key.sessions.sealed, key.documents.sealed].map(String),
  ]);
  const table = formatTable([
    ['KEY', 'CREATED', 'ROLE', 'SESSIONS', 'NAMED', 'SEALED', 'ISSUER'],
    ...rows.map((row) => row.map(printable)),
  ]);
  const lines = [...keys.filter(({ role }) => role !== 'seals').map(keyLine), ...unknown.map(unknownLine)];
  return lines.length === 0 ? table : `${table}\n${lines.join('')}`;
}

/** Whether a key can go, or when. */
export function keyLine(key: KeyView): string {
  const id = printable(key.id);
  if (key.role === 'seals') return `${id} seals: it stays\n`;
  if (key.can_go) return key.role === 'standby' ? `${id} waits to be promoted\n` : `${id} can go now\n`;
  const needs = [...countsOf(key), ...key.browsers.map(({ what }) => what)].map(printable).join(' and ');
  const when =
    key.can_go_after === null
      ? `cannot go: ${needs} have no end`
      : `can go after ${minuteAfter(key.can_go_after)}, when ${needs} have ended`;
  // What browsers hold is known by the clock alone.
  const condition =
    key.browsers.length === 0 || key.sealed_until === null
      ? ''
      : `, if every replica seals with another key since ${minuteAfter(key.sealed_until)}`;
  return `${id} ${when}${condition}\n`;
}

function unknownLine(key: UnknownKeyView): string {
  return `${printable(key.id)} is not in this ring, and ${countsOf(key).join(' and ')} need it: they count for nothing here\n`;
}

function countsOf({ sessions, documents }: UnknownKeyView): readonly string[] {
  return [
    ...(sessions.needed === 0 ? [] : [counted(sessions.needed, 'session')]),
    ...(documents.sealed === 0 ? [] : [counted(documents.sealed, 'issuer record')]),
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** To the minute, in UTC: `2026-11-21 11:02Z`. */
function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}

/** The first full minute that is not before. */
function minuteAfter(iso: string): string {
  return minute(new Date(Math.ceil(Date.parse(iso) / 60_000) * 60_000).toISOString());
}
