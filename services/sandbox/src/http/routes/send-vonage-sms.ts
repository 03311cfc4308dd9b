import type { FastifyInstance } from 'fastify';
import { vonageCarrier } from '../../wire/vonage.ts';
import { type CarrierRouteDeps, createCarrierRoute } from '../carrier-route.ts';

export function sendVonageSmsRoute(app: FastifyInstance, deps: Omit<CarrierRouteDeps, 'carrier'>): void {
  app.post('/sms/json', createCarrierRoute({ carrier: vonageCarrier, ...deps }));
}
