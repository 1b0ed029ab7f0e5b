import { errorAt, type Finding } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** Refuses plain HTTP where nobody allowed it. */
export function checkProviders({ providers }: Sections): readonly Finding[] {
  return [...providers].flatMap(([name, { issuer, backChannelUrl, allowHttp }]) => {
    if (allowHttp) return [];
    const suggestion = 'use https; for development only, set allowHttp: true';
    const findings: Finding[] = [];
    if (isPlainHttp(issuer))
      findings.push(errorAt(['providers', name, 'issuer'], 'expected an https URL; found http', suggestion));
    if (backChannelUrl !== undefined && isPlainHttp(backChannelUrl)) {
      findings.push(errorAt(['providers', name, 'backChannelUrl'], 'expected an https URL; found http', suggestion));
    }
    return findings;
  });
}

function isPlainHttp(url: string): boolean {
  return new URL(url).protocol === 'http:';
}
