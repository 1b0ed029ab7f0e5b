/** Variables of a file with `NAME=value` lines, as `docker run --env-file` and systemd read it. */
export function parseEnvironmentFile(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:#|;|$)/.test(line));
  return new Map(
    lines.flatMap((line) => {
      const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, unquote(value.trim())] as const];
    }),
  );
}

function unquote(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/s.exec(value) ?? [];
  return inner ?? value;
}
