import type { ExplainedRequest } from '../explain.ts';
import { printable, shortPath } from './report.ts';
import { formatSession } from './session-report.ts';

const decisions: Readonly<Record<ExplainedRequest['decision'], string>> = {
  forward: 'goes to the workload',
  anonymous: 'goes to the workload without an identity',
  own_page: 'answered by Sallyport itself',
  answered: 'answered by Sallyport itself',
  login: '302, to the login',
  unauthenticated: '401, log in first',
  unauthorized: '401, not logged in or not from the application',
  refuse: '403, not allowed',
  unknown_host: '403, the host is not configured',
  bad_request: '400, ambiguous',
  too_large: '431, too large',
  unavailable: '503, the store does not answer',
};

export interface ExplanationContext {
  readonly url: string;
  /** The configuration file; undefined when another machine has it. */
  readonly file: string | undefined;
  readonly notes: readonly string[];
}

/** An explanation for people. */
export function formatExplanation(explanation: ExplainedRequest, { url, file, notes }: ExplanationContext): string {
  const { method, decision, reason, rule, passed_over: passedOver, session } = explanation;
  const place = (line: number) => (file === undefined ? `line ${line}` : `${shortPath(file)}:${line}`);
  const ruleText = rule === null ? 'none' : `${rule.number} "${rule.name}" (${place(rule.line)}), use: ${rule.use}`;
  const rows: readonly (readonly [string, string])[] = [
    ['answer', decisions[decision]],
    ['rule', ruleText],
    ['reason', reason],
  ];
  const others = passedOver.map(({ number, name, line, unmet }) => {
    const why = unmet.map(({ condition, expected }) => `${conditionTexts[condition]} ${expected}`).join('; ');
    return `  ${number} "${name}" (${place(line)}): ${why}\n`;
  });
  const text = [
    `${method} ${url}\n\n`,
    ...rows.map(([name, value]) => `  ${name.padEnd(8)} ${value}\n`),
    `\n${explanation.explanation}\n`,
    ...(others.length === 0
      ? []
      : [`\n${rule === null ? 'No rule matches' : 'Rules before it that do not match'}:\n`, ...others]),
    ...(session === null ? [] : [`\nThe session of its cookie:\n${formatSession(session)}`]),
    ...notes.map((note) => `\n${note}\n`),
  ];
  return text.join('').split('\n').map(printable).join('\n');
}

const conditionTexts = {
  host: 'the host is not',
  method: 'the method is not',
  context: 'the context of Envoy’s route is not',
  path: 'the path is not',
} as const;
