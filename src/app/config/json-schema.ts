import { z } from 'zod';
import type { ModeDefinition } from '../../modes/mode.ts';
import { configSchema } from './schema/schema.ts';

/** A JSON schema or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schema 2020-12 of `sallyport.yaml` with these modes, for editors and for the documentation. */
export function configJsonSchema(modes: readonly ModeDefinition[]): JsonSchema {
  return {
    ...z.toJSONSchema(configSchema, {
      io: 'input',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema === configSchema.shape.modes.unwrap().valueType) {
          jsonSchema.anyOf = modes.map(instanceJsonSchema);
        }
        if (zodSchema === configSchema.shape.rules.element.shape.require.unwrap()) {
          jsonSchema.anyOf = modes.map(requirementsJsonSchema);
        }
      },
    }),
    title: 'sallyport.yaml',
  };
}

/** JSON schema of the settings of an instance, without the `mode` that selects it. */
function settingsJsonSchema(mode: ModeDefinition): z.core.JSONSchema.JSONSchema {
  return withoutDialect(z.toJSONSchema(mode.settings, { io: 'input' }));
}

function instanceJsonSchema(mode: ModeDefinition): z.core.JSONSchema.JSONSchema {
  const settings = settingsJsonSchema(mode);
  return {
    ...settings,
    title: mode.name,
    properties: { mode: { const: mode.name, description: 'The kind of protection.' }, ...settings.properties },
    required: ['mode', ...(settings.required ?? [])],
  };
}

function requirementsJsonSchema(mode: ModeDefinition): z.core.JSONSchema.JSONSchema {
  return { title: mode.name, ...withoutDialect(z.toJSONSchema(mode.requirements, { io: 'input' })) };
}

function withoutDialect(schema: z.core.JSONSchema.JSONSchema): z.core.JSONSchema.JSONSchema {
  const { $schema: _, ...rest } = schema;
  return rest;
}
