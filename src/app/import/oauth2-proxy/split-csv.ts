/** One line of comma separated values, with double quotes around those that hold commas, as list flags take them. */
export function splitCsv(text: string): readonly string[] {
  if (text === '') return [];
  const values: string[] = [];
  const field = /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gy;
  for (const [, quoted, plain = ''] of text.matchAll(field)) {
    values.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
  }
  return values;
}
