import { z } from 'zod';

/** Rules cannot use an issuer: it protects nothing by itself. */
export const issuerRequirements = z.strictObject({}).readonly();
