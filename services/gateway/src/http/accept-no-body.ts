import type { FastifyRequest } from 'fastify';

/** For calls whose fields are all optional: no body at all means `{}`. */
export async function acceptNoBody(request: FastifyRequest): Promise<void> {
  if (request.body !== undefined && request.body !== null) return;
  if (request.bodyText !== '') return;
  request.body = {};
  request.bodyText = '{}';
}
