import { z } from 'zod';
import type { ManagedCall } from '../managed-call.ts';
import { pageOf, pageQuerySchema, timestampSchema } from './paging.ts';

export const auditEntrySchema = z
  .object({
    id: z.string(),
    at: timestampSchema,
    actor: z.string().describe('Id of the key or the user; `root` for the root key'),
    action: z.string().describe('E.g. `policy.change`'),
    resource: z.string(),
    resource_id: z.string(),
    before: z.unknown().describe('Without secrets; null when there was nothing'),
    after: z.unknown().describe('Without secrets; null when there is nothing left'),
    request_id: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditQuerySchema = pageQuerySchema.extend({
  resource_id: z.string().min(1).max(64).optional().describe('Changes of this resource only'),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;
export const auditPageSchema = pageOf('AuditPage', auditEntrySchema);

export const AUDIT_CALLS = [
  {
    operationId: 'listAudit',
    summary: 'See who changed what, latest first',
    tag: 'Audit',
    scope: 'config:read',
    method: 'GET',
    path: '/v1/audit',
    query: auditQuerySchema,
    status: 200,
    answer: auditPageSchema,
    errors: [],
  },
] as const satisfies readonly ManagedCall[];
