import type { SessionView } from '../session-view.ts';
import { printable } from './report.ts';
import { formatTable } from './table.ts';

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
  return formatTable([['NAME', 'USER', 'INSTANCE', 'LAST USED', 'ENDS'], ...rows]);
}

/** To the minute, in UTC: `2026-11-21 11:02Z`. */
function timeText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}
