import { AUDIT_CALLS } from '@watchword/contracts';
import { toAuditEntry } from '../domain/answers.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { Audit } from '../ports.ts';
import { bindCalls } from './bind-calls.ts';

export const auditRoutes = (audit: Pick<Audit, 'list'>) =>
  bindCalls(AUDIT_CALLS, {
    listAudit: ({ query, context: { project } }) =>
      answerPage(
        query,
        { of: ['audit', project, query.resource_id], by: 'number' },
        (after, limit) => audit.list(project, { resourceId: query.resource_id, after, limit }),
        toAuditEntry,
      ),
  });
