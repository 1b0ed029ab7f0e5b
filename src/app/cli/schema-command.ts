import { modes } from '../../modes/index.ts';
import { configJsonSchema } from '../config/json-schema.ts';
import { configReference } from '../config/reference.ts';
import { exitCodes, type Terminal } from './terminal.ts';

/** `sallyport schema`. */
export function schemaCommand(format: string, terminal: Terminal): number {
  const text =
    format === 'markdown' ? configReference(modes) : `${JSON.stringify(configJsonSchema(modes), undefined, 2)}\n`;
  terminal.out(text);
  return exitCodes.ok;
}
