export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

export interface Stage {
  /** Its name, or its place where it has none. */
  readonly name: string;
  readonly base: string;
  /** Without FROM and ARG; build arguments are filled in with their defaults. */
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile in order, as `docker build .` without options reads them. */
export function stagesOf(dockerfile: string): readonly Stage[] {
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  const values = new Map<string, string>();
  for (const line of linesOf(dockerfile)) {
    const [word = '', ...others] = line.split(' ');
    const rest = others.join(' ').trim();
    const filled = rest.replace(/\$\{(\w+)\}/g, (_, name: string) => values.get(name) ?? '');
    if (word === 'ARG') {
      const [name = '', value = ''] = rest.split('=');
      values.set(name, value);
    } else if (word === 'FROM') {
      const [base = '', , name = `${stages.length}`] = filled.split(/\s+/);
      stages.push({ name, base, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ word, rest: filled });
    }
  }
  return stages;
}

/** Without comments, with continued lines joined. */
function linesOf(dockerfile: string): readonly string[] {
  const lines = dockerfile.split('\n').filter((line) => !line.startsWith('#'));
  const joined = lines.join('\n').replace(/\\\n\s*/g, '');
  return joined.split('\n').filter((line) => line.trim() !== '');
}
