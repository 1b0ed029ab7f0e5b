import type { SessionView } from '../session-view.ts';
import { printable } from './report.ts';

/** One session, a line for each thing that is known of it. */
export function formatSession(session: SessionView): string {
  const { name, user, instance, provider, sid } = session;
  const rows: readonly (readonly [string, string])[] = [
    ['name', name],
    ['user', user.sub],
    ['email', user.email ?? '-'],
    ['called', user.name ?? '-'],
    ['groups', user.groups.join(', ') || '-'],
    ['instance', instance],
    ['provider', sid === null ? provider : `${provider} (sid ${sid})`],
    ['begun', timeText(session.created_at)],
    ['last used', timeText(session.last_seen_at)],
    ['ends', `${timeText(session.ends_at)} at the latest`],
  ];
  return rows.map(([label, value]) => `  ${label.padEnd(9)} ${printable(value)}\n`).join('');
}

/** Sessions as a table. */
export function formatSessions(sessions: readonly SessionView[]): string {
  if (sessions.length === 0) return 'no sessions\n';
  const rows = sessions.map(({ name, user, instance, last_seen_at: lastSeenAt, ends_at: endsAt }) =>
    [name, user.email ?? user.sub, instance, timeText(lastSeenAt), timeText(endsAt)].map(printable),
  );
  const table = [['NAME', 'USER', 'INSTANCE', 'LAST USED', 'ENDS'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** To the minute, in UTC: `2026-11-21 11:02Z`. */
function timeText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}
