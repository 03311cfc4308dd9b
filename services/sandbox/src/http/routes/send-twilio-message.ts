import type { FastifyInstance } from 'fastify';
import { twilioCarrier } from '../../wire/twilio.ts';
import { type CarrierRouteDeps, createCarrierRoute } from '../carrier-route.ts';

export function sendTwilioMessageRoute(app: FastifyInstance, deps: Omit<CarrierRouteDeps, 'carrier'>): void {
  app.post('/2010-04-01/Accounts/:account/Messages.json', createCarrierRoute({ carrier: twilioCarrier, ...deps }));
}
