/** The element with this id. Throws when the page has none of this kind. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

export type Row = readonly [name: string, value: string];

/** Puts a table into an element, in place of what was there. Texts stay texts: nothing is read as markup. */
export function showTable(place: HTMLElement, rows: readonly Row[], caption?: string): void {
  const table = document.createElement('table');
  if (caption !== undefined) table.createCaption().textContent = caption;
  const body = table.createTBody();
  for (const [name, value] of rows) {
    const row = body.insertRow();
    const header = document.createElement('th');
    header.scope = 'row';
    header.textContent = name;
    const code = document.createElement('code');
    code.textContent = value;
    row.append(header);
    row.insertCell().append(code);
  }
  place.replaceChildren(table);
}

/** Members of a JSON object as rows; what is no text as JSON. */
export function rowsOf(object: Readonly<Record<string, unknown>>): readonly Row[] {
  return Object.entries(object).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

/** `14:05:00, in 12 min`. `seconds`: since 1970. */
export function momentText(seconds: number, now: number): string {
  const left = Math.round(seconds - now);
  const time = new Date(seconds * 1000).toLocaleTimeString('en-GB');
  if (left <= 0) return `${time}, over`;
  return `${time}, in ${left < 120 ? `${left} s` : left < 7200 ? `${Math.round(left / 60)} min` : `${Math.round(left / 3600)} h`}`;
}
